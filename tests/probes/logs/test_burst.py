"""Given a real app behind a front that logs as Nginx does, when the burst is sent, then its lines are found in time."""

from __future__ import annotations

import io
import json
import logging
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from grader.checks import logs, logs_errors, logs_requests
from grader.model import AnyCheck, Check, Outcome, Role, Verdict
from grader.probes.http import Entry, HttpAnswer
from grader.probes.logs import burst
from grader.probes.logs.burst import Grade, without_print
from grader.probes.logs.growth import Grow
from grader.probes.logs.sent import given_id
from grader.stacks.base import Stack
from grader.stacks.dealings import Vantage
from grader.stacks.values import Attached, LogText, Published, ServiceFacts
from tests.probes.logged import PROXY, STAMP
from tests.probes.pinboard import Lines, Local, lay_out, pinboard, served
from tests.probes.service import SERVICE

LAB5 = ("lab1-flask-run", "lab2-gunicorn", "lab3-nginx", "lab4-https", "lab5-logging")
LAYERS = ("labs/app", *(f"{folder}/{lab}" for lab in LAB5 for folder in ("labs", "solutions")))
BURST = [
    check
    for module in (logs, logs_requests, logs_errors)
    for check in vars(module).values()
    if isinstance(check, Check) and not isinstance(check.probe, Grow)
]


class Front:
    """As much of Nginx as the burst is about: an id for each request, and a line about it."""

    def __init__(self, app: Callable[..., Any], *, passes_id_on: bool = True) -> None:
        self.log, self._app, self._passes = io.StringIO(), app, passes_id_on

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        made, client, begun = uuid.uuid4().hex, environ["REMOTE_ADDR"], time.monotonic()
        environ["HTTP_X_FORWARDED_FOR"] = client
        environ.pop("HTTP_X_REQUEST_ID", None)
        if self._passes:
            environ["HTTP_X_REQUEST_ID"] = made

        def begin(status: str, headers: list[tuple[str, str]], trouble: Any = None) -> Any:
            line = {"time": STAMP, "request_id": made, "client": client}
            asked = {"method": environ["REQUEST_METHOD"], "path": environ["REQUEST_URI"].partition("?")[0]}
            took = time.monotonic() - begun
            self.log.write(json.dumps({**line, **asked, "status": int(status[:3]), "seconds": took}) + "\n")
            return start(status, [*headers, ("X-Request-ID", made)], trouble)

        return self._app(environ, begin)


class Behind(Local):
    """Two services, `proxy` and `app`, whose logs are what they have written so far."""

    def __init__(self, port: int, app: Callable[[], str], proxy: Callable[[], str]) -> None:
        super().__init__(port, Lines())
        self._written = {"app": app, "proxy": proxy}
        front = replace(PROXY, published=(Published("127.0.0.1", port, port),))
        self._services = (SERVICE, replace(front, networks=(Attached("lab", "127.0.0.1", ""),)))

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", ("proxy",), ""), Role("app", ("app",), ""))

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return self._services

    def client_address(self, via: Vantage) -> str:
        return "127.0.0.1"

    def logs(self, service: ServiceFacts, since: float) -> bytes:
        return self.log_text(service, since).out

    def log_text(self, service: ServiceFacts, since: float) -> LogText:
        return LogText(self._written[service.service]().encode(), b"", cut=False)


@contextmanager
def logged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, layers: tuple[str, ...], *, passes_id_on: bool = True
) -> Iterator[Stack]:
    """Pinboard of some layers behind a front; what it prints and logs is caught, and logging is put back afterwards."""
    root, output = logging.getLogger(), io.StringIO()
    before = (root.level, root.handlers[:])
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "stderr", output)
    monkeypatch.setattr(burst, "SKEW", 0.0)
    try:
        with pinboard(lay_out(folder, layers), monkeypatch) as app:
            front = Front(app, passes_id_on=passes_id_on)
            with served(front) as stack:
                port = stack.ask(Entry()).port
                yield cast("Stack", Behind(port, output.getvalue, front.log.getvalue))
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]


def verdicts(stack: Stack) -> dict[str, Verdict]:
    checks: list[AnyCheck] = BURST
    return {check.id: check.judge(stack.ask(check.probe)) for check in checks}


def red(stack: Stack) -> set[str]:
    return {name for name, verdict in verdicts(stack).items() if verdict.outcome is not Outcome.PASS}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here takes its time, so nobody has to wait for it."""
    monkeypatch.setattr(burst, "ARRIVAL", 0.3)
    monkeypatch.setattr(burst, "FLUSH", 0.4)
    monkeypatch.setattr(burst, "SETTLED", 0.05)


def test_the_reference_solution_passes_every_check_of_the_burst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with logged(tmp_path, monkeypatch, LAYERS) as stack:
        assert red(stack) == set()


def test_an_id_that_is_not_passed_on_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with logged(tmp_path, monkeypatch, LAYERS, passes_id_on=False) as stack:
        assert red(stack) == {"logs.request-id-end-to-end"}


def test_an_app_that_prints_and_leaves_logging_to_flask_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with logged(tmp_path, monkeypatch, LAYERS[:-2]) as stack:
        assert {"logs.logs-on-stdout", "logs.logs-json", "logs.log-injection-safe"} <= red(stack)


def test_the_burst_is_sent_once_and_each_request_has_a_word_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with logged(tmp_path, monkeypatch, LAYERS) as stack:
        done = stack.ask(Grade())
        assert stack.ask(Grade()) is done
    words = [sent.word for sent in done.sent]
    assert len(set(words)) == len(words) > 20
    assert {name for name, _ in done.seen} == {"warning", "info", "print", "missing", "static", "last"}


@pytest.mark.parametrize(
    ("headers", "found"),
    (
        ((("x-request-id", "abc"),), ("X-Request-ID", "abc")),
        ((("Request-Id", "abc"),), ("Request-ID", "abc")),
        (
            (("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),),
            ("traceparent", "0af7651916cd43dd8448eb211c80319c"),
        ),
        ((("X-Served-By", "abc"),), ("", "")),
    ),
)
def test_an_id_is_found_under_the_names_that_people_use(
    headers: tuple[tuple[str, str], ...], found: tuple[str, str]
) -> None:
    assert given_id(HttpAnswer(200, headers, "", 0, "", 0.0)) == found


@pytest.mark.parametrize(
    ("line", "left"),
    (
        ("bench print 0123456789abcdef-print", ""),
        ('bench print 0123456789abcdef-print{"level": "info"}', '{"level": "info"}'),
        ('{"message": "bench print 0123456789abcdef-print"}', '{"message": "bench print 0123456789abcdef-print"}'),
        ("print", "print"),
    ),
)
def test_what_the_bench_prints_is_taken_out_of_a_line(line: str, left: str) -> None:
    assert without_print(line) == left
