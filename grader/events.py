"""Tells whoever listens how a run of `grader check` goes: one file of JSON lines a run, in the user's own state folder.

Nobody has to listen, and nothing here may disturb a run: what cannot be written is left unsaid. While a run goes on it
holds a lock on its file, so that a reader can tell a run that was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.text import clean

KEPT = 20  # files, each of one run
ENDING = ".jsonl"
BEGAN, RESULT, ENDED, STOPPED, REFUSED = "began", "result", "ended", "stopped", "refused"
CLOSING = (ENDED, STOPPED, REFUSED)  # the last line of a run


def folder() -> Path:
    """Where the runs of this user tell how they go."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "grader" / "runs"


class Telling:
    """One run, told. `lab` is its id, `workspace` its folder ("" for none), `url` how the stack is reached.

    Where it is not to be `heard`, nothing is written.
    """

    def __init__(self, lab: str, workspace: str, url: str, *, heard: bool = True) -> None:
        self._about = {"lab": lab, "workspace": workspace, "url": url}
        self._heard = heard
        self._file: int | None = None  # its descriptor
        self._began = False

    def began(self, stack: str, asked: Iterable[str]) -> None:
        self._began = True
        self._say(BEGAN, {**self._about, "stack": clean(stack), "asked": list(asked)})

    def result(self, result: dict[str, Any]) -> None:
        """`result` has the form that it has in a report."""
        self._say(RESULT, {"result": result})

    def ended(self, report: dict[str, Any]) -> None:
        self._say(ENDED, {"report": report})
        self._close()

    def gave_up(self, why: str, hint: str = "") -> None:
        """The run did not come to its end, or could not begin."""
        word = STOPPED if self._began else REFUSED
        self._say(word, {**self._about, "why": clean(why, 1000), "hint": clean(hint, 400)})
        self._close()

    def _say(self, event: str, more: dict[str, Any]) -> None:
        if not self._heard:
            return
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: a user without a home
            if self._file is None:
                self._file = _open(folder())
            line = json.dumps({"event": event, "at": round(time.time(), 3), **more}) + "\n"
            os.write(self._file, line.encode())

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None


def _open(where: Path) -> int:
    """A new file, locked; the oldest go when there are more than KEPT."""
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in sorted(where.glob("*" + ENDING))[: -(KEPT - 1)]:
        old.unlink(missing_ok=True)
    path = where / f"{time.time_ns()}-{os.getpid()}{ENDING}"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    with contextlib.suppress(OSError):  # a file system without locks: such a run only cannot be seen to be killed
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def goes_on(path: Path) -> bool:
    """Whether the run that writes this file still lives."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
