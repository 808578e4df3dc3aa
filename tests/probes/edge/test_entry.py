"""Given published ports, when they are greeted, then the site is where a browser on this machine would end up."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar, cast

import pytest

from grader.model import Probe, Role
from grader.probes.edge import sidedoors
from grader.probes.edge.sidedoors import FORGED
from grader.probes.greeting import Speaks
from grader.probes.http import Entry, Greetings, PlainEntry, greeted, site
from grader.probes.topology import App, secured
from grader.stacks.base import BODY_CAP, CouldNotLook, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.exchange import exchange
from grader.stacks.memo import Memo
from grader.stacks.values import Published, ServiceFacts, Socket, Sockets
from tests.probes.listening import NAME, Handler, head_of, listening, server_context
from tests.probes.service import SERVICE, process
from tests.probes.site import response

E = TypeVar("E")
Door = tuple[Handler, bool]  # what a port does, and whether it speaks TLS


class Edge:
    """A stack whose edge publishes real ports of this machine, in the order of `ports`."""

    def __init__(self, *ports: int, entry: str = "") -> None:
        self.settings = Settings(hosts=(NAME,), entry=entry)
        self._ports, self._memo, self.asked = ports, Memo(), 0

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", ("app",), ""),)

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return (replace(SERVICE, published=tuple(Published("127.0.0.1", port, port) for port in self._ports)),)

    def sockets(self, service: ServiceFacts) -> Sockets:
        return Sockets((), ())

    def ask(self, probe: Probe[E]) -> E:
        return self._memo.once(cast("Hashable", probe), lambda: probe.ask(cast("Stack", self)))

    def exchange(
        self,
        via: Vantage,
        to: Address,
        data: bytes,
        *,
        seconds: float = 1.0,
        cap: int = BODY_CAP,
        head_only: bool = False,
    ) -> Exchange:
        self.asked += 1
        return Exchange(**exchange(to.host, to.port, data, min(seconds, 0.5), cap, head_only, to.tls))


def says(status: int, body: bytes = b"", **headers: str) -> Handler:
    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(response(status, body, **headers))

    return serve


def waits(connection: socket.socket) -> None:
    """Takes a request and never answers, as a proxy does whose app is frozen."""
    head_of(connection)
    connection.recv(1)


def secret_port(plain: Handler, secret: Handler) -> Handler:
    """A TLS port that understands plain HTTP well enough to answer it, as those of most servers do."""

    def serve(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) != b"\x16":
            plain(connection)
            return
        with server_context().wrap_socket(connection, server_side=True) as wrapped:
            secret(wrapped)

    return serve


class LateHandshake:
    """A TLS port that is too busy for the first handshake, and answers plain HTTP with 400 at any time."""

    def __init__(self) -> None:
        self.handshakes = 0

    def __call__(self, connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":
            self.handshakes += 1
            if self.handshakes == 1:
                connection.settimeout(None)
                while connection.recv(1024):  # until the other side hangs up
                    pass
                return
        NGINX(connection)


PAGE, ERROR, MISSING = says(200, b"hello"), says(502), says(404)
TO_TLS = says(308, Location=f"https://{NAME}:8443/")
TO_PLAIN = says(301, Location=f"http://{NAME}/")
LOGIN = says(302, Location="/login")
NGINX = secret_port(says(400, b"The plain HTTP request was sent to HTTPS port"), PAGE)
NGINX_497 = secret_port(TO_TLS, PAGE)


def test_a_port_whose_handshake_comes_late_speaks_tls_all_the_same() -> None:
    with listening(LateHandshake()) as to:
        assert greeted(cast("Stack", Edge(to.port)), to).speaks is Speaks.TLS


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    (
        ((PAGE, False), None, 0),
        ((PAGE, True), None, 0),  # nothing but TLS
        ((ERROR, False), None, 0),
        ((NGINX, False), None, 0),
        ((TO_TLS, False), (PAGE, True), 1),
        ((TO_TLS, False), (NGINX, False), 1),
        ((TO_TLS, False), (NGINX_497, False), 1),
        ((PAGE, True), (TO_TLS, False), 0),  # whatever the order of the ports
        ((TO_TLS, False), (ERROR, True), 1),  # the app is down: a redirect of the proxy's own is not the site
        ((TO_TLS, False), (waits, True), 1),  # the app is frozen
        ((TO_TLS, False), (TO_TLS, True), 1),  # a loop over TLS is the site's own trouble
        ((PAGE, False), (PAGE, True), 1),  # the redirect is missing: the site is there all the same
        ((PAGE, False), (LOGIN, True), 1),
        ((ERROR, False), (ERROR, True), 1),
        ((PAGE, False), (MISSING, True), 0),  # TLS leads elsewhere
        ((PAGE, False), (TO_PLAIN, True), 0),  # TLS sends everybody back
        ((TO_TLS, False), (PAGE, False), 1),  # what should be TLS is plain
    ),
)
def test_the_site_is_where_a_browser_ends_up(first: Door, second: Door | None, expected: int) -> None:
    with ExitStack() as servers:
        doors = [door for door in (first, second) if door]
        places = [
            servers.enter_context(listening(handle, tls=server_context() if tls else None)) for handle, tls in doors
        ]
        edge = Edge(*(place.port for place in places))
        entry = edge.ask(Entry())
        wanted = doors[expected]
        asked = edge.asked
        assert edge.ask(Entry()) == entry
    assert entry.port == places[expected].port
    assert entry.tls == (NAME if wanted[1] or wanted[0] in (NGINX, NGINX_497) else "")
    assert site(cast("Stack", edge), entry) == f"http{'s' if entry.tls else ''}://{NAME}:{entry.port}"
    assert edge.asked == asked  # found out once


@pytest.mark.parametrize(("handle", "tls"), ((TO_TLS, False), (PAGE, False), (PAGE, True), (NGINX, False)))
def test_the_plain_port_is_one_that_speaks_plain_http(handle: Handler, tls: bool) -> None:
    with listening(handle, tls=server_context() if tls else None) as there, listening(NGINX) as other:
        edge = Edge(there.port, other.port)
        plain = edge.ask(PlainEntry())
        spoken = {greeting.to.port: greeting.speaks for greeting in edge.ask(Greetings())}
    secret = tls or handle is NGINX
    assert plain == (None if secret else Address("127.0.0.1", there.port))
    assert spoken == {there.port: Speaks.TLS if secret else Speaks.HTTP, other.port: Speaks.TLS}


@pytest.mark.parametrize("entry", ("127.0.0.1:{}", "https://127.0.0.1:{}", "http://127.0.0.1:{}"))
def test_what_the_learner_says_about_the_entry_counts(entry: str) -> None:
    with listening(PAGE, tls=server_context()) as there, listening(PAGE) as other:
        found = Edge(other.port, entry=entry.format(there.port)).ask(Entry())
    assert found == Address("127.0.0.1", there.port, tls="" if entry.startswith("http:") else NAME)


def test_nothing_published_is_no_entry() -> None:
    with pytest.raises(CouldNotLook):
        Edge().ask(Entry())
    with pytest.raises(CouldNotLook):
        Edge().ask(PlainEntry())


def silent(make: Callable[[], Handler]) -> Speaks:
    with listening(make()) as there:
        return greeted(cast("Stack", Edge()), there).speaks


def test_a_port_that_says_nothing_or_nonsense_is_silent() -> None:
    assert silent(lambda: waits) is Speaks.SILENCE
    assert silent(lambda: lambda connection: None) is Speaks.SILENCE
    assert silent(lambda: lambda connection: connection.sendall(b"-ERR unknown command\r\n")) is Speaks.SILENCE


def test_a_port_that_hangs_up_on_plain_http_and_never_shakes_hands_is_given_up_once() -> None:
    """As Redis does: it waits for the end of a line in what should be a handshake."""
    handshakes = 0

    def redis(connection: socket.socket) -> None:
        nonlocal handshakes
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":
            handshakes += 1
            waits(connection)

    assert silent(lambda: redis) is Speaks.SILENCE
    assert handshakes == 1


def test_a_tls_port_that_refuses_us_speaks_tls_all_the_same() -> None:
    """So whatever asks for the site hears of the refusal, and not of a page that is there for nobody."""
    context = server_context()
    context.sni_callback = lambda sock, name, ctx: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    def nginx(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":
            context.wrap_socket(connection, server_side=True)
        says(400)(connection)

    with listening(nginx) as there, listening(TO_TLS) as door:
        edge = Edge(door.port, there.port)
        entry, said = edge.ask(Entry()), greeted(cast("Stack", edge), there)
    assert (said.speaks, said.status) == (Speaks.TLS, 0)
    assert "unrecognized name" in said.error
    assert entry == Address("127.0.0.1", there.port, tls=NAME)


def test_an_app_behind_a_proxy_that_passes_tls_on_is_spoken_to_over_tls() -> None:
    with listening(PAGE, tls=server_context()) as own, listening(PAGE) as plain:
        for entry, there, expected in ((own, own, NAME), (own, plain, ""), (plain, own, "")):
            app = App(SERVICE, process(7), (process(7),), (Socket("127.0.0.1", there.port, "", (7,)),), confirmed=False)
            (address,) = secured(cast("Stack", Edge(entry.port)), app).addresses()
            assert address == Address("127.0.0.1", there.port, tls=expected)


def believes_anybody(connection: socket.socket) -> None:
    head = head_of(connection).decode()
    word = head.split("nonce=")[-1].split(" ")[0]
    said = {"nonce": word, "pid": 1, "remote_addr": FORGED if FORGED in head else "127.0.0.1"}
    connection.sendall(response(200, json.dumps(said).encode()))


@pytest.mark.parametrize("tls", (False, True))
def test_a_second_door_is_tried_in_the_language_that_it_speaks(tls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidedoors, "ARRIVE", 0.1)
    context = server_context() if tls else None
    with listening(PAGE) as front, listening(believes_anybody, tls=context) as side, listening(waits) as mute:
        stack = cast("Stack", Edge(front.port, side.port, mute.port))
        doors = {door.port: door for door in sidedoors._published(stack, (), Address("127.0.0.1", front.port))}
    assert set(doors) == {side.port, mute.port}
    assert (doors[side.port].forged, doors[side.port].secret) == (True, tls)
    assert (doors[mute.port].forged, doors[mute.port].secret) == (False, False)
