"""What was run on real stacks, in a file that a page of the site is made of: one line a run, with versions and date."""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.stacks.machine import versions


@dataclass(frozen=True, slots=True)
class Runs:
    """A file of runs, of all sessions so far. Several processes may write into it."""

    path: Path

    def entries(self) -> list[dict[str, Any]]:
        return list(json.loads(self.path.read_text(encoding="utf-8"))) if self.path.is_file() else []

    def count(self, key: str) -> Counter[str]:
        """How many runs there are of each value of `key`."""
        return Counter(str(entry[key]) for entry in self.entries())

    def add(self, entry: dict[str, Any]) -> None:
        """Writes a run down at once: a session that is ended loses nothing."""
        with self._locked():
            self._write([*self.entries(), _dated(entry)])

    def put(self, key: str, entry: dict[str, Any]) -> None:
        """Writes a run down in the place of the one with the same `key`."""
        with self._locked():
            others = [one for one in self.entries() if one[key] != entry[key]]
            self._write(sorted([*others, _dated(entry)], key=lambda one: str(one[key])))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Waits until nobody else, in another process or in this one, is between reading and writing."""
        folder = os.open(self.path.parent, os.O_RDONLY)  # the lock: no file of its own is left behind
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _write(self, entries: list[dict[str, Any]]) -> None:
        lines = [json.dumps(one, sort_keys=True) for one in entries]
        draft = self.path.with_suffix(".draft")
        draft.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        draft.replace(self.path)


def _dated(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "day": datetime.now(UTC).date().isoformat(), "versions": versions()}
