"""Ways to the app that do not lead through the proxy. Each is tried: what the facts say is only where to try."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, ClassVar

from grader.probes.base import Probe, in_role, wait_for
from grader.probes.greeting import Speaks
from grader.probes.http import Entry, EveryGreeting, Greet, client_on, request
from grader.probes.topology import App, Apps, whoami
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, loopback

HELD = 5  # connections that are held open at a door; more than happen to arrive at the same moment by chance
ARRIVE = 1.0  # seconds until they must have reached the app
LEAVE = 2.0  # seconds until they must be gone after they were closed
CONNECT = 2.0  # seconds to connect
FORGED = "203.0.113.7"  # an address that nobody has (RFC 5737)
ELSEWHERE = ("192.0.2.1", 9)  # nothing is sent there: it only makes the kernel choose this machine's outward address


@dataclass(frozen=True, slots=True)
class Door:
    """An address of the host that belongs to the stack, other than the site's own.

    `direct`: connections to it arrive at the app's server though no request was sent; a proxy waits for one.
    `forged`: through it the app believes an X-Forwarded-For that the client made up.
    `declared`: only this machine can use it, and grader.toml says that it is meant.
    """

    address: str
    port: int
    service: str
    published: bool  # False on the host's own network, where nothing needs to be published
    direct: bool
    forged: bool
    declared: bool
    secret: bool = False  # speaks TLS

    @property
    def where(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.secret else 'http'}://{self.where}"


@dataclass(frozen=True, slots=True)
class Doors:
    site: str
    doors: tuple[Door, ...]


@dataclass(frozen=True)
class SideDoors(Probe[Doors]):
    """Tries every published port but the site's own, and the app's ports where it lives on the host's network."""

    alone: ClassVar[bool] = True  # connections are counted: nobody else should make any
    ahead: ClassVar[tuple[Probe[Any], ...]] = (EveryGreeting(),)
    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Doors:
        apps, entry = stack.ask(Apps()), stack.ask(Entry())
        doors = (*_published(stack, apps, entry), *_on_host(stack, apps))
        return Doors(f"{stack.settings.hosts[0]}:{entry.port}", doors)


def _published(stack: Stack, apps: tuple[App, ...], entry: Address) -> tuple[Door, ...]:
    running = [service for service in stack.services() if service.running]
    bound = [(service, port) for service in running for port in service.published]
    # One published port can have two addresses, IPv4 and IPv6: the site's own port is left out with all of them.
    own = {(s.id, p.port) for s, p in bound if (loopback(p.address), p.host_port) == (entry.host, entry.port)}
    found: dict[tuple[str, int], Door] = {}
    for service, port in bound:
        host, number = loopback(port.address), port.host_port
        if (service.id, port.port) in own or (host, number) in found:
            continue
        said = stack.ask(Greet(host, number))
        to = said.to
        declared = ip_address(port.address or "0.0.0.0").is_loopback and to.port in stack.settings.loopback_ports
        told = whoami(stack, to, headers=(("X-Forwarded-For", FORGED),), seconds=CONNECT) if said.status else None
        forged = told is not None and told.remote_addr == FORGED
        direct = reaches(stack, apps, to)
        found[host, number] = Door(
            host, number, service.service, True, direct, forged, declared, said.speaks is Speaks.TLS
        )
    return tuple(found.values())


def _on_host(stack: Stack, apps: tuple[App, ...]) -> tuple[Door, ...]:
    found = []
    for app in (app for app in apps if app.service.network_mode == "host"):
        for listening in app.listening:
            if listening.path or ip_address(listening.address).is_loopback:
                continue
            for host in host_addresses(stack, listening.address):
                to = Address(host, listening.port)
                if reaches(stack, (app,), to) or _answers_clients(stack, to):
                    found.append(Door(host, listening.port, app.service.service, False, True, False, False))
                    break
    return tuple(found)


def host_addresses(stack: Stack, bound: str) -> tuple[str, ...]:
    """Where a server on the host's network that is bound to `bound` may be reached: there, or at all the host has."""
    if not ip_address(bound).is_unspecified:
        return (bound,)
    outward = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(ELSEWHERE)
        outward.append(str(probe.getsockname()[0]))
    return (*outward, *(at.gateway for edge in in_role(stack, "edge") for at in edge.networks if at.gateway))


def _answers_clients(stack: Stack, to: Address) -> bool:
    """Whether a client inside the stack's network gets an answer: where the engine lives in a virtual machine."""
    networks = [at.network for edge in in_role(stack, "edge") for at in edge.networks if at.address]
    data = request("/", host=stack.settings.hosts[0])
    return any(stack.exchange(client_on(network), to, data, seconds=CONNECT).raw for network in networks[:1])


def reaches(stack: Stack, apps: tuple[App, ...], to: Address) -> bool:
    """Whether connections to an address arrive at the app's server and leave it with us, before any request is sent."""
    before = _peers(stack, apps)
    with contextlib.ExitStack() as held:
        count = 0
        for _ in range(HELD):
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_connection((to.host, to.port), timeout=CONNECT))
                count += 1
        if not count:
            return False

        def arrived() -> frozenset[str] | None:
            new = _peers(stack, apps) - before
            return new if len(new) >= count else None

        ours = wait_for(arrived, ARRIVE)
    return ours is not None and wait_for(lambda: None if ours & _peers(stack, apps) else True, LEAVE) is True


def _peers(stack: Stack, apps: tuple[App, ...]) -> frozenset[str]:
    """Who is connected to the app's own ports, at this moment."""
    found = set()
    for app in apps:
        ports = {listening.port for listening in app.listening if listening.port}
        with contextlib.suppress(CouldNotLook):
            established = stack.sockets(app.service).established
            found |= {f"{app.service.id} {c.port} {c.peer}" for c in established if c.port in ports}
    return frozenset(found)
