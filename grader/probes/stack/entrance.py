"""The way in: what answers on the published ports, and is it the app of this very stack?"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, nonce
from grader.probes.greeting import Speaks
from grader.probes.http import GREETING_SECONDS, Entry, Greet, send, site
from grader.probes.topology import App, Apps, Whoami, whoami
from grader.stacks.arrivals import doors, wakeups
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, loopback
from grader.stacks.values import Published, ServiceFacts

REFUSED = "connection refused"
BOX_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))  # what Docker and Podman leave in every container
BOXED_IN = "the grader runs in a container with a network of its own, and published ports are on the machine's"
HOW_OUT = (
    "start its container with `--network host`; or join the project's network and say where the site is in it: "
    "`--network PROJECT_default`, and `--entry http://SERVICE:PORT`"
)
ROUNDS = 3  # a worker may be replaced between its answer and the look at its process: then ask again
ANSWERS = 5  # of the bench, in each round
SLOW_REQUESTS = 3  # the same, to a page that takes a second
REQUESTS = 20  # whose traces are looked for in the app's processes on a stack without a bench


@dataclass(frozen=True, slots=True)
class Entrance:
    """A published port, what it speaks, and (when it is silent) the addresses that listen on `port` inside.

    `status` and `location` are those of its answer to GET /, over TLS where it speaks TLS.
    """

    service: str
    address: str
    host_port: int
    port: int
    speaks: Speaks
    status: int
    error: str
    inside: tuple[str, ...]
    location: str = ""


@dataclass(frozen=True, slots=True)
class Entrances:
    entrances: tuple[Entrance, ...]
    running: tuple[str, ...]  # services, published or not
    hosts: tuple[str, ...] = ("localhost",)  # the names of the site


@dataclass(frozen=True)
class AtEntrances(Probe[Entrances]):
    """What answers on every port that the edge publishes (taken from the engine, never guessed)."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Entrances:
        edge = {name for role in stack.roles() if role.name == "edge" for name in role.services}
        running = tuple(service for service in stack.services() if service.running)
        ports = [(service, port) for service in running if service.service in edge for port in doors(stack, service)]
        entrances = tuple(_entrance(stack, service, port) for service, port in ports)
        if entrances and all(entrance.error == REFUSED for entrance in entrances) and boxed_in(running):
            raise CouldNotLook(Reason.UNREACHABLE, BOXED_IN, HOW_OUT)
        lasting = tuple(sorted({service.service for service in running if not service.one_shot}))
        return Entrances(entrances, lasting, stack.settings.hosts)


def boxed_in(services: Iterable[ServiceFacts]) -> bool:
    """Whether this program runs in a container on a network of its own, where published ports cannot be there.

    On the host's network the gateways of the stack's networks are addresses of one's own.
    """
    if not any(mark.exists() for mark in BOX_MARKS):
        return False
    return not any(_own(at.gateway) for service in services for at in service.networks if at.gateway)


def _own(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.bind((address, 0))
        return True
    return False


def _entrance(stack: Stack, service: ServiceFacts, port: Published) -> Entrance:
    said = stack.ask(Greet(loopback(port.address), port.host_port))
    inside = set[str]()
    if said.speaks is Speaks.SILENCE:
        inside = {socket.address for socket in stack.sockets(service).listening if socket.port == port.port}
    return Entrance(
        service=service.service,
        address=port.address,
        host_port=port.host_port,
        port=port.port,
        speaks=said.speaks,
        status=said.status,
        error=said.error,
        inside=tuple(sorted(inside)),
        location=said.location,
    )


# --- is it the app? -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Server:
    """The app's server in one instance, from its sockets and processes. `host_ports` lead straight to its socket."""

    service: str
    name: str
    pid: int
    program: str
    where: tuple[str, ...]
    host_ports: tuple[int, ...]
    processes: int


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answered /bench/whoami through the edge; `instance` is the container that runs its process, "" if none."""

    status: int
    seen: bool
    host: str
    pid: int
    boot_id: str
    instance: str


@dataclass(frozen=True, slots=True)
class Traces:
    """How often the app's processes were woken up during `requests` requests, and in as long a pause afterwards."""

    requests: int
    woken: int
    idle: int

    @property
    def convincing(self) -> bool:
        """Whether every request woke up something that does not wake up by itself."""
        return self.woken >= self.requests and self.woken >= 2 * self.idle


@dataclass(frozen=True, slots=True)
class Identity:
    """`bench` says that the app answers /bench/whoami on its own port. `traces` only where there is no other way."""

    site: str
    port: int
    servers: tuple[Server, ...]
    bench: bool
    answers: tuple[Answerer, ...]
    traces: Traces | None

    @property
    def reached(self) -> bool:
        """Whether requests to the edge were seen to arrive in the app's processes."""
        named = bool(self.answers) and all(answered.instance for answered in self.answers)
        return named or (self.traces is not None and self.traces.convincing)


@dataclass(frozen=True)
class Identify(Probe[Identity]):
    """Which processes are the app, and whether requests to the edge end there."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Identity:
        to = stack.ask(Entry())
        known = any(role.name == "app" and role.services for role in stack.roles())
        apps = stack.ask(Apps()) if known else ()
        answers = _answers(stack, to)
        named = any(found.seen for found in answers)
        bench = named or any(whoami(stack, to_app, via=app.via).seen for app in apps for to_app in app.addresses()[:1])
        servers = tuple(_server(app) for app in apps)
        straight = any(to.port in server.host_ports for server in servers)
        traces = _traces(stack, to, apps) if apps and not (named or bench or straight) else None
        return Identity(site(stack, to), to.port, servers, bench, answers, traces)


def _server(app: App) -> Server:
    ports = {socket.port for socket in app.listening if not socket.path}
    return Server(
        service=app.service.service,
        name=app.service.name,
        pid=app.master.pid,
        program=app.master.name,
        where=tuple(sorted({socket.path or f"{socket.address}:{socket.port}" for socket in app.listening})),
        host_ports=tuple(sorted(p.host_port for p in app.service.published if p.port in ports)),
        processes=len(app.tree),
    )


def _answers(stack: Stack, to: Address) -> tuple[Answerer, ...]:
    found: tuple[Answerer, ...] = ()
    for _ in range(ROUNDS):
        first = whoami(stack, to, seconds=5)
        said = (first, *(whoami(stack, to, seconds=5) for _ in range(ANSWERS - 1))) if first.seen else (first,)
        instances = {who: _instance(stack, who) for who in said}
        found = tuple(Answerer(who.status, who.seen, who.host, who.pid, who.boot_id, instances[who]) for who in said)
        if all(answered.instance for answered in found) or not first.seen:
            break
    return found


def _instance(stack: Stack, who: Whoami) -> str:
    """The container in which the process that answered lives; its host name alone proves nothing."""
    called_so = [service for service in stack.services() if who.host in (service.hostname, service.id[:12])]
    for service in called_so if who.seen else ():
        if service.running and any(process.pid == who.pid for process in stack.processes(service)):
            return service.name
    return ""


def _traces(stack: Stack, to: Address, apps: tuple[App, ...]) -> Traces:
    """Asks for a page that nobody has, and where the proxy answers that itself, for the slow page of grader.toml.

    Other questions are asked meanwhile, and wake the app up, too: then the next round tells more.
    """
    found = Traces(0, 0, 0)
    slow = stack.settings.slow_path
    for path, count in ((f"/{nonce()}", REQUESTS), *(((slow, SLOW_REQUESTS),) if slow else ())):
        for _ in range(ROUNDS):
            found = _traced(stack, to, path, count, apps)
            if found.convincing:
                return found
    return found


def _traced(stack: Stack, to: Address, path: str, count: int, apps: tuple[App, ...]) -> Traces:
    begun, before = time.monotonic(), _wakeups(stack, apps)
    for _ in range(count):
        send(stack, to, path, seconds=GREETING_SECONDS)
    took, after = time.monotonic() - begun, _wakeups(stack, apps)
    time.sleep(min(took, GREETING_SECONDS))
    return Traces(count, after - before, _wakeups(stack, apps) - after)


def _wakeups(stack: Stack, apps: tuple[App, ...]) -> int:
    return sum(wakeups(stack, app.service, (process.pid for process in app.tree)) for app in apps)
