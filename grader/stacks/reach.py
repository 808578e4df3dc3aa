"""What of a stack reaches this machine itself: where that is so, a disturbance might do harm outside of the stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from grader.stacks.facts import WORKING_DIR
from grader.stacks.values import Mount, ServiceFacts

SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")  # whoever speaks to an engine has its machine
SOCKET_FOLDERS = ("/run", "/var/run")
SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "usr", "var")


def reaches(services: tuple[ServiceFacts, ...]) -> tuple[str, ...]:
    """In words, each way in which a service has the machine in its hands; empty for a stack that keeps to itself."""
    return tuple(dict.fromkeys(f"{fact.service} {what}" for fact in services for what in _ways(fact)))


def _ways(fact: ServiceFacts) -> Iterator[str]:
    if fact.privileged:
        yield "is privileged"
    if fact.pid_mode == "host":
        yield "sees and signals the processes of this machine (pid: host)"
    if fact.network_mode == "host":
        yield "is on the network of this machine (network_mode: host)"
    project = dict(fact.labels).get(WORKING_DIR, "")
    for mount in fact.mounts:
        if mount.kind == "bind" and (what := _of(mount, project)):
            yield what


def _of(mount: Mount, project: str) -> str:
    """What a folder or file of the machine lets a service do; "" for what the project may well mount."""
    source = PurePosixPath(mount.source)
    if source.name in SOCKETS or str(source) in SOCKET_FOLDERS:
        return f"mounts the engine's socket ({source})"
    if source == PurePosixPath("/"):
        return "mounts all files of this machine (/)"
    if not mount.writable or (project and source.is_relative_to(project)):
        return ""
    above = bool(project) and PurePosixPath(project).is_relative_to(source)
    system = len(source.parts) > 1 and source.parts[1] in SYSTEM
    return f"may write to {source} of this machine" if above or system else ""
