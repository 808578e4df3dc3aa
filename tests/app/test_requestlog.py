"""What Pinboard writes into its log from lab 5 on: one JSON object a line, with the id of the request."""

import importlib
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.app.conftest import LAB5, Lay

ID = "3f2a" * 8


class Written:
    """The app, and what it has written since it started."""

    def __init__(self, app: Flask, output: io.StringIO) -> None:
        self.app, self._output = app, output

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._output.getvalue().splitlines()]

    def about(self, path: str, **headers: str) -> list[dict[str, Any]]:
        """The lines about one request."""
        before = len(self.lines())
        self.app.test_client().get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return self.lines()[before:]


@pytest.fixture
def written(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    root, output = logging.getLogger(), io.StringIO()
    before = (root.level, root.handlers[:])
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    monkeypatch.setattr(sys, "stdout", output)
    yield Written(lay(*LAB5).start(), output)
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def test_each_request_leaves_one_record_without_its_query(written: Written) -> None:
    (line,) = written.about("/me?token=secret")
    assert line["time"].endswith("+00:00")
    assert {name: line[name] for name in ("level", "logger", "message", "client", "method", "path", "status")} == {
        "level": "info",
        "logger": "pinboard.requestlog",
        "message": "request",
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/me",
        "status": 401,
    }
    assert 0 <= line["seconds"] < 5


@pytest.mark.parametrize("given", ("", "x", "A" * 32, "3f2a" * 7, ID + "0", ID + '"}\n', "../../etc"))
def test_an_id_that_the_proxy_cannot_have_made_is_replaced(written: Written, given: str) -> None:
    (line,) = written.about("/me", **({"X_Request_ID": given.replace("\n", "")} if given else {}))
    assert line["request_id"] != given
    assert len(line["request_id"]) == 32


def test_every_line_of_a_request_carries_the_id_of_the_proxy(written: Written) -> None:
    lines = written.about("/bench/boom?m=hello", X_Request_ID=ID)
    assert [line["request_id"] for line in lines] == [ID, ID]
    assert [line["level"] for line in lines] == ["error", "info"]
    assert "RuntimeError: hello" in lines[0]["exception"]


def test_after_a_request_its_id_is_forgotten(written: Written) -> None:
    written.about("/me", X_Request_ID=ID)
    logging.getLogger("elsewhere").warning("between two requests")
    assert written.lines()[-1]["request_id"] is None


def test_what_a_client_sends_stays_within_its_line(written: Written) -> None:
    name = 'ada\n{"level": "critical"}\x1b[2J"'
    before = len(written.lines())
    written.app.test_client().post("/login", data={"user": name, "password": "wrong"})
    failed, _ = written.lines()[before:]
    assert failed["message"] == f"failed sign-in of {name}"
    assert failed["level"] == "warning"


def test_a_record_may_carry_only_fields_that_were_named(written: Written) -> None:
    logging.getLogger("elsewhere").warning("oh", extra={"password": "secret", "status": 418})
    line = written.lines()[-1]
    assert line["status"] == 418
    assert "secret" not in json.dumps(line)


def test_questions_of_machines_are_quiet_while_all_is_well(written: Written) -> None:
    assert written.about("/healthz") == []
    assert written.about("/readyz") == []


def test_the_level_comes_from_the_environment(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(*LAB5)
    monkeypatch.setenv("LOG_LEVEL", "warning")
    assert importlib.import_module("logging_config").LOGGING["root"]["level"] == "WARNING"
