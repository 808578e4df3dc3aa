"""Lab 6: failed sign-ins are counted for all workers together, in Redis."""

from __future__ import annotations

import re
import socket
import time

import pytest
from fakeredis import FakeRedis
from flask.testing import FlaskClient

from tests.app.conftest import Lay
from tests.app.monitored import Monitored, monitored

WRONG = {"user": "ada", "password": "wrong"}
RIGHT = {"user": "ada", "password": "pinboard"}


@pytest.fixture
def board(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> Monitored:
    return monitored(lay, monkeypatch)


def statuses(client: FlaskClient, form: dict[str, str], times: int) -> list[int]:
    return [client.post("/login", data=form).status_code for _ in range(times)]


def test_after_ten_wrong_passwords_the_name_waits_even_with_the_right_one(board: Monitored) -> None:
    assert statuses(board.client, WRONG, 12) == [401] * 10 + [429] * 2

    answer = board.client.post("/login", data=RIGHT)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "wait a minute" in answer.text
    assert "Set-Cookie" not in answer.headers


def test_correct_sign_ins_never_count(board: Monitored) -> None:
    assert statuses(board.client, RIGHT, 30) == [303] * 30


def test_one_name_does_not_slow_another(board: Monitored) -> None:
    statuses(board.client, {"user": "eve", "password": "x"}, 12)

    assert statuses(board.client, RIGHT, 1) == [303]


def test_the_count_is_shared_by_all_workers(board: Monitored) -> None:
    board.elsewhere("/login", WRONG, times=10)

    assert statuses(board.client, RIGHT, 1) == [429]


def test_the_first_wrong_password_starts_the_clock_and_later_ones_do_not_turn_it_back(board: Monitored) -> None:
    statuses(board.client, WRONG, 1)
    (key,) = board.redis.scan_iter()
    board.redis.expire(key, 5)
    statuses(board.client, WRONG, 1)

    assert board.redis.ttl(key) <= 5

    board.redis.delete(key)  # as Redis does when the time is over
    assert statuses(board.client, RIGHT, 1) == [303]


@pytest.mark.parametrize("name", ("a" * 100_000, "ä\x00\n\r*", "", "\ud800".encode("utf-8", "surrogatepass")))
def test_any_name_becomes_a_short_key(board: Monitored, name: str | bytes) -> None:
    answer = board.client.post("/login", data={"user": name, "password": "x"})

    assert answer.status_code == 401
    assert [re.fullmatch(rb"wrong-passwords:[0-9a-f]{32}", key) is not None for key in board.redis.scan_iter()] == [
        True
    ]


def test_without_redis_nobody_signs_in_and_everybody_reads(board: Monitored) -> None:
    board.stop_redis()
    answer = board.client.post("/login", data=RIGHT)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "You can read the board" in answer.text
    assert board.client.get("/").status_code == 200
    assert board.client.get("/login").status_code == 200

    board.start_redis()
    assert statuses(board.client, RIGHT, 1) == [303]


def test_a_redis_that_says_nothing_is_given_a_second(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # takes connections, and never answers
        silent = monitored(lay, monkeypatch, redis_url=f"redis://127.0.0.1:{nobody.getsockname()[1]}/0")
        for path, form in (("/readyz", None), ("/login", RIGHT)):
            begun = time.monotonic()
            answer = silent.client.post(path, data=form) if form else silent.client.get(path)

            assert answer.status_code == 503
            assert 0.8 < time.monotonic() - begun < 2.5
        silent.app.extensions["redis"].close()


def test_ready_needs_redis_and_alive_does_not(board: Monitored) -> None:
    assert [board.client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]

    board.stop_redis()

    assert [board.client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]
    assert board.client.get("/readyz").json == {"status": "not ready"}

    board.start_redis()
    assert board.client.get("/readyz").status_code == 200


def test_ready_needs_the_database_too(board: Monitored) -> None:
    (board.app.config["DATA"] / "pinboard.sqlite").unlink()

    assert board.client.get("/readyz").status_code == 503
    assert board.client.get("/healthz").status_code == 200


def test_the_fake_speaks_like_the_real_one(board: Monitored) -> None:
    """What the app uses of Redis, so that the other tests mean something: EXPIRE NX does not move a set time."""
    fake = FakeRedis()
    fake.set("a", 1)
    assert (fake.expire("a", 60, nx=True), fake.expire("a", 5, nx=True)) == (True, False)
