"""Lab 6: what the app counts, whichever worker answers, and whoever of them has died."""

from __future__ import annotations

import runpy
from types import SimpleNamespace

import pytest
from prometheus_client import Counter, Gauge, values

from tests.app.conftest import LAB6, Lay
from tests.app.monitored import Monitored, monitored

WHOAMI = {"method": "GET", "route": "/bench/whoami"}


@pytest.fixture
def board(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> Monitored:
    return monitored(lay, monkeypatch)


def requests(board: Monitored, **labels: str) -> float:
    """How many requests were counted with these labels, whatever the others are."""
    found = board.series()
    return sum(
        value
        for (name, pairs), value in found.items()
        if name == "http_requests_total" and labels.items() <= set(pairs)
    )


def test_every_request_is_counted_and_timed_by_its_route(board: Monitored) -> None:
    for number in range(20):
        board.client.get(f"/bench/whoami?nonce={number}")

    assert board.value("http_requests_total", status="200", **WHOAMI) == 20
    assert board.value("http_request_duration_seconds_count", **WHOAMI) == 20
    assert board.value("http_request_duration_seconds_bucket", le="+Inf", **WHOAMI) == 20


def test_an_unhandled_error_is_a_500(board: Monitored) -> None:
    for _ in range(10):
        assert board.client.get("/bench/boom?m=x").status_code == 500

    assert requests(board, status="500") == 10
    assert board.value("http_request_duration_seconds_count", method="GET", route="/bench/boom") == 10
    assert board.value("http_requests_in_progress") == 0


def test_time_is_in_seconds_and_around_a_second_there_are_boundaries(board: Monitored) -> None:
    board.client.get("/bench/slow?seconds=0.3")
    slow = {"method": "GET", "route": "/bench/slow"}

    assert 0.3 <= board.value("http_request_duration_seconds_sum", **slow) < 1
    assert board.value("http_request_duration_seconds_bucket", le="0.25", **slow) == 0
    assert board.value("http_request_duration_seconds_bucket", le="1.0", **slow) == 1
    bounds = {float(dict(pairs)["le"]) for name, pairs in board.series() if name.endswith("_bucket")}
    assert min(bounds) < 1 < max(bounds - {float("inf")})
    assert 1.0 in bounds  # what the alert compares with


def test_addresses_that_visitors_make_up_make_no_series(board: Monitored) -> None:
    board.client.get("/nowhere")
    board.client.get("/bench/echo/x")
    before = len(board.series())
    for number in range(50):
        board.client.get(f"/nowhere/{number}")
        board.client.get(f"/bench/echo/{number}")

    assert len(board.series()) == before
    assert requests(board, route="unmatched") == 51


def test_methods_that_visitors_make_up_make_no_series(board: Monitored) -> None:
    for number in range(50):
        board.client.open("/", method=f"BREW{number}")

    assert requests(board, method="other") == 50


def test_the_questions_of_machines_are_no_traffic(board: Monitored) -> None:
    board.stop_redis()
    for path in ("/metrics", "/healthz", "/readyz"):
        board.client.get(path)

    assert requests(board) == 0


def test_attempts_to_sign_in_are_counted_by_their_result_and_shown_from_the_start(board: Monitored) -> None:
    assert board.value("pinboard_sign_ins_total", result="throttled") == 0
    assert ("pinboard_sign_ins_total", (("result", "throttled"),)) in board.series()
    for _ in range(11):
        board.client.post("/login", data={"user": "eve", "password": "x"})
    board.client.post("/login", data={"user": "ada", "password": "pinboard"})
    board.stop_redis()
    board.client.post("/login", data={"user": "ada", "password": "pinboard"})

    results = {result: board.value("pinboard_sign_ins_total", result=result) for result in ("ok", "wrong", "throttled")}
    assert results == {"ok": 1, "wrong": 10, "throttled": 1}
    assert board.value("pinboard_sign_ins_total", result="unavailable") == 1


def test_the_page_says_what_readyz_says_and_which_release_this_is(
    board: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_VERSION", "2026.11")
    assert board.value("pinboard_dependency_up", dependency="redis") == 1
    assert board.value("pinboard_release_info", version="2026.11") == 1

    board.stop_redis()

    assert board.value("pinboard_dependency_up", dependency="redis") == 0
    assert board.value("pinboard_dependency_up", dependency="database") == 1


# --- seats: gunicorn.conf.py ----------------------------------------------------------------------------------------


def test_a_worker_takes_the_lowest_free_seat(lay: Lay) -> None:
    conf = runpy.run_path(str(lay(*LAB6).folder / "gunicorn.conf.py"))
    server = SimpleNamespace(WORKERS={})
    for pid in range(4):
        worker = SimpleNamespace(pid=pid)
        conf["pre_fork"](server, worker)
        server.WORKERS[pid] = worker
    assert [worker.seat for worker in server.WORKERS.values()] == [0, 1, 2, 3]

    del server.WORKERS[1]
    successor = SimpleNamespace(pid=9)
    conf["pre_fork"](server, successor)

    assert successor.seat == 1


def test_a_successor_goes_on_counting_and_nothing_of_now_is_left(
    board: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies with a request under way; the next one sits down in its place."""
    conf = runpy.run_path(str(board.app.root_path + "/../gunicorn.conf.py"))
    seat = SimpleNamespace(seat=0)
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)  # put back at the end

    def take_seat() -> tuple[Counter, Gauge]:
        conf["post_fork"](None, seat)
        return (
            Counter("tickets", "", registry=None),
            Gauge("under_way", "", multiprocess_mode="livesum", registry=None),
        )

    first, busy = take_seat()
    first.inc(5)
    busy.inc()
    conf["child_exit"](None, seat)
    second, _ = take_seat()
    second.inc(2)

    assert board.value("tickets_total") == 7
    assert board.value("under_way") == 0
