"""Is a developer's debugger, or the mode it belongs to, switched on in what runs?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.contract import BOOM
from grader.probes.base import Probe, nonce
from grader.probes.http import Entry, parse, request, send, site
from grader.probes.topology import app_of, needs_bench, whoami
from grader.stacks.base import Stack
from grader.stacks.dealings import HOST, Address, Vantage

# The debugger serves its own script from every URL; asking for it provokes no error.
ASSET = "/?__debugger__=yes&cmd=resource&f=debugger.js"
CONSOLE = "/console"
STRANGER = "debugger.example"  # the debugger answers only names it trusts; an app behind a proxy hears others too
MARKS = (b"__debugger__", b"EVALEX")  # words of Werkzeug's debugger pages and of its script


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one address gave away. `console` is the host name with which /console opened, "" when it never did.

    `page` says that an unhandled error was answered with the debugger's page (None: no endpoint fails on purpose).
    """

    place: str
    edge: bool
    asset_status: int
    asset: bool
    console: str
    page: bool | None


@dataclass(frozen=True, slots=True)
class Sightings:
    site: str
    service: str
    port: int  # of the app, inside its container
    seen: tuple[Sighting, ...]


@dataclass(frozen=True)
class Debugger(Probe[Sightings]):
    """Looks for Werkzeug's debugger at the edge and at every address where the app listens."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Sightings:
        entry, app = stack.ask(Entry()), app_of(stack)
        bench = whoami(stack, app.addresses()[0], via=app.via).seen
        seen = [_look(stack, HOST, entry, "the edge", edge=True, bench=bench)]
        for to in (*app.addresses(), *app.other_addresses()):
            place = f"{app.service.service}, {to.path or f'port {to.port}'}"
            seen.append(_look(stack, app.via, to, place, edge=False, bench=bench))
        return Sightings(site(stack, entry), app.service.service, app.addresses()[0].port, tuple(seen))


def _look(stack: Stack, via: Vantage, to: Address, place: str, *, edge: bool, bench: bool) -> Sighting:
    status, kind, script = _body(stack, via, to, ASSET)
    names = (stack.settings.hosts[0], "localhost", STRANGER)
    consoles = (name for name in dict.fromkeys(names) if _shows_debugger(_body(stack, via, to, CONSOLE, name)[2]))
    page = _shows_debugger(_body(stack, via, to, f"{BOOM}?m={nonce()}")[2]) if bench else None
    # A page that only repeats the URL holds the mark too: the debugger sends a script.
    asset = "javascript" in kind and _shows_debugger(script)
    return Sighting(place, edge, status, asset, next(consoles, ""), page)


def _body(stack: Stack, via: Vantage, to: Address, path: str, host: str = "") -> tuple[int, str, bytes]:
    """Status, kind and whole body: the marks of a debugger page are far below its first lines."""
    got = stack.exchange(via, to, request(path, host=host or stack.settings.hosts[0]))
    status, headers, body, _ = parse(got.raw)
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    return status, kind, body


def _shows_debugger(body: bytes) -> bool:
    return any(mark in body for mark in MARKS)


@dataclass(frozen=True, slots=True)
class Boom:
    """How an unhandled error was answered on the app's own port; `own` says that the app's own handler wrote it."""

    service: str
    port: int
    status: int
    own: bool
    kind: str
    length: int
    error: str


@dataclass(frozen=True)
class Explode(Probe[Boom]):
    """An error that the app does not catch, asked for beside the app so that no proxy can paint it over."""

    seconds: ClassVar[float] = 1.0

    def ask(self, stack: Stack, /) -> Boom:
        app = app_of(stack)
        to = app.addresses()[0]
        if not whoami(stack, to, via=app.via).seen:
            raise needs_bench("an endpoint that fails")
        answered = send(stack, to, f"{BOOM}?m={nonce()}", via=app.via)
        return Boom(
            service=app.service.service,
            port=to.port,
            status=answered.status,
            own=answered.header("X-App-Error") == "1",
            kind=answered.header("Content-Type"),
            length=answered.length,
            error=answered.error,
        )
