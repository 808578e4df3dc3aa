"""The journal of open disturbances: written before the stack is disturbed, so that a killed grader can be mended."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from grader.stacks.dealings import Undo


class InUse(Exception):
    """Another grader is at work on the same stack."""


class Journal:
    """A file with one open Undo a line, newest last; no file when nothing is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def open_entries(self) -> tuple[Undo, ...]:
        """What is still to be undone. A line that was cut in the middle of writing was never acted upon."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        entries = []
        for line in text.splitlines():
            try:
                raw = json.loads(line)
            except json.JSONDecodeError:
                continue
            entries.append(Undo(raw["action"], raw["service"], raw["name"], tuple(raw["numbers"]), tuple(raw["words"])))
        return tuple(entries)

    @contextmanager
    def alone(self, seconds: float = 0.0) -> Iterator[None]:
        """Keeps every other grader from this stack while the block runs; InUse when one still has it after `seconds`.

        The lock ends with whoever holds it, however that ends.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + seconds
        with self.path.with_suffix(".lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise InUse from None
                    time.sleep(0.1)
            yield

    def add(self, undo: Undo) -> None:
        with self._lock:
            self._write((*self.open_entries(), undo))

    def strike(self, undo: Undo) -> None:
        with self._lock:
            self._write(tuple(entry for entry in self.open_entries() if entry != undo))

    @contextmanager
    def holding(self, undo: Undo, carry_out: Callable[[Undo], None]) -> Iterator[None]:
        """Keeps `undo` in the journal while the block runs; carries it out and strikes it when the block ends."""
        self.add(undo)
        try:
            yield
        finally:
            carry_out(undo)
            self.strike(undo)

    def _write(self, entries: tuple[Undo, ...]) -> None:
        if not entries:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(entry)) + "\n" for entry in entries)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
