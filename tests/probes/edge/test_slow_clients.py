"""Given servers that can and cannot bear slow clients, when slow clients come, then a visitor's wait tells which."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TypeVar, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from grader.model import Probe
from grader.probes.app import outage
from grader.probes.app.outage import Reply, Site
from grader.probes.edge import slow_clients
from grader.probes.edge.slow_clients import ANSWER_KB, DISK_LEFT, READERS, Slow, SlowClients, is_quick, readers
from grader.probes.http import Entry
from grader.probes.stack.headroom import Baseline
from grader.probes.topology import Named, Whoami
from grader.stacks.base import BODY_CAP, CouldNotLook, NotApplicable, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.exchange import exchange
from tests.probes.listening import NAME, server_context

E = TypeVar("E")
ONE_AT_A_TIME, ALL_AT_ONCE = HTTPServer, ThreadingHTTPServer


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        word = parse_qs(parts.query).get("nonce", [""])[0]
        self._send(b"x" * ANSWER_KB * 1024 if parts.path == "/bench/big" else json.dumps({"nonce": word}).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(b"{}")

    def _send(self, body: bytes) -> None:
        with contextlib.suppress(OSError):  # a slow client goes away in the middle
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


class There:
    """As much of a stack as slow clients need: a server on this machine."""

    def __init__(self, port: int, *, bench: bool = True, tls: str = "") -> None:
        self.settings = Settings(hosts=("127.0.0.1",))
        self._known = {Entry: Address("127.0.0.1", port, tls=tls), Named: (Whoami(True),) if bench else ()}

    def ask(self, probe: Probe[E]) -> E:
        return cast("E", self._known[type(probe)])

    def exchange(
        self,
        via: Vantage,
        to: Address,
        data: bytes,
        *,
        seconds: float = 10.0,
        cap: int = BODY_CAP,
        head_only: bool = False,
    ) -> Exchange:
        return Exchange(**exchange(to.host, to.port, data, seconds, cap, head_only, to.tls))


def quietly(
    stack: Stack, measure: Callable[[], E], is_good: Callable[[E], bool], *, costly: bool
) -> tuple[E, Baseline | None]:
    return measure(), None


@contextmanager
def serving(kind: type[HTTPServer], *, tls: bool = False) -> Iterator[int]:
    class Server(kind):  # type: ignore[misc, valid-type] # a class chosen by the test
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: object, client_address: object) -> None:
            """A slow client that went away is no news."""

    with Server(("127.0.0.1", 0), Pages) as server:
        if tls:  # the handshake is the first thing that is read, by whoever serves the client
            server.socket = server_context().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "STEADY", 0.01)
    monkeypatch.setattr(slow_clients, "steady", quietly)
    monkeypatch.setattr(slow_clients, "CROWD", 12)
    monkeypatch.setattr(slow_clients, "READERS", 3)
    for name, seconds in (("HOLD", 0.05), ("DRIP", 0.02), ("AGAIN", 0.05), ("PATIENCE", 0.05), ("BACK", 2.0)):
        monkeypatch.setattr(slow_clients, name, seconds)
    monkeypatch.setattr(slow_clients, "SPOOLING", 5.0)
    monkeypatch.setattr(slow_clients, "work_of", lambda stack: lambda: 0)


@pytest.mark.parametrize("tls", ("", NAME))
@pytest.mark.parametrize("kind", tuple(Slow))
@pytest.mark.parametrize(("server", "quick"), ((ALL_AT_ONCE, True), (ONE_AT_A_TIME, False)))
def test_a_server_that_serves_one_after_the_other_keeps_the_visitor_waiting(
    kind: Slow, server: type[HTTPServer], quick: bool, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "WAIT", 5.0 if quick else 0.15)  # a busy machine may be late, not blocked
    monkeypatch.setattr(slow_clients, "GATHER", 2.0 if quick else 0.5)
    with serving(server, tls=bool(tls)) as port:
        seen = SlowClients(kind).ask(cast("Stack", There(port, tls=tls)))
    assert is_quick(seen.alone)
    assert is_quick(seen.beside) is quick
    assert seen.clients == (3 if kind is Slow.READER else 12)


@pytest.mark.parametrize(("spooled", "quick"), ((0.6, True), (60.0, False)))
def test_app_and_proxy_that_still_take_in_answers_are_given_time(
    spooled: float, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a stack that works all the time, when it needs long for slow downloads, then that is no block."""
    monkeypatch.setattr(slow_clients, "SPOOLING", 5.0 if quick else 0.3)
    begun = time.monotonic()
    busy = Reply(0.0, 0, 2.0, error="timed out")
    soon = Reply(0.0, 200, 0.01, app=True)
    site = cast("Site", SimpleNamespace(ask=lambda _: soon if time.monotonic() - begun > spooled else busy))
    ticks = itertools.count(step=slow_clients.IDLE + 1)

    beside, working = slow_clients._visit_again(site, lambda: next(ticks), patience=0.05)

    assert is_quick(beside) is quick
    assert working is not quick


def test_only_half_sent_requests_can_be_tried_without_the_bench() -> None:
    stack = cast("Stack", There(1, bench=False))
    for kind in (Slow.BODY, Slow.READER):
        with pytest.raises((NotApplicable, CouldNotLook)):
            SlowClients(kind).ask(stack)


@pytest.mark.parametrize(
    ("free", "count"),
    (
        (DISK_LEFT + 1024**4, READERS),
        (DISK_LEFT + 5 * ANSWER_KB * 1024, 5),
        (DISK_LEFT, 0),
        (0, 0),
    ),
)
def test_slow_readers_leave_room_on_the_disk(free: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "READERS", READERS)
    assert readers(free) == count


def test_slow_clients_stay_within_what_a_stack_may_be_burdened_with() -> None:
    assert slow_clients.ANSWER_KB * READERS <= 400 * 1024
    assert READERS <= 64
