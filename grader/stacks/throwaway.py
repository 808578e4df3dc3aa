"""Brings a workspace up as a stack of its own, on a free port, and removes it without a trace."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.model import Reason
from grader.stacks import declared
from grader.stacks.base import CouldNotLook
from grader.stacks.dealings import Ran

SECONDS = 240  # for one command
PLAIN_PORT, TLS_PORT = "PINBOARD_PORT", "PINBOARD_TLS_PORT"  # where the site is, and where it is over HTTPS
FURTHER_PORTS = (
    *("PINBOARD_PROMETHEUS_PORT", "PINBOARD_ALERTMANAGER_PORT", "PINBOARD_WEBHOOK_PORT"),
    *("PINBOARD_LOGS_PORT", "PINBOARD_REPORT_PORT"),
)
BUILD = threading.Lock()  # one image build at a time: two on two cores take longer than one after the other


# Below those that Linux gives to outgoing connections (ip(7), ip_local_port_range): one of these would be taken by
# somebody's look-up in the moment between a container's stop and its start.
PORTS = range(20000, 32768)
_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now, over TCP or UDP, and that was not given to another stack of this run."""
    for port in random.sample(PORTS, len(PORTS)):
        if port not in _given and all(_is_free(port, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            _given.add(port)
            return port
    raise CouldNotLook(Reason.UNREACHABLE, f"no free port between {PORTS[0]} and {PORTS[-1]}")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports() -> dict[str, int]:
    """A free port for everything that a lab's stack publishes, by the variables that Compose files have for them."""
    return {name: free_port() for name in (PLAIN_PORT, TLS_PORT, *FURTHER_PORTS)}


@dataclass(frozen=True)
class Throwaway:
    """A stack for a moment: `project` is its name, `ports` are those of free_ports.

    They are chosen once: with 0 the engine would choose another one at every start of a container.
    """

    workspace: Path
    project: str
    ports: Mapping[str, int] = field(default_factory=free_ports)

    @property
    def port(self) -> int:
        """Where its site is."""
        return self.ports[PLAIN_PORT]

    @property
    def tls_port(self) -> int:
        """Where its site is over HTTPS."""
        return self.ports[TLS_PORT]

    def bring_up(self, *, wait: bool = True) -> str:
        """Builds and starts; returns "" or what went wrong. Without `wait`, not settling is no error."""
        with BUILD:
            built = self.compose("build", "--quiet")
        if built.returncode:
            return f"the images cannot be built: {_end(built)}"
        up = self.compose("up", "--detach", "--quiet-pull", *(["--wait"] if wait else []))
        return f"the stack does not come up: {_end(up)}" if up.returncode and wait else ""

    def take_down(self) -> None:
        # Every profile: what a test or a page has started beside the rest goes, too.
        self.compose("--profile", "*", "down", "--volumes", "--rmi", "local", "--timeout", "1", "--remove-orphans")

    @property
    def variables(self) -> dict[str, str]:
        """What Compose has to know to find or start this very stack."""
        return {**{name: str(port) for name, port in self.ports.items()}, "COMPOSE_PROJECT_NAME": self.project}

    def typed(self, command: str, seconds: float) -> Ran:
        """A command as somebody would type it in the workspace, who works with this stack and no other."""
        return declared.run(command, self.workspace, self.variables, seconds, program="/bin/bash")

    def settle(self) -> None:
        """Starts what was stopped or stands still, and waits until all of it is well again."""
        self.compose("unpause")
        self.compose("up", "--detach", "--wait")

    def compose(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """`docker compose` in the workspace, under the stack's own name and ports."""
        try:
            return subprocess.run(
                ["docker", "compose", *words],
                cwd=self.workspace,
                env=os.environ | self.variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(words, 124, b"", f"no end after {SECONDS} s".encode())


def _end(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join((done.stdout + done.stderr)[-600:].decode("utf-8", "replace").split())
