"""Requests are due at fixed times, whether earlier ones were answered or not, and each wait counts from then."""

from __future__ import annotations

import threading
import time

import pytest

from grader.model import Reason
from grader.probes.load import SHOWN, Shot, load, loaded, volley
from grader.stacks.base import CouldNotLook
from grader.stacks.dealings import Address
from tests.probes.site import response, stack

HERE = Address("127.0.0.1", 8080)


def test_a_server_that_stands_still_cannot_slow_the_load_down() -> None:
    # Given a server that answers nobody until five requests have come
    come, many = threading.Semaphore(0), 5

    def answer(target: str, data: bytes) -> bytes:
        come.release()
        go_on.wait(5)
        return response(200)

    go_on = threading.Event()
    # When it is under load
    with load(stack(answer), HERE, "/", rate=100) as shots:
        reached = [come.acquire(timeout=5) for _ in range(many)]
        begun = time.monotonic()
        go_on.set()
    # Then they all came, although none had been answered, and the first waited longest
    assert reached == [True] * many
    assert len(shots) >= many
    first = min(shots, key=lambda shot: shot.at)
    assert first.seconds >= loaded(shots).slowest - 0.05
    assert time.monotonic() - begun < 5


def test_requests_are_due_at_the_rate_that_was_asked_for() -> None:
    with load(stack(lambda target, data: response(200)), HERE, "/", rate=50, seconds=0.2) as shots:
        deadline = time.monotonic() + 5
        while len(shots) < 10 and time.monotonic() < deadline:
            time.sleep(0.01)

    assert sorted(shot.at for shot in shots) == [round(number / 50, 3) for number in range(10)]


@pytest.mark.parametrize(
    ("raw", "failed"),
    (
        (response(200), False),
        (response(302), False),
        (response(404), False),  # an answer
        (response(500), True),
        (response(502), True),
        (b"", True),
        (b"nonsense\r\n", True),
    ),
)
def test_no_answer_and_no_service_count_as_failures(raw: bytes, failed: bool) -> None:
    (answered,) = volley(stack(lambda target, data: raw), HERE, ["/"])

    assert Shot(0.0, 0.1, answered).failed is failed


def test_a_summary_counts_all_failures_and_keeps_the_first() -> None:
    (bad,) = volley(stack(lambda target, data: response(502)), HERE, ["/"])
    (good,) = volley(stack(lambda target, data: response(200)), HERE, ["/"])
    shots = [Shot(n / 10, 0.1 * n, bad if n % 2 else good) for n in range(20)]

    summary = loaded(reversed(shots))

    assert (summary.sent, summary.failed, summary.slowest) == (20, 10, 1.9)
    assert [failure.at for failure in summary.failures] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert len(summary.failures) == SHOWN
    assert summary.first == "the first after 0.1 s: 502"
    assert loaded([]).first == ""


def test_a_sidecar_that_is_lost_is_no_failure_of_the_stack() -> None:
    def answer(target: str, data: bytes) -> bytes:
        asked.set()
        raise CouldNotLook(Reason.UNREACHABLE, "the sidecar is gone")

    asked = threading.Event()
    with pytest.raises(CouldNotLook, match="sidecar"), load(stack(answer), HERE, "/", rate=50):
        assert asked.wait(5)


def test_a_volley_is_sent_all_at_once_and_answered_in_order() -> None:
    together = threading.Barrier(4, timeout=5)

    def answer(target: str, data: bytes) -> bytes:
        together.wait()
        return response(200, target.encode())

    answers = volley(stack(answer), HERE, ["/a", "/b", "/c", "/d"])

    assert [answered.body for answered in answers] == ["/a", "/b", "/c", "/d"]


def test_a_volley_keeps_to_so_many_at_once() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def answer(target: str, data: bytes) -> bytes:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.002)
        with lock:
            now[0] -= 1
        return response(200)

    volley(stack(answer), HERE, ["/"] * 40, at_once=3)

    assert most[0] == 3
