"""What a learner has passed and when: a history of runs in the workspace's .grader/, read by `status` and `hint`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.model import Outcome, Report

HISTORY = "history.jsonl"
HINTS = "hints.json"
KEPT = 200  # runs


@dataclass(frozen=True, slots=True)
class PastRun:
    """One earlier run: when (ISO 8601, UTC), how long, what passed, failed and was left open."""

    started: str
    seconds: float
    complete: bool
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    open: tuple[str, ...]


def remember(folder: Path, report: Report) -> None:
    """Appends a run to the history; the oldest go when there are more than KEPT."""
    folder.mkdir(parents=True, exist_ok=True)
    run = {
        "started": datetime.fromtimestamp(report.started, UTC).isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 1),
        "complete": report.complete,
        "passed": [r.check.id for r in report.results if r.outcome is Outcome.PASS],
        "failed": [r.check.id for r in report.results if r.outcome is Outcome.FAIL],
        "open": [r.check.id for r in report.results if r.outcome in (Outcome.SKIP, Outcome.UNKNOWN)],
    }
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines()[-(KEPT - 1) :] if path.is_file() else []
    draft = path.with_suffix(".draft")
    draft.write_text("\n".join([*lines, json.dumps(run)]) + "\n", encoding="utf-8")
    draft.replace(path)


def history(folder: Path) -> tuple[PastRun, ...]:
    """Earlier runs, oldest first. A line that cannot be read is passed over: history is never worth a crash."""
    path = folder / HISTORY
    if not path.is_file():
        return ()
    runs: list[PastRun] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            raw = json.loads(line)
            runs.append(
                PastRun(
                    str(raw["started"]),
                    float(raw["seconds"]),
                    bool(raw["complete"]),
                    tuple(raw["passed"]),
                    tuple(raw["failed"]),
                    tuple(raw["open"]),
                )
            )
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(runs)


def last_known(runs: Iterable[PastRun]) -> dict[str, bool]:
    """Whether each check held when it was last judged."""
    found: dict[str, bool] = {}
    for run in runs:
        found |= dict.fromkeys(run.passed, True) | dict.fromkeys(run.failed, False)
    return found


def next_hint(folder: Path, key: str, levels: int) -> int:
    """The level (0, 1, …) of the hint to give now for a step; asking again gives the next one, up to the last."""
    path = folder / HINTS
    try:
        given = dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
    except (ValueError, TypeError):
        given = {}
    level = min(int(given.get(key, -1)) + 1, levels - 1)
    given[key] = level
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(given) + "\n", encoding="utf-8")
    return level
