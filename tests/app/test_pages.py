"""Signing in, the report, and the two questions that machines ask."""

import sqlite3
import time
from contextlib import closing

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.app.conftest import Lay


def test_the_right_password_signs_in_and_sign_out_forgets(client: FlaskClient) -> None:
    assert (client.get("/me").status_code, client.get("/me").json) == (401, {"user": None})

    assert client.post("/login", data={"user": "ada", "password": "pinboard"}).status_code == 303
    assert (client.get("/me").status_code, client.get("/me").json) == (200, {"user": "ada"})

    assert client.post("/logout").status_code == 303
    assert client.get("/me").status_code == 401


@pytest.mark.parametrize(
    "form", ({"user": "ada", "password": "wrong"}, {"user": "eve", "password": "pinboard"}, {"user": "ädä"}, {})
)
def test_anything_else_does_not(client: FlaskClient, form: dict[str, str]) -> None:
    answer = client.post("/login", data=form)

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert "do not match" in answer.text


def test_the_account_comes_from_the_environment_and_is_then_not_printed(
    lay: Lay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINBOARD_USER", "grace")
    workspace = lay()
    monkeypatch.setenv("PINBOARD_PASSWORD", "correct horse")
    client = workspace.start().test_client()

    assert "demonstration" not in client.get("/login").text
    assert client.post("/login", data={"user": "ada", "password": "pinboard"}).status_code == 401
    assert client.post("/login", data={"user": "grace", "password": "correct horse"}).status_code == 303


def test_the_sign_in_page_names_the_demonstration_account(client: FlaskClient) -> None:
    assert "<kbd>ada</kbd>" in client.get("/login").text
    assert "<kbd>pinboard</kbd>" in client.get("/login").text


def test_the_report_counts_every_note_of_the_year(client: FlaskClient) -> None:
    page = client.get("/report").text

    assert page.count('<th scope="row">') == 12
    assert "<dt>Notes</dt><dd>11</dd>" in page
    assert "<dt>Pictures</dt><dd>2</dd>" in page


def test_the_report_is_slow_by_sleeping_not_by_computing(app: Flask) -> None:
    app.config["REPORT_PAUSE"] = 0.02
    wall, cpu = time.monotonic(), time.process_time()

    assert app.test_client().get("/report").status_code == 200

    assert time.monotonic() - wall >= 12 * 0.02
    assert time.process_time() - cpu < 12 * 0.02


def test_alive_needs_no_database_but_ready_does(app: Flask, client: FlaskClient) -> None:
    assert (client.get("/healthz").json, client.get("/readyz").json) == ({"status": "ok"}, {"status": "ready"})

    (app.config["DATA"] / "pinboard.sqlite").unlink()

    assert client.get("/healthz").status_code == 200
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (503, {"status": "not ready"})
    assert not (app.config["DATA"] / "pinboard.sqlite").exists(), "asking must not make an empty database"


def test_ready_gives_up_on_a_stuck_database_after_a_second(app: Flask, client: FlaskClient) -> None:
    with closing(sqlite3.connect(app.config["DATA"] / "pinboard.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begin = time.monotonic()
        answer = client.get("/readyz")
        waited = time.monotonic() - begin

    assert answer.status_code == 503
    assert 0.5 < waited < 3
    assert client.get("/readyz").status_code == 200


def test_an_unknown_page_looks_like_the_board_and_says_404(client: FlaskClient) -> None:
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "Nothing is pinned here" in answer.text
