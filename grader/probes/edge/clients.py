"""Which address the app takes a client for: asked from sidecars whose own addresses are known.

Only the app knows what it believes, so these questions go to the bench.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, in_role
from grader.probes.http import Entry, Greet, client_on, site
from grader.probes.topology import require_bench, whoami
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, loopback
from grader.stacks.values import ServiceFacts

CLIENTS = 2  # with addresses of their own: one could be right by chance
KNOWS = "an endpoint that says what the app knows of a request"
# Addresses that nobody has (RFC 5737).
FAKE, OTHER_FAKE = "203.0.113.7", "198.51.100.9"
SPOOFS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("X-Forwarded-For", FAKE),),
    (("X-Forwarded-For", f"{OTHER_FAKE}, {FAKE}"),),
    (("X-Forwarded-For", OTHER_FAKE), ("X-Forwarded-For", FAKE)),
    (("X-Real-IP", FAKE),),
    (("Forwarded", f"for={FAKE}"),),
    (("True-Client-IP", FAKE),),
    (("X-Forwarded-For", FAKE), ("X-Real-IP", FAKE), ("X-Client-IP", FAKE), ("CF-Connecting-IP", FAKE)),
)


@dataclass(frozen=True, slots=True)
class Way:
    """A port of the edge, inside the stack, and the network on which a client meets it."""

    network: str
    to: Address


@dataclass(frozen=True)
class Ways(Probe[tuple[Way, ...]]):
    """Every published port of the edge behind which the bench answers a client on one of its networks."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> tuple[Way, ...]:
        require_bench(stack, KNOWS)
        shared = _app_networks(stack)
        ways = [way for edge in in_role(stack, "edge") for way in ways_of(edge, shared, secret(stack, edge))]
        if not ways:
            raise CouldNotLook(Reason.UNREACHABLE, "no network leads a client with a known address to the edge")
        open_ones = tuple(way for way in ways if whoami(stack, way.to, via=client_on(way.network), seconds=5).seen)
        if not open_ones:
            places = ", ".join(f"{way.to.host}:{way.to.port} on {way.network}" for way in ways)
            raise CouldNotLook(Reason.NO_PERMISSION, f"the bench answers this host, but not a client at {places}")
        return open_ones


def ways_of(service: ServiceFacts, of_the_app: frozenset[str], tls: Mapping[int, str]) -> tuple[Way, ...]:
    """The ports of one instance, on a network without the app if there is one: its clients are trusted with nothing.

    `tls` has the server name for each port that speaks TLS.
    """
    attached = sorted((a for a in service.networks if a.address), key=lambda a: (a.network in of_the_app, a.network))
    ports = sorted({published.port for published in service.published})
    return tuple(
        Way(net.network, Address(net.address, port, tls=tls.get(port, ""))) for net in attached[:1] for port in ports
    )


def secret(stack: Stack, service: ServiceFacts) -> dict[int, str]:
    """The ports of an instance, by their number inside, that speak TLS when they are asked from this machine."""
    said = {p.port: stack.ask(Greet(loopback(p.address), p.host_port)) for p in service.published}
    return {port: greeting.to.tls for port, greeting in said.items() if greeting.to.tls}


def _app_networks(stack: Stack) -> frozenset[str]:
    edges = {service.id for service in in_role(stack, "edge")}
    apps = [service for service in in_role(stack, "app") if service.id not in edges]
    return frozenset(attached.network for service in apps for attached in service.networks)


@dataclass(frozen=True, slots=True)
class ClientSeen:
    """A client's own address, and the address that the app took it for; "" when the app did not say."""

    port: int
    address: str
    taken_for: str


@dataclass(frozen=True, slots=True)
class ClientsSeen:
    """`edge` is the proxy's service, `edge_addresses` are those it has on the stack's networks."""

    clients: tuple[ClientSeen, ...]
    edge: str
    edge_addresses: tuple[str, ...]
    site: str


@dataclass(frozen=True)
class ClientAddresses(Probe[ClientsSeen]):
    """What the app takes the addresses of two clients for that send no forwarding header."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> ClientsSeen:
        seen = []
        for way in stack.ask(Ways()):
            for number in range(CLIENTS):
                client = client_on(way.network, number)
                who = whoami(stack, way.to, via=client)
                seen.append(ClientSeen(way.to.port, stack.client_address(client), plain_address(who.remote_addr)))
        edges = in_role(stack, "edge")
        addresses = tuple(attached.address for edge in edges for attached in edge.networks if attached.address)
        return ClientsSeen(tuple(seen), edges[0].service, addresses, site(stack, stack.ask(Entry())))


def plain_address(text: str) -> str:
    """An address in its usual spelling; IPv4 in IPv6 (`::ffff:10.0.0.5`, RFC 4291 §2.5.5.2) as IPv4; else as given."""
    try:
        address = ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        return text
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@dataclass(frozen=True, slots=True)
class AddressTold:
    """A client's request with made-up headers: what the app took its address for without (`plain`) and with them."""

    port: int
    headers: tuple[tuple[str, str], ...]
    plain: str
    taken_for: str
    status: int
    error: str


@dataclass(frozen=True, slots=True)
class AddressesTold:
    told: tuple[AddressTold, ...]
    site: str


@dataclass(frozen=True)
class SpoofAddress(Probe[AddressesTold]):
    """Whether headers that a client makes up change what the app takes its address for."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> AddressesTold:
        told = [answer for way in stack.ask(Ways()) for answer in _told(stack, way)]
        return AddressesTold(tuple(told), site(stack, stack.ask(Entry())))


def _told(stack: Stack, way: Way) -> list[AddressTold]:
    client = client_on(way.network)
    plain = plain_address(whoami(stack, way.to, via=client).remote_addr)
    told = []
    for headers in SPOOFS:
        who = whoami(stack, way.to, via=client, headers=headers)
        told.append(AddressTold(way.to.port, headers, plain, plain_address(who.remote_addr), who.status, who.error))
    return told
