"""What a stack opens to other machines: every port it publishes, and what answers there."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar

from grader.probes.base import Probe, in_role
from grader.probes.greeting import Speaks
from grader.probes.http import Entry, Greet, send
from grader.probes.topology import Apps
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, loopback
from grader.stacks.values import Published, ServiceFacts

SECONDS = 2.0  # that an answer may take
HOST_NETWORK = "host"
# Where servers show their own state, and words that only such pages have.
STATE_PATHS = ("/", "/metrics", "/stub_status", "/nginx_status", "/basic_status", "/server-status", "/stats")
STATE_SIGNS = ("active connections:", "# type ", "# help ", "apache server status", "supervisor status", '"workers":')


@dataclass(frozen=True, slots=True)
class Binding:
    """A port of a service that the host lets others connect to. `local` when only this machine can.

    `edge` and `app` say whose port it is: the edge's, or the app's own web server (net.app-port-unpublished judges
    that one). Only theirs are asked what they speak, and only where other machines reach them; else `speaks` is None.
    `shared` says that the program behind it also answers at the entry; None where that is not known. `state_path` is
    where it shows its own state to anybody.
    """

    service: str
    address: str
    host_port: int
    port: int
    local: bool
    edge: bool
    app: bool
    speaks: Speaks | None
    shared: bool | None
    state_path: str


@dataclass(frozen=True, slots=True)
class Bindings:
    bindings: tuple[Binding, ...]
    edge: str


@dataclass(frozen=True)
class OpenPorts(Probe[Bindings]):
    """Every published port, and those of services on the host's own network, which need no publishing."""

    seconds: ClassVar[float] = 5.0

    def ask(self, stack: Stack, /) -> Bindings:
        edges = in_role(stack, "edge")
        running = [service for service in stack.services() if service.running]
        ports = [(service, port) for service in running for port in (*service.published, *_unpublished(stack, service))]
        found = tuple(_binding(stack, service, port, service in edges) for service, port in dict.fromkeys(ports))
        return Bindings(found, edges[0].service)


def _unpublished(stack: Stack, service: ServiceFacts) -> tuple[Published, ...]:
    if service.network_mode != HOST_NETWORK:
        return ()
    mine = (socket for socket in stack.sockets(service).listening if socket.pids and socket.port)
    return tuple(Published(socket.address, socket.port, socket.port) for socket in mine)


def is_local(address: str) -> bool:
    return bool(address) and ip_address(address).is_loopback


def _binding(stack: Stack, service: ServiceFacts, port: Published, edge: bool) -> Binding:
    host, local = loopback(port.address), is_local(port.address)
    of_the_app = not edge and (service.id, port.port) in _app_ports(stack)
    said = stack.ask(Greet(host, port.host_port)) if (edge or of_the_app) and not local else None
    speaks = said.speaks if said else None
    further = edge and not local and port.host_port != stack.ask(Entry()).port
    return Binding(
        service.service,
        port.address,
        port.host_port,
        port.port,
        local,
        edge,
        of_the_app and speaks is not Speaks.SILENCE,
        speaks,
        _shared(stack, service, port.port) if further else None,
        _state_path(stack, said.to) if further and said and said.status else "",
    )


def _app_ports(stack: Stack) -> set[tuple[str, int]]:
    try:
        return {(app.service.id, socket.port) for app in stack.ask(Apps()) for socket in app.listening if socket.port}
    except CouldNotLook:  # net.app-port-unpublished says so; here every service counts alike
        return set()


def _shared(stack: Stack, service: ServiceFacts, port: int) -> bool | None:
    """Whether a process that holds the entry's socket holds this one too; None when the entry is elsewhere."""
    entry = stack.ask(Entry()).port
    inner = {published.port for published in service.published if published.host_port == entry}
    listening = stack.sockets(service).listening
    at_entry = {pid for socket in listening if socket.port in inner for pid in socket.pids}
    here = {pid for socket in listening if socket.port == port for pid in socket.pids}
    return bool(at_entry & here) if at_entry and here else None


def _state_path(stack: Stack, to: Address) -> str:
    for path in STATE_PATHS:
        answered = send(stack, to, path, seconds=SECONDS)
        if answered.status == 200 and any(sign in answered.body.lower() for sign in STATE_SIGNS):
            return path
    return ""
