"""HTTP as it is spoken on the wire: nothing is rewritten, followed, decompressed or taken from the environment.

Requests are bytes built here and sent on a connection of their own (RFC 9112); `http.client` takes the answers apart.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from grader.model import Reason
from grader.probes.base import Probe, in_role
from grader.probes.greeting import Greeting, Speaks
from grader.stacks.arrivals import Arrivals, doors, told_entry
from grader.stacks.base import BODY_CAP, CouldNotLook, Stack
from grader.stacks.dealings import HOST, Address, Exchange, From, Vantage, loopback
from grader.stacks.exchange import final_from

EXCERPT = 4096  # bytes of a body that evidence keeps
SECONDS = 10.0  # for a whole exchange
GREETING_SECONDS = 3.0  # that an answer of a published port may take
# How OpenSSL begins the names of alerts that came from the other side: only who speaks TLS sends one.
TLS_REFUSALS = tuple(f"TLS handshake failed: {start}" for start in ("tlsv1", "sslv3 alert"))
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"  # nothing in a request tells the grader from a browser


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One response, or why there is none (`error`, then `status` is 0).

    `body` is at most EXCERPT bytes of it, decoded with replacement; `length` and `sha256` are of all that was read.
    `cut` says that a bound ended the reading. Header names keep their spelling; look them up with `header`.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    length: int
    sha256: str
    seconds: float
    error: str = ""
    cut: bool = False

    def header(self, name: str) -> str:
        """All values of a header joined with ", " (RFC 9110 §5.3); "" when it is absent."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def seen(self) -> str:
        """What came back, for a sentence: "200", or "connection refused"."""
        return str(self.status) if self.status else self.error or "no HTTP response"


def request(
    path: str,
    *,
    method: str = "GET",
    host: str = "localhost",
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> bytes:
    """The bytes of a request that asks for the connection to be closed. A header given here replaces our own."""
    given = tuple(headers.items()) if isinstance(headers, Mapping) else headers
    own = (("Host", host), ("User-Agent", AGENT), ("Accept", "*/*"), ("Connection", "close"))
    names = {name.lower() for name, _ in given}
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in own if name.lower() not in names]
    lines += [f"{name}: {value}" for name, value in given]
    if (body or method in ("POST", "PUT", "PATCH")) and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def answer(exchange: Exchange, method: str = "GET") -> HttpAnswer:
    """The response in an exchange. Bytes that are no HTTP/1 response give status 0 and an error."""
    status, headers, body, error = parse(exchange.raw, method)
    return HttpAnswer(
        status=status,
        headers=headers,
        body=body[:EXCERPT].decode("utf-8", "replace"),
        length=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        seconds=round(exchange.total, 3),
        error=exchange.error or error,
        cut=exchange.cut,
    )


def parse(raw: bytes, method: str = "GET", cap: int = BODY_CAP) -> tuple[int, tuple[tuple[str, str], ...], bytes, str]:
    """Status, headers, body and error of the first final response in `raw`; the body is as sent, not decompressed."""
    raw = raw[final_from(raw) :]  # http.client passes over 100 itself, and takes 102 and 103 for final
    if not raw:
        return 0, (), b"", "no answer"
    if raw.startswith(b"HTTP/") and raw[9:10] == b"1" and raw[9:12] != b"101":
        return 0, (), b"", "no final response"
    response = http.client.HTTPResponse(cast("socket.socket", _Answered(raw)), method=method)
    try:
        response.begin()
        try:
            body, error = response.read(cap), ""
        except http.client.IncompleteRead as trouble:
            body, error = trouble.partial, "the body ended early"
        return response.status, tuple(response.getheaders()), body, error
    except (http.client.HTTPException, ValueError, OSError) as trouble:
        return 0, (), raw, f"no HTTP response ({type(trouble).__name__})"


class _Answered:
    """A socket that has already said all it has to say."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def send(
    stack: Stack,
    to: Address,
    path: str,
    *,
    via: Vantage = HOST,
    method: str = "GET",
    host: str = "",
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    seconds: float = SECONDS,
    cap: int = BODY_CAP,
) -> HttpAnswer:
    """One request on one connection. `host` defaults to the first of the learner's host names."""
    data = request(path, method=method, host=host or stack.settings.hosts[0], headers=headers, body=body)
    got = stack.exchange(via, to, data, seconds=seconds, cap=cap, head_only=method == "HEAD")
    return answer(got, method)


def json_of(answered: HttpAnswer) -> dict[str, Any]:
    """The JSON object of a body; {} when it is anything else."""
    if answered.length > EXCERPT:
        return {}
    try:
        value = json.loads(answered.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """A JSON value that should be a string."""
    return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Greet(Probe[Greeting]):
    """Says hello to a port of this machine: plain HTTP first, then TLS where the answer leaves that open.

    A TLS port answers plain HTTP with 400, with a redirect to itself, or by hanging up: so does many a plain one.
    """

    host: str
    port: int
    seconds: ClassVar[float] = GREETING_SECONDS

    def ask(self, stack: Stack, /) -> Greeting:
        return greeted(stack, Address(self.host, self.port))


def greeted(stack: Stack, to: Address, *, via: Vantage = HOST) -> Greeting:
    """What an address speaks and says, asked from any vantage. Greet asks it from this machine, once a run."""
    plain = _hello(stack, replace(to, tls=""), via)
    if (plain.status not in (0, 400) and not plain.doorman) or plain.error in ("timed out", "connection refused"):
        return plain
    secret = _hello(stack, replace(to, tls=stack.settings.hosts[0]), via)
    # A busy server's handshake takes its time. What hung up on plain HTTP may be a database: that one never answers.
    if secret.error == "timed out" and plain.status:
        secret = _hello(stack, secret.to, via)
    return secret if secret.speaks is Speaks.TLS else plain


def _hello(stack: Stack, to: Address, via: Vantage) -> Greeting:
    got = stack.exchange(via, to, request("/", host=stack.settings.hosts[0]), seconds=GREETING_SECONDS)
    said, speaks = answer(got), Speaks.SILENCE
    if to.tls and (got.tls or got.error.startswith(TLS_REFUSALS)):
        speaks = Speaks.TLS
    elif said.status and not to.tls:
        speaks = Speaks.HTTP
    return Greeting(to, speaks, said.status, said.header("Location"), "" if said.status else said.error)


@dataclass(frozen=True)
class Greetings(Probe[tuple[Greeting, ...]]):
    """Every port that the edge publishes, greeted; the lowest first. A stack without one is UNREACHABLE."""

    def ask(self, stack: Stack, /) -> tuple[Greeting, ...]:
        edge = in_role(stack, "edge")
        ports = sorted({(door.host_port, loopback(door.address)) for service in edge for door in doors(stack, service)})
        if not ports:
            raise CouldNotLook(Reason.UNREACHABLE, "no service publishes a port")
        return tuple(stack.ask(Greet(host, number)) for number, host in ports)


@dataclass(frozen=True)
class EveryGreeting(Probe[tuple[Greeting, ...]]):
    """Every published port, greeted side by side: what speaks no HTTP may say nothing until the time is over."""

    seconds: ClassVar[float] = GREETING_SECONDS

    def ask(self, stack: Stack, /) -> tuple[Greeting, ...]:
        bound = [port for service in stack.services() if service.running for port in service.published]
        places = sorted({(loopback(port.address), port.host_port) for port in bound})
        with ThreadPoolExecutor(max(1, len(places))) as side_by_side:
            return tuple(side_by_side.map(lambda place: stack.ask(Greet(*place)), places))


@dataclass(frozen=True)
class Entry(Probe[Address]):
    """Where the site is: the published address at which a browser on this machine ends up.

    That is the port that shows most of the site, and of several the one that speaks TLS. An app that is down changes
    nothing about it: whoever only redirects to HTTPS stays behind one that shows an error. Of equal ones, a page of the
    proxy's own (its statistics, say) stays behind the one that leads to the app.
    """

    def ask(self, stack: Stack, /) -> Address:
        scheme, host, port = told_entry(stack.settings)
        if port:
            doors_of = (d for s in stack.services() if s.service == host and s.running for d in doors(stack, s))
            there = next((loopback(door.address) for door in doors_of), host or "127.0.0.1")
            tls = stack.settings.hosts[0] if scheme == "https" else ""
            return Address(there, port, tls=tls) if scheme else stack.ask(Greet(there, port)).to
        found = stack.ask(Greetings())
        best = max((greeting.rank, bool(greeting.to.tls)) for greeting in found)
        equal = [greeting.to for greeting in found if (greeting.rank, bool(greeting.to.tls)) == best]
        return equal[0] if len(equal) == 1 else _leading(stack, equal)


def _leading(stack: Stack, places: list[Address]) -> Address:
    """The first of several addresses from which requests arrive in the app, else the first."""
    apps = {name for role in stack.roles() if role.name == "app" for name in role.services}
    arrivals = Arrivals(tuple(s for s in stack.services() if s.running and not s.one_shot), stack)
    return next((to for to in places if apps.intersection(arrivals.woken(to))), places[0])


@dataclass(frozen=True)
class PlainEntry(Probe[Address | None]):
    """The published port that speaks plain HTTP, whatever it says there; None when all speak TLS."""

    def ask(self, stack: Stack, /) -> Address | None:
        return next((found.to for found in stack.ask(Greetings()) if found.speaks is Speaks.HTTP), None)


@dataclass(frozen=True)
class Get(Probe[HttpAnswer]):
    """One GET through the edge, as a browser on this machine would send it."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    host: str = ""
    seconds: ClassVar[float] = 1.0

    def ask(self, stack: Stack, /) -> HttpAnswer:
        return send(stack, stack.ask(Entry()), self.path, headers=self.headers, host=self.host)


def site(stack: Stack, to: Address) -> str:
    """What to give a browser or curl to reach `to`: the learner's host name and the real port."""
    return f"{scheme_of(to)}://{stack.settings.hosts[0]}:{to.port}"


def scheme_of(to: Address) -> str:
    return "https" if to.tls else "http"


def client_on(network: str, number: int = 0) -> Vantage:
    return Vantage(From.CLIENT, network, number)
