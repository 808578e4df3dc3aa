"""Whether the site is there over HTTPS, on whichever published port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe
from grader.probes.edge.hops import circular, follow
from grader.probes.greeting import Speaks
from grader.probes.http import Entry, Greetings, site
from grader.probes.tls.handshake import SECONDS, lenient, shake
from grader.probes.topology import WHOAMI, whoami
from grader.stacks.base import Stack
from grader.stacks.dealings import Address


@dataclass(frozen=True, slots=True)
class TlsPort:
    """How a published port answers a client that speaks TLS. `error` is "" or why there was no handshake."""

    port: int
    speaks: Speaks
    version: str
    seconds: float
    error: str
    late: bool


@dataclass(frozen=True, slots=True)
class OverHttps:
    """The site over HTTPS: `bench` says that the app itself answered there. `tls` that a published port speaks TLS.

    `url` is the last page that was asked for, and `location` where it leads to if that is another site. `loop` says
    that redirects led back to where they began.
    """

    site: str
    host: str
    port: int
    ports: tuple[TlsPort, ...]
    tls: bool
    url: str
    status: int
    error: str
    bench: bool
    location: str
    loop: bool


@dataclass(frozen=True)
class ServeHttps(Probe[OverHttps]):
    """Shakes hands at every published port of the edge, and asks for a page where the site is."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> OverHttps:
        to, name = stack.ask(Entry()), stack.settings.hosts[0]
        ports = tuple(_port(greeting.to, greeting.speaks, name) for greeting in stack.ask(Greetings()))
        if not to.tls:
            return OverHttps(site(stack, to), name, to.port, ports, False, "", 0, "", False, "", False)
        seen = whoami(stack, to, seconds=5).seen
        hops, got = follow(stack, f"{site(stack, to)}{WHOAMI if seen else '/'}")
        last = hops[-1]
        return OverHttps(
            site(stack, to),
            name,
            to.port,
            ports,
            True,
            last.url,
            got.status if got else last.status,
            last.error,
            seen,
            last.location,
            circular(hops),
        )


def _port(to: Address, speaks: Speaks, name: str) -> TlsPort:
    seen = shake(Address(to.host, to.port, tls=name), lenient(), seconds=SECONDS + 1)
    return TlsPort(to.port, speaks, seen.version, round(seen.seconds, 3), seen.error, seen.late)
