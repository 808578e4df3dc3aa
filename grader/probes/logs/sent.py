"""Sends the burst: most of it from this machine, some of it from a client of a known address, and beside the app."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from grader.probes.app.server import has_bench, slow_path
from grader.probes.app.session import live_cookie
from grader.probes.base import in_role, nonce
from grader.probes.edge.clients import Way, Ways, ways_of
from grader.probes.edge.static import StaticFiles
from grader.probes.http import HttpAnswer, client_on, send
from grader.probes.logs import asked as burst
from grader.probes.logs.asked import ID_HEADERS, Ask, Secrets
from grader.probes.topology import Apps
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import HOST, Address, Vantage

ENOUGH = 16  # characters of an id by which lines can be told to be about one request
RUBBISH = "rubbish"  # the name of the request that is none


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of the burst and its answer. `answered` is on the monotonic clock; `id` came back in `id_header`.

    `least` seconds the answer had to take; `client` is the address that it came from, where that is known.
    """

    name: str
    word: str
    method: str
    path: str
    status: int
    error: str
    seconds: float
    answered: float
    id_header: str = ""
    id: str = ""
    client: str = ""
    least: float = 0.0

    @property
    def marks(self) -> tuple[str, ...]:
        """What a line about this request has in it: its word, or the id that came back."""
        return (self.word, self.id) if len(self.id) >= ENOUGH else (self.word,)


@dataclass
class Sender:
    """Collects what it sends."""

    stack: Stack
    to: Address
    sent: list[Sent] = field(default_factory=list)

    def all(self, secrets: Secrets) -> None:
        """The whole burst. Last comes what is awaited: it should not have had time to come late."""
        bench, (file, folder) = has_bench(self.stack), _static(self.stack)
        with ThreadPoolExecutor(1) as beside:
            slow = beside.submit(self._slow)
            self.many(burst.ordinary(bench, file))
            self.many(burst.secret(bench, secrets))
            self.many(burst.malicious(bench, folder))
            self.many(burst.identified(bench))
            self._from_clients()
            self._to_the_server()
            slow.result()
        self.many(burst.awaited(bench))

    def many(self, asks: Iterable[Ask]) -> None:
        for ask in asks:
            self.one(ask, self.to, HOST)

    def one(self, ask: Ask, to: Address, via: Vantage, client: str = "") -> None:
        got = send(self.stack, to, ask.target, via=via, method=ask.method, headers=ask.headers, body=ask.body)
        answered, (header, value) = time.monotonic(), given_id(got)
        about = (ask.name, ask.word, ask.method, ask.path)
        self.sent.append(Sent(*about, got.status, got.error, got.seconds, answered, header, value, client, ask.least))

    def _slow(self) -> None:
        seconds = burst.slow_seconds()
        with contextlib.suppress(NotApplicable):  # no endpoint is slow
            path = slow_path(self.stack, seconds)
            self.many([burst.slow(path, seconds if has_bench(self.stack) else burst.SLEPT[0])])

    def _from_clients(self) -> None:
        """One honest request and one with a made-up address, from a client whose address is known."""
        for way in self._ways()[:1]:
            client = client_on(way.network)
            address = self.stack.client_address(client)
            for ask in burst.from_clients():
                self.one(ask, way.to, client, address)

    def _ways(self) -> tuple[Way, ...]:
        """Where a client on a network of the stack meets the site: as the bench says, or by the published port."""
        try:
            return self.stack.ask(Ways())
        except (NotApplicable, CouldNotLook):
            edge = in_role(self.stack, "edge")[0]
            own = dict.fromkeys((port.port for port in edge.published if port.host_port == self.to.port), self.to.tls)
            return tuple(way for way in ways_of(edge, frozenset(), own) if way.to.port in own)

    def _to_the_server(self) -> None:
        """A request that is none, past the proxy: what the app's server says of it is in its own words."""
        with contextlib.suppress(CouldNotLook):
            app, word = self.stack.ask(Apps())[0], nonce()
            data = f"GET / HTTP/{word}\r\nHost: localhost\r\n\r\n".encode()
            got = self.stack.exchange(app.via, app.addresses()[0], data, seconds=2.0)
            self.sent.append(Sent(RUBBISH, word, "GET", "/", 0, got.error, got.total, time.monotonic()))


def cookie_of(stack: Stack) -> str:
    """The Cookie header of a fresh login; "" where there is none to be had."""
    try:
        return live_cookie(stack)
    except (NotApplicable, CouldNotLook):
        return ""


def _static(stack: Stack) -> tuple[str, str]:
    """A static file and its folder; empty on a site without any."""
    try:
        file = stack.ask(StaticFiles()).files[0]
    except NotApplicable:
        return "", ""
    return file.path, file.folder


def given_id(answered: HttpAnswer) -> tuple[str, str]:
    """The header that carries a response's id, and the id; of a traceparent the trace id (W3C Trace Context §3.2)."""
    for name in ID_HEADERS:
        value = answered.header(name)
        if value:
            version, _, rest = value.partition("-")
            return name, rest.partition("-")[0] if name == "traceparent" and version == "00" else value
    return "", ""
