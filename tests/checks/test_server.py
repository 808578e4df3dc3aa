"""Given what a server did, when the checks of the server judge it, then only what is broken is red."""

from __future__ import annotations

import pytest

from grader.checks import server
from grader.model import Outcome, Reason
from grader.probes.app.server import Door, Doors, Heartbeat, Heartbeats, SideBySide
from grader.probes.stack.headroom import BASELINE_P95, Baseline

STDLIB_505 = (
    "HTTP/1.0 505 HTTP Version Not Supported\r\nServer: gunicorn\r\n\r\n"
    "<html><head><title>Error response</title></head><body><p>Error code: 505</p></body></html>"
)
GUNICORN_400 = "HTTP/1.1 400 Bad Request\r\n\r\n<html><head><title>Bad Request</title></head></html>"


def door(name: str, *replies: str, where: str = "port 8000") -> Door:
    return Door("app", where, name, replies or (GUNICORN_400, ""))


@pytest.mark.parametrize(
    ("doors", "outcome", "word"),
    (
        ((door("gunicorn"),), Outcome.PASS, "gunicorn"),
        ((door("waitress"),), Outcome.PASS, "waitress"),
        ((door(""),), Outcome.PASS, "without a Server header"),
        ((door("", "", ""),), Outcome.PASS, "without"),  # the uwsgi protocol: it speaks no HTTP
        ((door("our-own/1.0"),), Outcome.PASS, "our-own"),
        ((door("gunicorn", where="/run/app.sock"),), Outcome.PASS, "/run/app.sock"),
        ((door("Werkzeug/3.1.9 Python/3.13.5"),), Outcome.FAIL, "Werkzeug/3.1.9"),
        ((door("WSGIServer/0.2 CPython/3.13"),), Outcome.FAIL, "WSGIServer"),
        ((door("gunicorn", STDLIB_505, ""),), Outcome.FAIL, "http.server"),  # its Server header is made up
        ((door("gunicorn", "", STDLIB_505),), Outcome.FAIL, "http.server"),
        ((door("gunicorn"), door("Werkzeug/3.1.9", where="port 5000")), Outcome.FAIL, "port 5000"),
    ),
)
def test_a_development_server_is_known_by_its_error_page_whatever_it_calls_itself(
    doors: tuple[Door, ...], outcome: Outcome, word: str
) -> None:
    verdict = server.prod_wsgi_server.judge(Doors(doors))

    assert verdict.outcome is outcome
    assert word in verdict.because
    assert (verdict.reproduce == "") is (outcome is Outcome.PASS)


def side_by_side(
    wall: float, *seen: str, one: float = 1.0, shortest: float = 1.0, baseline: Baseline | None = None
) -> SideBySide:
    return SideBySide(
        "http://localhost:8080", "/bench/slow?seconds=1", one, wall, shortest, seen or ("200",) * 3, baseline
    )


QUIET = Baseline(p95=0.002, sleepers=0.31, load=0.3)
NOISY = Baseline(p95=BASELINE_P95 * 2, sleepers=0.31, load=9.0)


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    (
        (side_by_side(1.01), Outcome.PASS, None),
        (side_by_side(1.69), Outcome.PASS, None),
        (side_by_side(2.01, baseline=QUIET), Outcome.FAIL, None),  # two at a time
        (side_by_side(3.02, baseline=QUIET), Outcome.FAIL, None),  # one after the other
        (side_by_side(3.02), Outcome.FAIL, None),
        (side_by_side(2.4, baseline=NOISY), Outcome.UNKNOWN, Reason.NOISY_HOST),
        (side_by_side(1.01, baseline=NOISY), Outcome.PASS, None),  # good in spite of the noise
        (side_by_side(5.1, one=3.0, shortest=3.0), Outcome.FAIL, None),  # an endpoint of the learner's own
        (side_by_side(5.0, one=3.0, shortest=3.0), Outcome.PASS, None),
        (side_by_side(0.01, one=3.0, shortest=0.01), Outcome.UNKNOWN, Reason.UNREACHABLE),  # answered from a cache
        (side_by_side(1.01, "200", "200", "500"), Outcome.FAIL, None),
        (side_by_side(1.01, "200", "connection reset", "200"), Outcome.FAIL, None),
        (side_by_side(40.0, "timed out", "200", "200", baseline=NOISY), Outcome.FAIL, None),  # lost is not slow
    ),
)
def test_slow_requests_must_run_side_by_side_on_a_quiet_machine(
    found: SideBySide, outcome: Outcome, reason: Reason | None
) -> None:
    verdict = server.concurrent_requests.judge(found)

    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("hearts", "outcome"),
    (
        ((Heartbeat(8, "/dev/shm", "tmpfs"), Heartbeat(9, "/dev/shm", "tmpfs")), Outcome.PASS),
        ((Heartbeat(8, "/tmp", "tmpfs"),), Outcome.PASS),  # tmpfs: /tmp in the Compose file
        ((Heartbeat(8, "/tmp", "overlay"),), Outcome.FAIL),
        ((Heartbeat(8, "/dev/shm", "ext4"),), Outcome.FAIL),  # a bind mount lies over it
        ((Heartbeat(8, "/dev/shm", "tmpfs"), Heartbeat(9, "/tmp", "overlay")), Outcome.FAIL),
        ((Heartbeat(8, "/tmp", ""),), Outcome.FAIL),
    ),
)
def test_every_heartbeat_must_be_in_memory(hearts: tuple[Heartbeat, ...], outcome: Outcome) -> None:
    assert server.heartbeat_on_tmpfs.judge(Heartbeats("app", hearts)).outcome is outcome


def test_the_rules_say_the_numbers_that_the_judges_compare_with() -> None:
    assert f"{server.QUICK:g}" in server.concurrent_requests.rule
    assert all(name in server.prod_wsgi_server.rule for name in server.DEV_SERVERS)
    assert all(name in server.heartbeat_on_tmpfs.rule for name in server.IN_MEMORY)
