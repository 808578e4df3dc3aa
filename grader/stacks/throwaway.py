"""Brings a workspace up as a stack of its own, on any free port, and removes it without a trace."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

SECONDS = 240  # for one command
BUILD = threading.Lock()  # one image build at a time: two on two cores take longer than one after the other


def bring_up(workspace: Path, project: str, *, wait: bool) -> str:
    """Builds and starts; returns "" or what went wrong. Without `wait` a stack that does not settle is no error."""
    with BUILD:
        built = compose(workspace, project, "build", "--quiet")
    if built.returncode:
        return f"the images cannot be built: {_end(built)}"
    up = compose(workspace, project, "up", "--detach", "--quiet-pull", *(["--wait"] if wait else []))
    return f"the stack does not come up: {_end(up)}" if up.returncode and wait else ""


def take_down(workspace: Path, project: str) -> None:
    compose(workspace, project, "down", "--volumes", "--rmi", "local", "--timeout", "1", "--remove-orphans")


def compose(workspace: Path, project: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """`docker compose` in a workspace, with PINBOARD_PORT=0: the engine chooses a free port."""
    environment = {**os.environ, "PINBOARD_PORT": "0", "COMPOSE_PROJECT_NAME": project}
    try:
        return subprocess.run(
            ["docker", "compose", *words],
            cwd=workspace,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, b"", f"no end after {SECONDS} s".encode())


def _end(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join((done.stdout + done.stderr)[-600:].decode("utf-8", "replace").split())
