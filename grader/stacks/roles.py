"""Which service does what: told by --role, by a label, or seen in what it publishes, runs and listens on."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping

from grader.model import Reason, Role
from grader.stacks.base import CouldNotLook
from grader.stacks.values import Process, ServiceFacts, Sockets

LABEL = "grader.role"
NO_APP = ("supervisord",)  # Python programs that look after others and answer no requests
PYTHON_SERVERS = (
    "python",
    "gunicorn",
    "uwsgi",
    "waitress-serve",
    "flask",
    "hypercorn",
    "granian",
    "uvicorn",
    "mod_wsgi-express",
    "pypy",
)
Look = Callable[[ServiceFacts], tuple[tuple[Process, ...], Sockets]]


def runs_python(process: Process) -> bool:
    """Whether a process looks like one that runs a Python web application (mod_wsgi names its daemons `(wsgi:…)`)."""
    words = [os.path.basename(word) for word in process.argv[:3]]
    if any(word.startswith(NO_APP) for word in [*words, process.name]):
        return False
    candidates = [process.name, *words[:1]]
    return any(word.startswith(PYTHON_SERVERS) or word.startswith("(wsgi:") for word in candidates)


def find_roles(
    services: tuple[ServiceFacts, ...],
    told: Mapping[str, str],
    named: Mapping[str, str],
    look: Look,
) -> tuple[Role, ...]:
    """The roles `edge` and `app`.

    `told` is --role; `named` is what lab.toml calls them, which decides only between several candidates. `look` brings
    the processes and sockets of a service. Raises CouldNotLook with one question when it cannot be decided.
    """
    running = tuple(service for service in services if service.running and not service.one_shot)
    return (
        _choose("edge", running, told, named, lambda: _publishers(running)),
        _choose("app", running, told, named, lambda: _python_servers(running, look)),
    )


def _choose(
    role: str,
    running: tuple[ServiceFacts, ...],
    told: Mapping[str, str],
    named: Mapping[str, str],
    seen: Callable[[], dict[str, str]],
) -> Role:
    names = {service.service for service in running}
    if role in told:
        if told[role] not in names:
            known = ", ".join(sorted(names)) or "none"
            raise CouldNotLook(
                Reason.UNREACHABLE, f"--role {role}={told[role]}: no such service is running (running: {known})"
            )
        return Role(role, (told[role],), "you said so with --role")
    labelled = {service.service for service in running if dict(service.labels).get(LABEL) == role}
    if labelled:
        return Role(role, tuple(sorted(labelled)), f"its label {LABEL} says so")
    candidates = seen()
    if len(candidates) == 1:
        (service, why), *_ = candidates.items()
        return Role(role, (service,), why)
    if named.get(role) in candidates:
        service = named[role]
        return Role(role, (service,), f"{candidates[service]}; the lab calls it so")
    if not candidates:
        return Role(role, (), "no service " + ("publishes a port" if role == "edge" else "runs a Python server"))
    raise CouldNotLook(
        Reason.UNREACHABLE,
        f"which service is the {role}? " + "; ".join(f"{name} {why}" for name, why in sorted(candidates.items())),
        hint=f"say it once with --role {role}=NAME, or for good with the label {LABEL}={role} on the service",
    )


def _publishers(running: tuple[ServiceFacts, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in running:
        if service.published:
            ports = sorted({f"{port.address}:{port.host_port}" for port in service.published})
            found.setdefault(service.service, f"publishes {', '.join(ports)}")
    return found


def _python_servers(running: tuple[ServiceFacts, ...], look: Look) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in running:
        processes, sockets = look(service)
        python = {process.pid: process for process in processes if runs_python(process)}
        for socket in sockets.listening:
            holders = [python[pid] for pid in socket.pids if pid in python]
            if holders and service.service not in found:
                where = socket.path or f"port {socket.port}"
                found[service.service] = f"{holders[0].name} listens on {where}"
    return found
