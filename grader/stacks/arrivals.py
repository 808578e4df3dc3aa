"""Where requests arrive: sent to a published port, they wake up the processes of the app behind it, and no others."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from grader.stacks.base import CouldNotLook, Settings, Stack
from grader.stacks.dealings import HOST, Address, Exchange, loopback
from grader.stacks.values import Published, ServiceFacts

REQUESTS = 10  # to each door and path
PATIENCE = 1.5  # seconds for one answer …
LONGEST = 3.0  # … and for all of them
PATHS = ("/", "/grader-looks-for-the-app")  # the first page may be a file that the proxy has; then one that is nowhere


def doors(stack: Stack, service: ServiceFacts) -> tuple[Published, ...]:
    """Where this machine reaches a service: published ports, its own on the host's network, or where `entry` says."""
    _, host, port = told_entry(stack.settings)
    if host == service.service:
        return tuple(Published(at.address, port, port) for at in service.networks[:1] if at.address)
    if service.network_mode != "host":
        return service.published
    own = {(socket.address, socket.port) for socket in stack.sockets(service).listening if socket.port and socket.pids}
    return tuple(Published(address, number, number) for address, number in sorted(own))


def told_entry(settings: Settings) -> tuple[str, str, int]:
    """Scheme ("" when it is not said), host or service, and port of the key `entry`; ("", "", 0) without one."""
    scheme, _, place = settings.entry.rpartition("://")
    host, _, port = place.rpartition(":")
    return scheme, host.strip("[]"), int(port or 0)


def far_ends(stack: Stack, service: ServiceFacts) -> tuple[tuple[int, str, int], ...]:
    """Own port, far address and far port of each connection of an instance, also of those that ended a moment ago."""
    raws: Any = stack.inside(service, "partners")
    return tuple((int(raw["own_port"]), str(raw["address"]).removeprefix("::ffff:"), int(raw["port"])) for raw in raws)


def wakeups(stack: Stack, service: ServiceFacts, pids: Iterable[int]) -> int:
    """How often the threads of processes have gone to sleep so far (voluntary_ctxt_switches, proc(5)), together."""
    count: Any = stack.inside(service, "wakeups", pids=list(pids))
    return int(count)


class Arrivals:
    """What requests to each door wake up, measured when it is first asked for."""

    def __init__(self, running: tuple[ServiceFacts, ...], stack: Stack) -> None:
        self._running, self._stack = running, stack
        self._ways: dict[str, tuple[Address, ...]] = {}
        self._reached: dict[str, tuple[str, ...]] = {}

    def speaks(self, name: str) -> bool:
        """Whether any port of a service answers as a web server does."""
        return bool(self._entrances(name))

    def reached(self, name: str) -> tuple[str, ...]:
        """The services, `name` itself too, in which requests to the ports of `name` arrive."""
        if name not in self._reached:
            woken = tuple(dict.fromkeys(found for to in self._entrances(name) for found in self.woken(to)))
            only_itself = set(woken) <= {name}  # what it answers by itself wakes up nobody else
            self._reached[name] = self._connected(name) if only_itself else woken
        return self._reached[name]

    def woken(self, to: Address) -> tuple[str, ...]:
        """The services in which requests to an address arrive, the one that is asked among them."""
        return tuple(dict.fromkeys(found for path in PATHS for found in self._woken(to, path)))

    def runs(self, name: str, programs: tuple[str, ...]) -> bool:
        """Whether a process of a service is called like one of `programs`."""
        return any(
            process.name.startswith(programs)
            for service in self._of(name)
            for process in self._stack.processes(service)
        )

    def first(self, names: Iterable[str]) -> list[str]:
        """Those of `names` to which no other one of them connects; all, where they stand in a circle."""
        listed = list(names)
        behind = {other for name in listed for other in self._partners.get(name, ()) if other != name}
        return [name for name in listed if name not in behind] or listed

    def _entrances(self, name: str) -> tuple[Address, ...]:
        if name not in self._ways:
            ports = {door.host_port: loopback(door.address) for s in self._of(name) for door in doors(self._stack, s)}
            with ThreadPoolExecutor(max(len(ports), 1)) as crowd:
                greeted = crowd.map(lambda port: self._greeted(ports[port], port), sorted(ports))
            self._ways[name] = tuple(to for to in greeted if to)
        return self._ways[name]

    def _greeted(self, host: str, port: int) -> Address | None:
        plain, secret = Address(host, port), Address(host, port, tls=self._stack.settings.hosts[0])
        said = self._ask(plain, "/").raw
        if said.startswith(b"HTTP/1.") and said[9:12] != b"400":  # 400: what many say to plain HTTP on a TLS port
            return plain
        if self._ask(secret, "/").tls:
            return secret
        return plain if said.startswith(b"HTTP/1.") else None

    def _ask(self, to: Address, path: str) -> Exchange:
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {self._stack.settings.hosts[0]}",
            "User-Agent: grader",
            "Connection: close",
        )
        return self._stack.exchange(HOST, to, "\r\n".join((*lines, "", "")).encode(), seconds=PATIENCE)

    def _woken(self, to: Address, path: str) -> tuple[str, ...]:
        """The services with a process that every request woke up, and that does not wake up as often by itself."""
        before, begun, sent = self._wakeups(), time.monotonic(), 0
        while sent < REQUESTS and time.monotonic() - begun < LONGEST:
            self._ask(to, path)
            sent += 1
        took, after = time.monotonic() - begun, self._wakeups()
        time.sleep(took)  # as long without a request: what is busy anyway is told apart
        idle = self._wakeups()
        # Replicas share the requests, whatever they are called: together they got all of them.
        woken = tuple(
            names
            for names in self._alike
            if _grown(before, after, names) >= max(sent, 2 * _grown(after, idle, names), 1)
        )
        return tuple(name for names in woken for name in names if after[name] > before[name])

    def _wakeups(self) -> dict[str, int]:
        """By service: how often the processes of those that listen somewhere have gone to sleep."""
        found: dict[str, int] = {}
        for service, pids in self._servers:
            with contextlib.suppress(CouldNotLook):  # it has ended
                found[service.service] = found.get(service.service, 0) + wakeups(self._stack, service, pids)
        return found

    @cached_property
    def _alike(self) -> tuple[tuple[str, ...], ...]:
        """The services that listen somewhere, those of one image and one command together."""
        found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for service, _ in self._servers:
            names = found.setdefault((service.image, service.argv), [])
            names += [service.service] if service.service not in names else []
        return tuple(tuple(names) for names in found.values())

    @cached_property
    def _servers(self) -> tuple[tuple[ServiceFacts, tuple[int, ...]], ...]:
        """Each instance that listens somewhere, with all its processes."""
        return tuple(
            (service, tuple(process.pid for process in self._stack.processes(service)))
            for service in self._running
            if any(socket.pids for socket in self._stack.sockets(service).listening)
        )

    def _connected(self, name: str) -> tuple[str, ...]:
        """The services to which `name` connects, directly or through others, and itself."""
        found, todo = [name], [name]
        while todo:
            for other in self._partners.get(todo.pop(), ()):
                if other not in found:
                    found.append(other)
                    todo.append(other)
        return tuple(found)

    @cached_property
    def _partners(self) -> dict[str, tuple[str, ...]]:
        """By service: those on whose listening ports it has, or just had, a connection, or whose socket it mounts."""
        ports: dict[tuple[str, int], str] = {}
        for service in self._running:
            for socket in self._stack.sockets(service).listening:
                ports |= {(at.address, socket.port): service.service for at in service.networks if at.address}
        found: dict[str, set[str]] = {}
        for service in self._running:
            with contextlib.suppress(CouldNotLook):
                led = {ports.get((address, port), "") for _, address, port in far_ends(self._stack, service)}
                found.setdefault(service.service, set()).update(led - {""})
            found.setdefault(service.service, set()).update(self._socket_sharers(service))
        return {name: tuple(sorted(others - {name})) for name, others in found.items()}

    def _socket_sharers(self, service: ServiceFacts) -> set[str]:
        """The services that listen on a unix socket in a volume that `service` has mounted, too."""
        mine = {mount.source for mount in service.mounts if mount.source}
        return {
            other.service
            for other in self._running
            if other.id != service.id
            for mount in other.mounts
            if mount.source in mine
            and any(socket.path.startswith(f"{mount.target}/") for socket in self._stack.sockets(other).listening)
        }

    def _of(self, name: str) -> list[ServiceFacts]:
        return [service for service in self._running if service.service == name]


def _grown(before: dict[str, int], after: dict[str, int], names: tuple[str, ...]) -> int:
    return sum(after.get(name, 0) - before.get(name, 0) for name in names)
