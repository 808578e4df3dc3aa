"""Checks that a button starts: `grader check` in a workspace, as in a terminal, one at a time there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from grader.checking import ENDING

COMMAND = (sys.executable, "-m", "grader", "--no-color", "check")
END_OF_OUTPUT = 2000  # bytes that are kept of what a check prints
TOLD = (0, 1, 3)  # exit codes of runs that tell how they went themselves


class OnTurn(Protocol):
    """Hears that a check was started, or has ended; `said` is what it printed last when it failed on its way."""

    def __call__(self, key: str, /, *, runs: bool, said: str = "") -> None: ...


class Started:
    """The checks that run now, by the key of their workspace."""

    def __init__(self, on_turn: OnTurn, command: Sequence[str] = COMMAND) -> None:
        self._on_turn, self._command = on_turn, command
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def start(self, key: str, lab: str, folder: Path) -> bool:
        """Starts a check of `lab` in `folder`; False when one is running there already."""
        with self._lock:
            if self._closed or key in self._running:
                return False
            self._running[key] = process = subprocess.Popen(
                [*self._command, lab],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the server, which ends this in its own time
            )
        self._on_turn(key, runs=True)
        threading.Thread(target=self._attend, args=(key, process), daemon=True).start()
        return True

    def end(self, key: str) -> bool:
        """Tells the check of a workspace to end: it puts the stack back first. False when none runs."""
        with self._lock:
            process = self._running.get(key)
        if process is None:
            return False
        process.send_signal(signal.SIGTERM)
        return True

    def any(self) -> bool:
        return bool(self._running)

    def end_all(self) -> None:
        """Ends every check, and waits as long as putting the stacks back may take."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
        for process in running:
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + ENDING
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()

    def _attend(self, key: str, process: subprocess.Popen[bytes]) -> None:
        """Reads everything, so that the check never waits for us, and keeps the end of it."""
        output = b""
        if process.stdout:
            with process.stdout:
                while chunk := os.read(process.stdout.fileno(), 65_536):
                    output = (output + chunk)[-END_OF_OUTPUT:]
        code = process.wait()
        with self._lock:
            self._running.pop(key, None)
        last = output.decode("utf-8", "replace").strip().rpartition("\n")[2]
        self._on_turn(key, runs=False, said="" if code in TOLD else f"The check ended with code {code}: {last}")
