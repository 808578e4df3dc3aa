"""Given what health checks and health pages said, when the checks judge it, then those that tell no truth are red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import health, readiness
from grader.model import AnyCheck, Outcome
from grader.probes.app.health_command import Command, Compared, Ended, HealthRun, Hung
from grader.probes.app.outage import Reply
from grader.probes.monitoring.dependency import Leaned
from grader.probes.stack.headroom import Baseline

URLOPEN = Command("app", 'python -c "urlopen(…)"', 5.0, 4.0)
GOOD, BAD, ENDLESS, NOT_THERE = (
    Ended(0, 0.2, ""),
    Ended(1, 0.2, "HTTP Error 500"),
    Ended(None, 4.0, ""),
    Ended(127, 0, "?"),
)
TESTED = HealthRun("app", "healthy", False, URLOPEN, GOOD)
HUNG = Hung(URLOPEN, 5, BAD, GOOD)
COMPARED = Compared(URLOPEN, (8000,), ("GET /healthz HTTP/1.1",), BAD, GOOD)
YES, NO, SILENT = Reply(0.1, 200, 0.01), Reply(0.1, 503, 0.01), Reply(0.1, 0, 4.0, error="timed out")
LEANED = Leaned("app", 8000, ("redis",), False, YES, 0.2, NO, NO, (YES, YES, YES), 0.3, YES)
DEFINED, HANG, ERROR = health.healthcheck_defined, health.healthcheck_detects_hang, health.healthcheck_detects_5xx
BUSY = Baseline(0.3, 0.4, 25.0)
READY, ALIVE = readiness.readyz_reflects_dependency, readiness.liveness_shallow


@pytest.mark.parametrize(
    ("check", "seen", "outcome", "word"),
    (
        (DEFINED, TESTED, Outcome.PASS, "every 5 s"),
        (DEFINED, HealthRun("app", "", False, None, None), Outcome.FAIL, "is not defined"),
        (DEFINED, HealthRun("app", "", True, None, None), Outcome.FAIL, "is switched off"),  # ["NONE"]
        (DEFINED, replace(TESTED, ended=NOT_THERE), Outcome.FAIL, "not in the image"),  # curl in a slim image
        (DEFINED, replace(TESTED, ended=BAD), Outcome.FAIL, "ended with 1"),
        (DEFINED, replace(TESTED, ended=ENDLESS), Outcome.FAIL, "had not ended after 4 s"),
        (DEFINED, replace(TESTED, ended=ENDLESS, baseline=BUSY), Outcome.UNKNOWN, "load average"),
        (DEFINED, replace(TESTED, command=replace(URLOPEN, interval=60.0)), Outcome.FAIL, "every 60 s"),
        (DEFINED, replace(TESTED, status="unhealthy"), Outcome.FAIL, "unhealthy"),
        (DEFINED, replace(TESTED, status="unhealthy", baseline=BUSY), Outcome.UNKNOWN, "load average"),
        (HANG, HUNG, Outcome.PASS, "ended with 1"),
        (HANG, replace(HUNG, during=ENDLESS), Outcome.PASS, "had not ended after 4 s"),
        (HANG, replace(HUNG, during=GOOD), Outcome.FAIL, "ended with 0"),  # a connection is accepted all the same
        (HANG, replace(HUNG, after=BAD), Outcome.FAIL, "went on"),
        (ERROR, COMPARED, Outcome.PASS, "GET /healthz: exit code 1 on 500"),
        (ERROR, replace(COMPARED, on_error=GOOD), Outcome.FAIL, "asked GET /healthz and got 500"),  # curl -s
        (ERROR, replace(COMPARED, on_error=GOOD, asked=()), Outcome.FAIL, "asked the app nothing"),  # exit 0, TCP
        (ERROR, replace(COMPARED, on_success=BAD, asked=()), Outcome.FAIL, "never asked"),  # pgrep gunicorn
        (ERROR, replace(COMPARED, on_success=BAD), Outcome.UNKNOWN, "needs more than the app"),
        (ERROR, replace(COMPARED, on_error=ENDLESS), Outcome.PASS, "no end on 500"),
        (READY, LEANED, Outcome.PASS, "503 after 0.2 s"),
        (READY, replace(LEANED, before=NO), Outcome.FAIL, "to begin with"),
        (READY, replace(LEANED, red=-1.0, last=YES, slowest=YES), Outcome.FAIL, "still answered 200"),  # constant
        (READY, replace(LEANED, slowest=SILENT), Outcome.FAIL, "timed out"),  # hangs on connect
        (READY, replace(LEANED, slowest=replace(NO, seconds=3.4)), Outcome.FAIL, "3.4 s"),
        (READY, replace(LEANED, slowest=SILENT, baseline=BUSY), Outcome.UNKNOWN, "load average"),
        (READY, replace(LEANED, green=-1.0, after=NO), Outcome.FAIL, "was back"),  # a dead connection pool
        (ALIVE, LEANED, Outcome.PASS, "200 3 times"),
        (ALIVE, replace(LEANED, alive=(YES, NO, YES)), Outcome.FAIL, "503"),
        (ALIVE, replace(LEANED, alive=(replace(YES, seconds=1.3),)), Outcome.FAIL, "200 in 1.3 s"),
        (ALIVE, replace(LEANED, alive=(replace(YES, seconds=1.3),), baseline=BUSY), Outcome.UNKNOWN, "load average"),
        (ALIVE, replace(LEANED, alive=(NO,), baseline=BUSY), Outcome.FAIL, "503"),  # that is no matter of time
    ),
)
def test_health_that_tells_no_truth_is_red(check: AnyCheck, seen: object, outcome: Outcome, word: str) -> None:
    verdict = check.judge(seen)

    assert verdict.outcome is outcome, verdict.because
    assert word in verdict.because
