"""Requests whose end can be read in two ways: how many answers they get, and who gets them."""

from __future__ import annotations

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe, nonce
from grader.probes.edge.bodies import UPLOAD
from grader.probes.http import AGENT, Entry, send, site
from grader.probes.topology import Named
from grader.stacks.base import BODY_CAP, Stack
from grader.stacks.connection import connect
from grader.stacks.dealings import Address

QUIET = 2.0  # seconds without a byte after which nothing more is expected


def converse(to: Address, data: bytes, quiet: float) -> bytes:
    """All that comes back on one connection from the host, until the peer closes it or is silent for `quiet` seconds.

    Stack.exchange stops after the first response; here a second one is what is looked for.
    """
    raw = bytearray()
    deadline = time.monotonic() + quiet
    with contextlib.suppress(OSError), connect(to.host, to.port, deadline, tls=to.tls) as sock:
        sock.settimeout(quiet)
        sock.sendall(data)
        end = time.monotonic() + 5 * quiet
        while len(raw) < BODY_CAP and time.monotonic() < end:
            chunk = sock.recv(65_536)
            if not chunk:
                break
            raw += chunk
    return bytes(raw)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An ambiguous request: a name for people, raw header lines, and a body in which one reading finds a request.

    `answers` is how many responses the whole may get: 2 where RFC 9112 §6.3 lets the chunks end the request, so that
    the rest is one of its own. To refuse or to hang up is always right.
    """

    name: str
    headers: bytes
    body: bytes
    answers: int = 1


def doubts(inner: bytes) -> tuple[Doubt, ...]:
    """Requests whose end can be read in two ways (RFC 9112 §5, §6); by one of them `inner` is a request of its own."""
    rest = b"0\r\n\r\n" + inner  # a reader of chunks stops before `inner`
    length, half = b"Content-Length: %d\r\n" % len(rest), b"Content-Length: %d\r\n" % len(inner)
    return (
        Doubt("Content-Length and Transfer-Encoding", length + b"Transfer-Encoding: chunked\r\n", rest, answers=2),
        Doubt("a folded Transfer-Encoding", length + b"Transfer-Encoding:\r\n chunked\r\n", rest, answers=2),
        Doubt("two lengths, 0 first", b"Content-Length: 0\r\n" + half, inner),
        Doubt("two lengths, 0 last", half + b"Content-Length: 0\r\n", inner),
        Doubt("an unknown Transfer-Encoding", b"Transfer-Encoding: xchunked\r\n", inner),
        Doubt("a space before the colon", b"Content-Length : %d\r\n" % len(inner), inner),
        Doubt("a bare carriage return", length + b"X-Note: a\rTransfer-Encoding: chunked\r\n", rest),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """What an ambiguous request got: the statuses of all responses on its connection, in order."""

    name: str
    statuses: tuple[int, ...]
    answers: int


@dataclass(frozen=True, slots=True)
class Smuggled:
    """`after` are the statuses of ordinary requests once all ambiguous ones were sent; `before` that of one earlier."""

    judged: tuple[Judged, ...]
    before: int
    after: tuple[int, ...]
    site: str


@dataclass(frozen=True)
class Smuggle(Probe[Smuggled]):
    """How many responses each ambiguous request gets, and whether later visitors get somebody else's."""

    seconds: ClassVar[float] = 6.0

    def ask(self, stack: Stack, /) -> Smuggled:
        to, host = stack.ask(Entry()), stack.settings.hosts[0]
        path = "/healthz" if send(stack, to, "/healthz").status == 200 else "/"
        before = send(stack, to, path).status
        # The hidden request asks for a page that is not there: whoever gets its answer by mistake gets a 404.
        inner = f"GET /{nonce()} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        target = UPLOAD if stack.ask(Named()) else "/"
        start = f"POST {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\n".encode()
        with ThreadPoolExecutor(max_workers=4) as pool:
            judged = tuple(pool.map(lambda doubt: _judge(to, start, doubt), doubts(inner)))
        after = tuple(send(stack, to, path).status for _ in range(6))
        return Smuggled(judged, before, after, site(stack, to))


def _judge(to: Address, start: bytes, doubt: Doubt) -> Judged:
    raw = converse(to, start + doubt.headers + b"\r\n" + doubt.body, QUIET)
    return Judged(doubt.name, statuses(raw), doubt.answers)


def statuses(raw: bytes) -> tuple[int, ...]:
    """The statuses of the final responses in what came back on one connection (RFC 9112 §4, §6.3)."""
    found: list[int] = []
    while start := re.match(rb"HTTP/1\.[01] (\d{3})", raw):
        head, _, rest = raw.partition(b"\r\n\r\n")
        code = int(start[1])
        if code >= 200:
            found.append(code)
        raw = rest[_body_length(code, head.lower(), rest) :]
    return tuple(found)


def _body_length(code: int, head: bytes, rest: bytes) -> int:
    if code < 200 or code in (204, 304):
        return 0
    if re.search(rb"\r\ntransfer-encoding:[^\r]*chunked", head):
        last = re.search(rb"(?:^|\r\n)0\r\n\r\n", rest)
        return last.end() if last else len(rest)
    length = re.search(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r|$)", head)
    return int(length[1]) if length else len(rest)
