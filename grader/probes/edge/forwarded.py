"""What the app believes of host, port, prefix and scheme, and whose requests it answers at all.

Only the app knows what it believes, so these questions go to the bench (`whoami` and `redirect`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, nonce
from grader.probes.edge.clients import KNOWS
from grader.probes.edge.static import whole
from grader.probes.http import Entry, answer, parse, request, scheme_of, send, site
from grader.probes.pages import same_page
from grader.probes.topology import WHOAMI, Whoami, require_bench, whoami
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import HOST

NAMES = 3  # of the learner's host names that are tried
REDIRECT = "/bench/redirect"
FAKE_HOST, FAKE_PORT, FAKE_PATH = "evil.example", "6666", "/evil"  # a name that nobody has: RFC 2606
# What claims the other scheme than that of the connection: https over plain HTTP, and http over TLS.
SCHEME_SPOOFS = {
    "http": (
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Ssl", "on"),
        ("X-Forwarded-Protocol", "ssl"),
        ("X-Url-Scheme", "https"),
        ("Front-End-Https", "on"),
        ("Forwarded", "proto=https"),
    ),
    "https": (
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Proto", "ftp"),
        ("X-Forwarded-Ssl", "off"),
        ("X-Forwarded-Protocol", "http"),
        ("X-Url-Scheme", "http"),
        ("Front-End-Https", "off"),
        ("Forwarded", "proto=http"),
    ),
}


def host_spoofs(host: str) -> tuple[tuple[str, str, str], ...]:
    """Header, value, and the mark that shows in links of an app that believes it. `host` is a name the site has."""
    return (
        ("X-Forwarded-Host", FAKE_HOST, FAKE_HOST),
        ("X-Forwarded-Host", f"{host}:{FAKE_PORT}", f":{FAKE_PORT}"),  # gets past a list of trusted names
        ("X-Forwarded-Port", FAKE_PORT, f":{FAKE_PORT}"),
        ("X-Forwarded-Prefix", FAKE_PATH, FAKE_PATH),
        ("X-Script-Name", FAKE_PATH, FAKE_PATH),
        ("Forwarded", f"host={FAKE_HOST}", FAKE_HOST),
        ("X-Forwarded-Server", FAKE_HOST, FAKE_HOST),
        ("X-Original-Host", FAKE_HOST, FAKE_HOST),
        ("X-Rewrite-URL", FAKE_PATH, FAKE_PATH),
        ("X-Original-URL", FAKE_PATH, FAKE_PATH),
    )


@dataclass(frozen=True, slots=True)
class Believed:
    """What the app made of a request with one made-up header; status and error say what became of the request.

    `url` and `root` are the link that the app built and the prefix it thinks it has, `location` is where its redirect
    pointed. `mark` shows in one of them when the header was believed.
    """

    header: str
    value: str
    mark: str
    status: int
    error: str
    scheme: str
    url: str
    root: str
    location: str


@dataclass(frozen=True, slots=True)
class Beliefs:
    """`transport` is the scheme of the connection itself; `plain` is what the app makes of an honest request."""

    transport: str
    plain: Believed
    told: tuple[Believed, ...]
    site: str


@dataclass(frozen=True)
class SpoofHost(Probe[Beliefs]):
    """Whether headers that a client makes up change the host, port or prefix in the links that the app builds."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Beliefs:
        return _beliefs(stack, host_spoofs(stack.settings.hosts[0]))


@dataclass(frozen=True)
class SpoofScheme(Probe[Beliefs]):
    """Whether headers that a client makes up change the scheme that the app believes in."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Beliefs:
        return _beliefs(stack, scheme_spoofs(scheme_of(stack.ask(Entry()))))


def scheme_spoofs(transport: str) -> tuple[tuple[str, str, str], ...]:
    """Header, value, and the mark of links of an app that believes it, for connections that are `transport`."""
    other = "https:" if transport == "http" else "http:"
    return tuple((name, value, "ftp:" if value == "ftp" else other) for name, value in SCHEME_SPOOFS[transport])


def _beliefs(stack: Stack, spoofs: tuple[tuple[str, str, str], ...]) -> Beliefs:
    require_bench(stack, KNOWS)
    told, to = tuple(_believed(stack, *spoof) for spoof in spoofs), stack.ask(Entry())
    return Beliefs(scheme_of(to), _believed(stack, "", "", ""), told, site(stack, to))


def _believed(stack: Stack, header: str, value: str, mark: str, host: str = "") -> Believed:
    to = stack.ask(Entry())
    headers = ((header, value),) if header else ()
    who = whoami(stack, to, headers=headers, host=host)
    away = send(stack, to, REDIRECT, headers=headers, host=host)
    return believed_of(header, value, mark, who, away.header("Location"))


def believed_of(header: str, value: str, mark: str, who: Whoami, location: str) -> Believed:
    status = who.status if who.seen or who.status != 200 else 0
    error = who.error or ("" if who.seen else "not the bench's answer")
    return Believed(header, value, mark, status, error, who.scheme, who.url_external, who.script_root, location)


@dataclass(frozen=True, slots=True)
class HostsKept:
    """For each Host that was asked for (in `value`): the links that the app built. `port` is the published one."""

    asked: tuple[Believed, ...]
    port: int
    site: str


@dataclass(frozen=True)
class KeepHost(Probe[HostsKept]):
    """The links that the app builds when the site is asked by its own names, without and with the port."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> HostsKept:
        require_bench(stack, KNOWS)
        to = stack.ask(Entry())
        names = [name + port for name in stack.settings.hosts[:NAMES] for port in ("", f":{to.port}")]
        asked = tuple(_believed(stack, "Host", name, "", host=name) for name in names)
        return HostsKept(asked, to.port, site(stack, to))


class How(StrEnum):
    """How a request says that it is for another site."""

    NAMED = "another name"
    EMPTY = "an empty Host"
    TWICE = "two Host headers"
    ABSOLUTE = "a whole URL of another site"


@dataclass(frozen=True, slots=True)
class Stranger:
    """What a request for `name`, a site that is not here, got.

    `same` says that it was the page that the site's own name gets, `named` that the answer uses the foreign name.
    """

    how: How
    name: str
    status: int
    error: str
    location: str
    same: bool
    named: bool


@dataclass(frozen=True, slots=True)
class Strangers:
    """`path` is what was asked for; under the site's own name its status is `control`."""

    path: str
    control: int
    tried: tuple[Stranger, ...]
    site: str


@dataclass(frozen=True)
class ForeignHosts(Probe[Strangers]):
    """What requests get that name another site, none, or two."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Strangers:
        to = stack.ask(Entry())
        for path in ("/", stack.settings.static_path, "/healthz"):
            answered, body = whole(stack, path) if path else (None, b"")
            if answered and 200 <= answered.status < 400:
                page = body.decode("utf-8", "replace")
                tried = tuple(_stranger(stack, how, path, page) for how in How)
                return Strangers(path, answered.status, tried, site(stack, to))
        raise CouldNotLook(Reason.UNREACHABLE, "the site shows no page under its own name that could be compared")


def _stranger(stack: Stack, how: How, path: str, page: str) -> Stranger:
    own, name = stack.settings.hosts[0], f"{nonce()}.example"
    # Of a whole URL the host decides, not the Host header (RFC 9112 §3.2.2): the app must not hear of that name.
    to = stack.ask(Entry())
    target = f"{scheme_of(to)}://{name}{WHOAMI}?nonce=1" if how is How.ABSOLUTE else path
    hosts = {How.NAMED: (name,), How.EMPTY: ("",), How.TWICE: (own, name), How.ABSOLUTE: (own,)}[how]
    got = stack.exchange(HOST, to, request(target, headers=tuple(("Host", host) for host in hosts)))
    answered, body = answer(got), parse(got.raw)[2].decode("utf-8", "replace")
    return Stranger(
        how,
        name,
        answered.status,
        answered.error,
        answered.header("Location"),
        how is not How.ABSOLUTE and 200 <= answered.status < 300 and same_page(body, page),
        name in body,
    )
