"""Lab 6's receiver: what Alertmanager sends can be read, and what anybody else sends does no harm."""

from __future__ import annotations

import http.client
import json
import runpy
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from grader.catalog import root

Answer = tuple[int, str]


class Receiver:
    """The receiver on a free port of this machine."""

    def __init__(self) -> None:
        module = runpy.run_path(str(root() / "labs/lab6-monitoring/webhook/receiver.py"))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), module["Receiver"])
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    one.thread.start()
    yield one
    one.server.shutdown()
    one.thread.join()
    one.server.server_close()


def message(*alerts: tuple[str, str]) -> bytes:
    """What Alertmanager sends (version 4 of its webhook message), as far as it is read."""
    said = [
        {
            "status": status,
            "labels": {"alertname": name, "severity": "page"},
            "annotations": {"summary": f"{name} says\nso"},
            "startsAt": "2026-11-21T11:00:00Z",
        }
        for status, name in alerts
    ]
    return json.dumps({"version": "4", "alerts": said}).encode()


def test_alerts_are_shown_with_the_newest_first_and_logged_one_a_line(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert receiver.ask("GET", "/") == (200, "No alert so far.\n")

    assert receiver.ask("POST", "/alerts", message(("firing", "AppDown"), ("firing", "ManyErrors"))) == (200, "")
    assert receiver.ask("POST", "/alerts", message(("resolved", "AppDown")))[0] == 200

    shown = [line.split()[1:3] for line in receiver.ask("GET", "/")[1].splitlines()]
    assert shown == [["resolved", "AppDown"], ["firing", "ManyErrors"], ["firing", "AppDown"]]
    logged: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["status"], line["alert"]) for line in logged] == [
        ("firing", "AppDown"),
        ("firing", "ManyErrors"),
        ("resolved", "AppDown"),
    ]


def test_it_keeps_the_last_fifty(receiver: Receiver) -> None:
    for number in range(60):
        receiver.ask("POST", "/alerts", message(("firing", f"Alert{number}")))

    page = receiver.ask("GET", "/")[1]

    assert page.count("firing") == 50
    assert "Alert59 " in page
    assert "Alert9 " not in page


@pytest.mark.parametrize(
    "body", (b"", b"no json", b"[]", b"3", b'{"alerts": 3}', b'{"alerts": [3]}', b'{"alerts": null}', b"\xff\xfe")
)
def test_anything_else_is_refused_and_the_receiver_goes_on(receiver: Receiver, body: bytes) -> None:
    assert receiver.ask("POST", "/alerts", body)[0] == 400
    assert receiver.ask("GET", "/healthz") == (200, "ok\n")


@pytest.mark.parametrize("length", ("-1", "many", "1000001"))
def test_a_length_that_is_none_or_too_large_is_refused(receiver: Receiver, length: str) -> None:
    assert receiver.ask("POST", "/alerts", b"{}", **{"Content-Length": length})[0] == 400


def test_other_paths_are_not_found(receiver: Receiver) -> None:
    assert receiver.ask("GET", "/etc/passwd")[0] == 404
