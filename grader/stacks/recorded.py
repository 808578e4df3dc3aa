"""A run as it was recorded (`grader record`), so that it can be judged again without a stack and without Docker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from grader.model import Probe, Reason, Role, Verdict
from grader.stacks.base import CouldNotLook, NotApplicable, Opening, Settings
from grader.stacks.codec import CONVERTER, RECORDING, decode
from grader.stacks.dealings import Undo
from grader.stacks.values import ServiceFacts

E = TypeVar("E")


def open_stack(opening: Opening) -> RecordedStack:
    """`recorded://PATH`: a file that `grader record` wrote."""
    path = Path(opening.url.partition("://")[2])
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != RECORDING:
            raise ValueError(f"schema {data['schema']}, this grader reads {RECORDING}")
        return RecordedStack(opening.url, data, opening.settings)
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        raise CouldNotLook(Reason.UNREACHABLE, f"{path}: not a recording: {trouble}", hint="grader record") from trouble


class RecordedStack:
    """Answers probes from a recording. What was not recorded, and every disturbance, is UNKNOWN."""

    workspace: Path | None = None
    disturbed = False

    def __init__(self, url: str, data: dict[str, Any], settings: Settings) -> None:
        self.url = url
        self.project = str(data["project"])
        self.settings = settings
        self._services = tuple(CONVERTER.structure(raw, ServiceFacts) for raw in data["services"])
        self._roles = tuple(CONVERTER.structure(raw, Role) for raw in data["roles"])
        self._answers: dict[str, Any] = data["answers"]

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return self._services

    def roles(self) -> tuple[Role, ...]:
        return self._roles

    def ask(self, probe: Probe[E]) -> E:
        answer = self._answers.get(repr(probe))
        if answer is None:
            raise CouldNotLook(Reason.UNREACHABLE, f"the recording has no answer to {type(probe).__name__}")
        if "verdict" in answer:
            verdict = CONVERTER.structure(answer["verdict"], Verdict)
            if verdict.reason is Reason.NOT_APPLICABLE:
                raise NotApplicable(verdict.because)
            raise CouldNotLook(verdict.reason or Reason.GRADER_BUG, verdict.because, verdict.hint)
        evidence: E = decode(answer["evidence"])
        return evidence

    def forget(self) -> None:
        """Nothing changes in a recording."""

    def restore(self) -> None:
        """Nothing was disturbed."""

    def repair(self) -> tuple[Undo, ...]:
        return ()

    def close(self) -> None:
        """Nothing is open."""

    def __getattr__(self, name: str) -> NoReturn:
        raise CouldNotLook(Reason.UNREACHABLE, f"a recording cannot be asked for more than was recorded ({name})")
