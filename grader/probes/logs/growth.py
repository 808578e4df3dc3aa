"""Whether what is logged stays within bounds: what the engine keeps, and files that grow inside of containers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe, in_role, nonce
from grader.probes.collector.found import Collect
from grader.probes.http import Entry, site
from grader.probes.load import volley
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import ServiceFacts

REQUESTS = 50
AT_ONCE = 4  # like a few visitors: a crowd would make the machine busy
NO_DISK = ("/proc/", "/dev/", "/sys/")
DATABASE = re.compile(r"\.(?:sqlite3?|db)(?:-\w+)?$| \(deleted\)$")  # grows with what people write, not with requests
LOG = re.compile(r"\.log\b|/logs?/")
KEPT_HERE = ("", "json-file", "local", "journald", "none")  # drivers that send nothing to anybody
FILES = 40  # open files of one service that are looked at


@dataclass(frozen=True, slots=True)
class Grown:
    """A file that a service holds open and that grew by so many bytes during the requests."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How the engine keeps a service's output, and how the service's own layer grew (bytes)."""

    service: str
    driver: str
    max_size: str
    layer: int
    files: tuple[Grown, ...]


@dataclass(frozen=True, slots=True)
class Growth:
    """`answered` of `requests` requests got an answer."""

    site: str
    requests: int
    answered: int
    services: tuple[Bounds, ...]


@dataclass(frozen=True)
class Grow(Probe[Growth]):
    """How much the stack writes to disk for each request. `alone`: other requests would write, too."""

    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Growth:
        to = stack.ask(Entry())
        services = tuple(service for service in stack.services() if service.running and not service.one_shot)
        asked = {service.id for role in ("app", "edge") for service in in_role(stack, role)}
        before = {service.id: (stack.layer_size(service), _sizes(stack, service)) for service in services}
        answers = volley(stack, to, [f"/nope-{nonce()}" for _ in range(REQUESTS)], at_once=AT_ONCE)
        keeper = collector(stack, services)
        bounds = tuple(
            _bounds(stack, service, service.id in asked, *before[service.id])
            if service.id != keeper
            else Bounds(service.service, service.log_driver, dict(service.log_options).get("max-size", ""), 0, ())
            for service in services
        )
        return Growth(site(stack, to), REQUESTS, sum(1 for answered in answers if answered.status), bounds)


def collector(stack: Stack, services: tuple[ServiceFacts, ...]) -> str:
    """The id of the service that keeps the lines of the others, "" where the engine keeps them all.

    Its files grow with every request: that is its task, and collector.store-bounded judges where it ends.
    """
    return stack.ask(Collect()).identity if any(s.log_driver not in KEPT_HERE for s in services) else ""


def _bounds(stack: Stack, service: ServiceFacts, asked: bool, layer: int, sizes: dict[str, int]) -> Bounds:
    """`asked`: the service had to do with the requests, so that whatever grew did so for them."""
    now = _sizes(stack, service)
    grew = {path: now[path] - size for path, size in sorted(sizes.items()) if now.get(path, 0) > size}
    grown = tuple(Grown(path, more) for path, more in grew.items() if asked or LOG.search(path))
    options = dict(service.log_options)
    return Bounds(
        service=service.service,
        driver=service.log_driver,
        max_size=options.get("max-size", ""),
        layer=max(stack.layer_size(service) - layer, 0),
        files=grown,
    )


def _sizes(stack: Stack, service: ServiceFacts) -> dict[str, int]:
    """The files that the processes of a service hold open, and their sizes in bytes."""
    sizes: dict[str, int] = {}
    try:
        for process in stack.processes(service):
            links = stack.inside(service, "fd_links", pid=process.pid)
            for path in links if isinstance(links, list) else ():
                if path.startswith("/") and path not in sizes and not _is_no_log(path) and len(sizes) < FILES:
                    sizes[path] = _size(stack, service, process.pid, path)
    except CouldNotLook:  # it ended meanwhile, and a file that nobody holds open does not grow
        pass
    return sizes


def _is_no_log(path: str) -> bool:
    return path.startswith(NO_DISK) or DATABASE.search(path) is not None


def _size(stack: Stack, service: ServiceFacts, pid: int, path: str) -> int:
    try:
        facts = stack.inside(service, "file_times", pid=pid, path=path)
    except CouldNotLook:  # gone, or behind a symbolic link
        return 0
    return int(facts["size"]) if isinstance(facts, dict) else 0
