"""What the processes of the app look like from beside them: where they listen and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar

from grader.probes.base import Probe
from grader.probes.stack.entrance import Identify
from grader.probes.topology import App, Apps
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.values import ServiceFacts, Socket


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket of the app: `loopback` when only its own container can connect.

    `sharers` are the other services that see the folder of a unix socket.
    """

    service: str
    program: str
    where: str
    port: int
    loopback: bool
    sharers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """`reached` (asked only where it matters): requests to the edge arrive in the app, through something beside it."""

    listeners: tuple[Listener, ...]
    reached: bool


@dataclass(frozen=True)
class Listens(Probe[Listening]):
    """Where the app's server listens, inside its container."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Listening:
        apps = stack.ask(Apps())
        found = tuple(_listener(app, socket, stack.services()) for app in apps for socket in app.listening)
        outside = any(not listener.loopback or listener.sharers for listener in found)
        return Listening(found, reached=not outside and _reached(stack))


def _listener(app: App, socket: Socket, services: tuple[ServiceFacts, ...]) -> Listener:
    sharers = _sharers(app.service, socket.path, services) if socket.path else ()
    where = socket.path or f"{socket.address}:{socket.port}"
    return Listener(app.service.service, app.master.name, where, socket.port, is_loopback(socket), sharers)


def is_loopback(socket: Socket) -> bool:
    """Whether nobody from another container can connect to a socket. True for the path of a unix socket."""
    return bool(socket.path) or ip_address(socket.address).is_loopback


def _sharers(mine: ServiceFacts, path: str, services: tuple[ServiceFacts, ...]) -> tuple[str, ...]:
    """Other services that mount what holds the folder of a unix socket."""
    sources = {mount.source for mount in mine.mounts if path.startswith(mount.target.rstrip("/") + "/")}
    return tuple(
        sorted(
            {
                other.service
                for other in services
                if other.id != mine.id and other.running and sources & {mount.source for mount in other.mounts}
            }
        )
    )


def _reached(stack: Stack) -> bool:
    try:
        return stack.ask(Identify()).reached
    except (CouldNotLook, NotApplicable):
        return False


@dataclass(frozen=True, slots=True)
class Owned:
    """A process of the app and the numeric user it runs as, inside its own user namespace.

    `master` looks after others and runs no request itself.
    """

    service: str
    pid: int
    uid: int
    program: str
    master: bool


@dataclass(frozen=True)
class Owners(Probe[tuple[Owned, ...]]):
    """Who the app's processes run as: the processes themselves are asked, not the image's configuration."""

    seconds: ClassVar[float] = 1.0

    def ask(self, stack: Stack, /) -> tuple[Owned, ...]:
        return tuple(
            Owned(app.service.service, process.pid, process.uid, process.name, process not in app.workers)
            for app in stack.ask(Apps())
            for process in app.tree
        )
