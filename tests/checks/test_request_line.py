"""Given how absurd requests were answered, when the check judges it, then only a server without limits is red."""

from __future__ import annotations

import pytest

from grader.checks import limits
from grader.model import Outcome
from grader.probes.app.server import Oversized, Refusals

KIB = 1024
URL, MANY, HEADER = "a URL", "500 headers", "one header"


def refusals(*tried: Oversized, after: int = 200) -> Refusals:
    return Refusals("http://localhost:8080", tried, str(after) if after else "connection refused", after)


def tried(what: str, kib: int, status: int, seen: str = "", seconds: float = 0.01) -> Oversized:
    return Oversized(what, kib * KIB, status, seen or str(status), seconds)


GUNICORN = (tried(URL, 64, 414), tried(MANY, 7, 431), tried(HEADER, 128, 431))


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (refusals(*GUNICORN), Outcome.PASS, "414"),
        (refusals(tried(URL, 64, 0, "connection reset"), *GUNICORN[1:]), Outcome.PASS, "connection reset"),
        (refusals(tried(URL, 64, 0, "no answer"), *GUNICORN[1:]), Outcome.PASS, "no answer"),  # closed
        # Waitress draws the line at 256 KiB for the whole head: the first tries are served, the large ones refused.
        (refusals(tried(URL, 64, 404), tried(URL, KIB, 431), *GUNICORN[1:]), Outcome.PASS, "1024 KiB"),
        (refusals(tried(URL, 64, 404), tried(URL, KIB, 200), *GUNICORN[1:]), Outcome.FAIL, "a URL"),
        (refusals(GUNICORN[0], tried(MANY, 7, 200), tried(MANY, KIB, 200), GUNICORN[2]), Outcome.FAIL, "500 headers"),
        (refusals(*GUNICORN[:2], tried(HEADER, 128, 200), tried(HEADER, KIB, 200)), Outcome.FAIL, "one header"),
        (refusals(tried(URL, 64, 0, "timed out", 5.0), *GUNICORN[1:]), Outcome.FAIL, "timed out"),
        (refusals(tried(URL, 64, 414, seconds=2.5), *GUNICORN[1:]), Outcome.FAIL, "2.5 s"),  # refused, not cheaply
        (refusals(tried(URL, 64, 500), tried(URL, KIB, 502), *GUNICORN[1:]), Outcome.FAIL, "502"),  # a worker died
        (refusals(*GUNICORN, after=502), Outcome.FAIL, "502"),
        (refusals(*GUNICORN, after=0), Outcome.FAIL, "connection refused"),
        (refusals(*GUNICORN, after=404), Outcome.PASS, "414"),  # an app without /healthz
    ),
)
def test_only_a_server_without_limits_is_red(seen: Refusals, outcome: Outcome, word: str) -> None:
    verdict = limits.request_line_limited.judge(seen)

    assert verdict.outcome is outcome
    assert word in verdict.because
    assert bool(verdict.reproduce) is (outcome is Outcome.FAIL)
