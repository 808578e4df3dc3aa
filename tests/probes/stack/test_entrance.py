"""Given what stands behind a published port, when it is asked who it is, then processes have the last word."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify

from grader.checks import stack_app
from grader.model import Outcome
from grader.probes.greeting import Speaks
from grader.probes.http import Entry
from grader.probes.stack import entrance
from grader.probes.stack.entrance import AtEntrances, Identify, Traces
from grader.runner import asked
from grader.stacks.base import Stack
from grader.stacks.values import Attached, Published, ServiceFacts, Socket, Sockets
from tests.probes.listening import head_of, listening, server_context
from tests.probes.pinboard import Local, lay_out, pinboard, served
from tests.probes.service import SERVICE, process
from tests.probes.site import response


@pytest.mark.parametrize(
    ("traces", "convincing"),
    ((Traces(20, 20, 0), True), (Traces(20, 60, 30), True), (Traces(20, 19, 0), False), (Traces(20, 60, 31), False)),
)
def test_traces_convince_only_beside_a_quiet_control(traces: Traces, convincing: bool) -> None:
    assert traces.convincing is convincing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("pinboard"))


@pytest.fixture
def app(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    with pinboard(folder, monkeypatch) as app:
        yield app


def contain(monkeypatch: pytest.MonkeyPatch, service: ServiceFacts, *pids: int) -> None:
    """Makes this very process the one that runs in the container of `service`, or others."""
    monkeypatch.setattr(Local, "services", lambda self, fresh=False: (service,))
    monkeypatch.setattr(Local, "processes", lambda self, fact: tuple(map(process, pids)), raising=False)


def test_a_process_of_this_stack_is_recognised(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    contain(monkeypatch, replace(SERVICE, hostname=socket.gethostname()), os.getpid())
    with served(app, app.logger) as stack:
        seen = stack.ask(Identify())
    assert {answered.instance for answered in seen.answers} == {SERVICE.name}
    assert stack_app.app_identity.judge(seen).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("hostname", "pid"), (("elsewhere", os.getpid()), (socket.gethostname(), 1)), ids=("other host", "other process")
)
def test_an_app_outside_of_the_stack_is_found_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch, hostname: str, pid: int
) -> None:
    contain(monkeypatch, replace(SERVICE, hostname=hostname), pid)
    with served(app, app.logger) as stack:
        verdict = stack_app.app_identity.judge(stack.ask(Identify()))
    assert verdict.outcome is Outcome.FAIL
    assert "no container" in verdict.because


def test_a_canned_answer_at_the_edge_is_found_out(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    canned = Flask("canned")
    canned.add_url_rule("/<path:path>", view_func=lambda path: jsonify(pid=1, host="x"))
    with served(canned, canned.logger) as front, served(app, app.logger) as stack:
        edge = front.ask(Entry())
        ask = Local.ask

        def at_the_front(self: Local, probe: Any) -> Any:
            return edge if isinstance(probe, Entry) else ask(self, probe)

        monkeypatch.setattr(Local, "ask", at_the_front)
        seen = stack.ask(Identify())
    assert seen.bench
    verdict = stack_app.app_identity.judge(seen)
    assert verdict.outcome is Outcome.FAIL
    assert "gets 200" in verdict.because


def published(stack: Stack, monkeypatch: pytest.MonkeyPatch, port: int, gateway: str = "") -> None:
    network = Attached("shop_default", "", gateway)
    service = replace(SERVICE, published=(Published("127.0.0.1", port, 8000),), networks=(network,))
    monkeypatch.setattr(entrance, "BOX_MARKS", ())
    monkeypatch.setattr(Local, "services", lambda self, fresh=False: (service,))
    listening = (Socket("127.0.0.1", 8000, "", (7,)), Socket("127.0.0.1", 9000, "", (7,)))
    monkeypatch.setattr(Local, "sockets", lambda self, fact: Sockets(listening, ()), raising=False)


def test_a_port_that_answers_http_is_an_entrance(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(app, app.logger) as stack:
        published(stack, monkeypatch, stack.ask(Entry()).port)
        (door,) = stack.ask(AtEntrances()).entrances
    assert (door.speaks, door.status, door.inside) == (Speaks.HTTP, 200, ())


def test_a_port_that_closes_at_once_is_silent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with served(app, app.logger) as stack:
        published(stack, monkeypatch, port)
        (door,) = stack.ask(AtEntrances()).entrances
    assert (door.speaks, door.error) == (Speaks.SILENCE, "connection refused")
    assert door.inside == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("gateway", "could_look"), (("192.0.2.1", False), ("127.0.0.1", True)), ids=("a network of its own", "the host's")
)
def test_a_grader_in_a_container_does_not_blame_the_stack_for_ports_that_cannot_be_there(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gateway: str, could_look: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with served(app, app.logger) as stack:
        published(stack, monkeypatch, port, gateway)
        monkeypatch.setattr(entrance, "BOX_MARKS", (tmp_path,))
        answer = asked(stack, AtEntrances())
    if could_look:
        assert answer.trouble is None
    else:
        assert answer.trouble is not None
        assert answer.trouble.outcome is Outcome.UNKNOWN
        assert "--network host" in answer.trouble.hint


def test_a_port_that_speaks_tls_is_an_entrance_with_an_answer_of_its_own(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(response(302, Location="/login"))

    with listening(serve, tls=server_context()) as to, served(app, app.logger) as stack:
        published(stack, monkeypatch, to.port)
        (door,) = stack.ask(AtEntrances()).entrances
    assert (door.speaks, door.status, door.location) == (Speaks.TLS, 302, "/login")
