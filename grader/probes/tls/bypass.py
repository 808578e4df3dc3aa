"""Ways to the app without TLS: every published port is asked in plain HTTP, under every name that may be served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.session import LOGIN, jar_of, log_in
from grader.probes.base import Probe, nonce
from grader.probes.edge.static import whole
from grader.probes.greeting import Speaks
from grader.probes.http import Greet, send
from grader.probes.pages import same_page
from grader.probes.stack.published import is_local
from grader.probes.topology import WHOAMI, whoami
from grader.stacks.base import Stack
from grader.stacks.dealings import Address, loopback

SECONDS = 3.0  # that an answer may take


@dataclass(frozen=True, slots=True)
class Way:
    """A published port that speaks plain HTTP. `served` is what of the app it gave away, "" when nothing.

    `host` is the name under which it did; `local` says that only this machine can use the port.
    """

    service: str
    address: str
    port: int
    local: bool
    host: str
    served: str

    @property
    def where(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Ways:
    """`asked` counts the published ports, whatever they speak."""

    asked: int
    plain: tuple[Way, ...]


@dataclass(frozen=True)
class PlainWays(Probe[Ways]):
    """Tries to get at the app over every published port, without TLS."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Ways:
        running = [service for service in stack.services() if service.running]
        bound = [(service.service, port) for service in running for port in service.published]
        places = {(loopback(port.address), port.host_port): (name, port.address) for name, port in bound}
        _, page = whole(stack, "/")
        home = page.decode("utf-8", "replace")
        ways = []
        for (host, number), (name, address) in places.items():
            if stack.ask(Greet(host, number)).speaks is not Speaks.HTTP:
                continue
            asked, served = _served(stack, Address(host, number), home)
            ways.append(Way(name, host, number, is_local(address), asked, served))
        return Ways(len(places), tuple(ways))


def names(stack: Stack, port: int) -> tuple[str, ...]:
    """What a client may write into its Host header: the site's names, those of this machine, and none of them."""
    known = (*stack.settings.hosts, "localhost", "127.0.0.1", f"{nonce()}.example")
    return tuple(f"{name}:{port}" for name in dict.fromkeys(known))


def _served(stack: Stack, to: Address, home: str) -> tuple[str, str]:
    """The name under which a plain port serves the app, and what; two times "" when it does not."""
    for host in names(stack, to.port):
        if whoami(stack, to, host=host, seconds=SECONDS).seen:
            return host, f"GET {WHOAMI}"
        got = send(stack, to, "/", host=host, seconds=SECONDS)
        if got.status == 200 and same_page(got.body, home[: len(got.body)]):
            return host, "GET /"
    login = log_in(stack, to).answer
    return ("", "") if not jar_of(login) else (names(stack, to.port)[0], f"POST {LOGIN}")
