"""When each check passed last, and how the stack was configured then: kept in the folder `passed` of the state folder.

A configuration is a file that is named after its content, so twenty runs without a change keep one. A file that no
check refers to is removed, and so is all but the newest MOST.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.model import Kept, Part

FOLDER = "passed"
KEY = "key"  # of the marks that stand for secrets; only its owner may read it
KEY_BYTES = 32
CHECKS = "checks.json"
MOST = 20  # configurations


@dataclass(frozen=True, slots=True)
class Pass:
    """The last time (seconds since the epoch) that a check passed, and the name of the configuration then, or ""."""

    at: float
    configuration: str


class Store:
    """The folder `passed`. What cannot be read there counts as not kept: it is never worth a crash."""

    def __init__(self, state: Path) -> None:
        self.folder = state / FOLDER

    def key(self) -> bytes:
        """The key of the marks; a new one makes what was kept with another one useless."""
        path = self.folder / KEY
        found = path.read_bytes() if path.is_file() else b""
        if len(found) != KEY_BYTES:
            shutil.rmtree(self.folder, ignore_errors=True)
            found = secrets.token_bytes(KEY_BYTES)
            self.write(KEY, found)
        return found

    def passes(self) -> dict[str, Pass]:
        try:
            raw = json.loads((self.folder / CHECKS).read_text(encoding="utf-8"))
            return {str(name): Pass(float(at), str(kept)) for name, (at, kept) in raw.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def configuration(self, name: str) -> tuple[Kept, ...] | None:
        if not name:
            return None
        try:
            raw = json.loads(self._path(name).read_text(encoding="utf-8"))
            return tuple(Kept(Part(part), str(service), str(title), str(text)) for part, service, title, text in raw)
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, passed: Iterable[str], at: float, now: tuple[Kept, ...]) -> None:
        """Notes that checks passed at a time and under a configuration; () when that is not known."""
        names = tuple(passed)
        if not names:
            return
        text = json.dumps([[kept.part, kept.service, kept.name, kept.text] for kept in now], ensure_ascii=False)
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if now else ""
        passes = _bounded(self.passes() | dict.fromkeys(names, Pass(at, name)))
        if name and not self._path(name).is_file():
            self.write(self._path(name).name, text.encode("utf-8", "replace"))
        rows = {check: (found.at, found.configuration) for check, found in sorted(passes.items())}
        self.write(CHECKS, json.dumps(rows, indent=1).encode())
        self._prune({found.configuration for found in passes.values()})

    def write(self, name: str, data: bytes) -> None:
        """Writes a file that only its owner can read, whole or not at all."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f"{name}.draft"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        draft.replace(self.folder / name)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.configuration.json"

    def _prune(self, needed: set[str]) -> None:
        for path in self.folder.glob("*.configuration.json"):
            if path.name.partition(".")[0] not in needed:
                path.unlink(missing_ok=True)


def _bounded(passes: dict[str, Pass]) -> dict[str, Pass]:
    """`passes`, of which only those of the newest MOST configurations still name theirs."""
    latest: dict[str, float] = {}
    for found in passes.values():
        latest[found.configuration] = max(found.at, latest.get(found.configuration, 0.0))
    newest = set(sorted(latest, key=lambda name: latest[name], reverse=True)[:MOST])
    return {check: found if found.configuration in newest else Pass(found.at, "") for check, found in passes.items()}
