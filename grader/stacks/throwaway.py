"""Brings a workspace up as a stack of its own, on a free port, and removes it without a trace."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 240  # for one command
BUILD = threading.Lock()  # one image build at a time: two on two cores take longer than one after the other


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Throwaway:
    """A stack for a moment: `project` is its name, `port` where its site is, `tls_port` where it is over HTTPS."""

    workspace: Path
    project: str
    # A port chosen once: with 0 the engine would choose another one at every start of the container.
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)

    def bring_up(self, *, wait: bool = True) -> str:
        """Builds and starts; returns "" or what went wrong. Without `wait`, not settling is no error."""
        with BUILD:
            built = self.compose("build", "--quiet")
        if built.returncode:
            return f"the images cannot be built: {_end(built)}"
        up = self.compose("up", "--detach", "--quiet-pull", *(["--wait"] if wait else []))
        return f"the stack does not come up: {_end(up)}" if up.returncode and wait else ""

    def take_down(self) -> None:
        self.compose("down", "--volumes", "--rmi", "local", "--timeout", "1", "--remove-orphans")

    def compose(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """`docker compose` in the workspace, under the stack's own name and ports."""
        environment = os.environ | {
            "PINBOARD_PORT": str(self.port),
            "PINBOARD_TLS_PORT": str(self.tls_port),
            "COMPOSE_PROJECT_NAME": self.project,
        }
        try:
            return subprocess.run(
                ["docker", "compose", *words],
                cwd=self.workspace,
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
