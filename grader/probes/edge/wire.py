"""Whether a request reaches the app as it was sent: path, query, method and body."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote

from grader.probes.base import Probe
from grader.probes.edge.bodies import OCTETS, chunked
from grader.probes.edge.smuggling import converse
from grader.probes.http import Entry, HttpAnswer, json_of, parse, request, send, site, text_of
from grader.probes.topology import require_bench
from grader.stacks.base import Stack

ECHO = "/bench/echo/"
BODY = b"a=1&b=two\r\n\r\n\xff\x00 the end"  # bytes that a careless proxy may cut or change
PATHS = (
    "a%20b/%C3%A9?x=1&x=2&e=",
    "folder/",
    "a//b",
    "a;p=1",
    "a+b%2Bc?q=a+b%20c&empty",
)
METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Said:
    """Method, decoded path, query and body of a request; of HEAD the app can say nothing."""

    method: str
    path: str
    query: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Echoed:
    """A request and what the app says it was; `got` is None when the answer is not the app's. `how` is for people."""

    how: str
    sent: Said
    status: int
    error: str
    got: Said | None
    surplus: int = 0  # bytes after the head of an answer to HEAD


@dataclass(frozen=True, slots=True)
class Echoes:
    echoes: tuple[Echoed, ...]
    site: str


@dataclass(frozen=True)
class Echo(Probe[Echoes]):
    """Unusual but valid requests to the bench's echo, through the proxy."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Echoes:
        require_bench(stack, "an endpoint that echoes requests")
        echoes = [_echo(stack, "GET", ECHO + path, (), b"") for path in PATHS]
        echoes += [_echo(stack, method, ECHO + "body", (), BODY) for method in METHODS]
        echoes.append(_echo(stack, "POST", ECHO + "chunks", (("Transfer-Encoding", "chunked"),), BODY))
        echoes.append(_head(stack))
        return Echoes(tuple(echoes), site(stack, stack.ask(Entry())))


def _echo(stack: Stack, method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Echoed:
    wire = chunked(body) if headers else body
    answered = send(stack, stack.ask(Entry()), target, method=method, headers=(*headers, OCTETS), body=wire)
    path, _, query = target.partition("?")
    sent = Said(method, unquote(path), query, hashlib.sha256(body).hexdigest())
    how = f"{method} {target}" + (" in chunks" if headers else "")
    return Echoed(how, sent, answered.status, answered.error, said_by(answered))


def said_by(answered: HttpAnswer) -> Said | None:
    raw = json_of(answered)
    if not isinstance(raw.get("path"), str):
        return None
    return Said(*(text_of(raw.get(key)) for key in ("method", "path", "query", "sha256")))


def _head(stack: Stack) -> Echoed:
    # Read to the end of the connection, as if there were a body: there must be none.
    data = request(ECHO + "head", method="HEAD", host=stack.settings.hosts[0])
    raw = converse(stack.ask(Entry()), data, 2.0)
    head, _, rest = raw.partition(b"\r\n\r\n")
    sent = Said("HEAD", ECHO + "head", "", hashlib.sha256(b"").hexdigest())
    return Echoed(f"HEAD {ECHO}head", sent, parse(head + b"\r\n\r\n", "HEAD")[0], "", None, len(rest))
