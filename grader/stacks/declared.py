"""Runs a command that the learner declared in grader.toml: bounded, without input, and with little of our environment.

Only what was shown and agreed to gets here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

from grader.stacks.base import COMMAND_CAP
from grader.stacks.dealings import Ran

# What a command may need to find its programs, its engine and its project; no token of whoever runs the grader.
PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR")
PREFIXES = ("DOCKER_", "COMPOSE_", "PINBOARD_")
GRACE = 2.0  # seconds between SIGTERM and SIGKILL


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """What of our own environment a declared command gets."""
    return {name: value for name, value in environment.items() if name in PASSED_ON or name.startswith(PREFIXES)}


def run(command: str, folder: Path, variables: Mapping[str, str], seconds: float, *, program: str = "/bin/sh") -> Ran:
    """Runs a shell command in `folder`; it and all that it started are ended when `seconds` are over."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [program, "-c", command],
        cwd=folder,
        env={**scrubbed(os.environ), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, so that all of it can be ended
    )
    output = bytearray()
    reader = threading.Thread(target=_drain, args=(cast("IO[bytes]", process.stdout), output), daemon=True)
    reader.start()
    try:
        code: int | None = process.wait(seconds)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        if process.returncode is None:  # late, or we are being ended ourselves
            _end(process)
    reader.join(GRACE)  # something in the background may still hold the pipe: what came so far will do
    return Ran(code, bytes(output).decode("utf-8", "replace"), round(time.monotonic() - begun, 3))


def _drain(pipe: IO[bytes], output: bytearray) -> None:
    """Reads everything, so that the command never waits for us, and keeps the last COMMAND_CAP bytes."""
    with contextlib.suppress(OSError), pipe:
        while chunk := os.read(pipe.fileno(), 65_536):
            output += chunk
            del output[:-COMMAND_CAP]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the command and all of its group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
