"""What the plain HTTP port answers: does it lead to HTTPS, and only there, and does an ACME server get through?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.session import LOGIN
from grader.probes.base import Probe, nonce
from grader.probes.edge.hops import Hop, circular, follow, front_door, joined
from grader.probes.edge.static import StaticFiles
from grader.probes.http import Entry, HttpAnswer, answer, request, send, site
from grader.probes.pages import same_page
from grader.probes.tls.handshake import lenient, shake
from grader.probes.topology import WHOAMI
from grader.stacks.base import NotApplicable, Stack
from grader.stacks.dealings import HOST, Address

STYLE = "/static/app.css"  # where the home page links no file
EVIL = "evil.example"  # a name that nobody has: RFC 2606
INJECTED = "X-Injected"
CHALLENGE = "/.well-known/acme-challenge/"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request to the plain port and its answer; `location` is absolute. `loop` says that following it has no end."""

    method: str
    path: str
    status: int
    error: str
    location: str
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Redirected:
    """`plain` is the site over plain HTTP, "" when no published port speaks it. `port` is where it is over HTTPS."""

    plain: str
    host: str
    port: int
    sent: tuple[Sent, ...]


@dataclass(frozen=True)
class RedirectsOf(Probe[Redirected]):
    """Asks the plain port for several pages, in several ways, and follows where it leads."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Redirected:
        to, plain, name = stack.ask(Entry()), front_door(stack), stack.settings.hosts[0]
        if plain is None:
            return Redirected("", name, to.port, ())
        file = _file(stack)
        wanted = (("GET", f"{WHOAMI}?a=1&b=2"), ("GET", file), ("GET", f"/{nonce()}"), ("POST", LOGIN), ("HEAD", "/"))
        sent = tuple(_sent(stack, plain, method, path) for method, path in wanted)
        return Redirected(site(stack, plain), name, to.port, sent)


def _file(stack: Stack) -> str:
    try:
        return stack.ask(StaticFiles()).files[0].path
    except NotApplicable:
        return STYLE


def _sent(stack: Stack, plain: Address, method: str, path: str) -> Sent:
    host = f"{stack.settings.hosts[0]}:{plain.port}"  # as a browser sends it
    got = send(stack, plain, path, method=method, host=host)
    target = got.header("Location") if 300 <= got.status < 400 else ""
    hops: tuple[Hop, ...] = ()
    if target and method == "GET":
        hops, _ = follow(stack, f"http://{host}{path}")
    return Sent(
        method, path, got.status, got.error, joined(f"http://{host}{path}", target), bool(hops) and circular(hops)
    )


# --- somewhere else -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lure:
    """A request that tries to be led astray. `host` is its Host header, `header` another one of its own."""

    what: str
    target: str
    host: str = ""
    header: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Lured:
    """`location` is absolute; `injected` says that the answer has a header that was written into the path."""

    lure: Lure
    status: int
    error: str
    location: str
    injected: bool


@dataclass(frozen=True, slots=True)
class Luring:
    plain: str
    hosts: tuple[str, ...]
    tried: tuple[Lured, ...]


@dataclass(frozen=True)
class LureAway(Probe[Luring]):
    """Asks the plain port in ways that would make a careless redirect lead to another site."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Luring:
        plain = front_door(stack)
        if plain is None:
            raise NotApplicable("nothing is published that speaks plain HTTP, so nothing redirects")
        own = f"{stack.settings.hosts[0]}:{plain.port}"
        return Luring(
            site(stack, plain), stack.settings.hosts, tuple(_lured(stack, plain, own, one) for one in lures())
        )


def lures() -> tuple[Lure, ...]:
    header = f"%0d%0a{INJECTED}:%20yes"
    return (
        Lure("another name as Host", "/bench/whoami", host=EVIL),
        Lure("a whole URL of another site", f"http://{EVIL}/bench/whoami"),
        Lure("a path that begins like a URL", f"//{EVIL}/%2f.."),
        Lure("a path that begins with a backslash", f"/\\{EVIL}/"),
        Lure("a path without its first slash", f".{EVIL}/"),
        Lure("a path with a line break in it", f"/{header}"),
        Lure("a line break below a folder", f"/static/{header}"),
        Lure("X-Forwarded-Host", "/bench/whoami", header=("X-Forwarded-Host", EVIL)),
    )


def _lured(stack: Stack, plain: Address, own: str, lure: Lure) -> Lured:
    host = lure.host or own
    headers = (lure.header,) if lure.header[0] else ()
    got = answer(stack.exchange(HOST, plain, request(lure.target, host=host, headers=headers)))
    target = got.header("Location") if 300 <= got.status < 400 else ""
    location = joined(f"http://{own}/", target)
    return Lured(lure, got.status, got.error, location, bool(got.header(INJECTED)))


# --- the ACME server's question -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Challenged:
    """What a question like the ACME server's got in the end, at `url`.

    `apps` says that it was the page that the app has for unknown paths; `usual` is that page's status. `proves` says
    that the server of the site takes part in ACME itself: real questions it answers before anybody else sees them.
    """

    asked: str
    url: str
    status: int
    error: str
    apps: bool
    usual: int
    away: bool
    proves: bool = False


@dataclass(frozen=True)
class AskChallenge(Probe[Challenged]):
    """Asks for a challenge that nobody has put there, as the ACME server would, and follows where that leads."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Challenged:
        plain = front_door(stack)
        if plain is None:
            raise NotApplicable(
                "nothing is published that speaks plain HTTP: this certificate is proved in another way"
            )
        word = nonce()
        asked = f"{site(stack, plain)}{CHALLENGE}{word}"
        hops, got = follow(stack, asked)
        entry = stack.ask(Entry())
        usual = send(stack, entry, f"/{nonce()}")
        last = hops[-1]
        apps = got is not None and got.status == usual.status and alike(got, usual)
        proves = apps and bool(entry.tls) and proves_itself(entry)
        return Challenged(asked, last.url, last.status, last.error, apps, usual.status, got is None, proves)


def proves_itself(to: Address) -> bool:
    """Whether a TLS server knows acme-tls/1 (RFC 8737), as one does that gets its certificates itself (Caddy, Traefik).

    It agrees to the protocol and then has nothing to prove (internal_error); others do not know it at all.
    """
    context = lenient()
    context.set_alpn_protocols(["acme-tls/1"])
    return "internal error" in shake(to, context).error


def alike(one: HttpAnswer, other: HttpAnswer) -> bool:
    """Whether two answers are the same page, whatever path they quote."""
    return one.header("Content-Type") == other.header("Content-Type") and same_page(one.body, other.body)
