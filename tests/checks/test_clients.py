"""Given how a visitor fared beside slow clients, when it is judged, then a noisy machine is nobody's fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import clients
from grader.model import AnyCheck, Outcome, Reason
from grader.probes.app.outage import Reply
from grader.probes.edge.slow_clients import Slowed
from grader.probes.stack.headroom import BASELINE_P95, Baseline

QUICK = Reply(0.0, 200, 0.01, app=True)
LATE = Reply(1.0, 0, 2.0, error="timed out")
QUIET = Baseline(0.002, 0.3, 0.1)
NOISY = Baseline(BASELINE_P95 * 2, 0.3, 9.0)
SLOWED = Slowed("http://localhost:8080", "/bench/whoami", 60, QUICK, QUICK, None)
CHECKS = (clients.slow_body_buffered, clients.slow_headers_tolerated, clients.slow_reader_buffered)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
@pytest.mark.parametrize(
    ("slowed", "outcome", "reason"),
    (
        (SLOWED, Outcome.PASS, None),
        (replace(SLOWED, clients=clients.FEWEST), Outcome.PASS, None),  # it let few of them in
        (replace(SLOWED, clients=clients.FEWEST - 1), Outcome.UNKNOWN, Reason.UNREACHABLE),
        (replace(SLOWED, beside=LATE, baseline=QUIET), Outcome.FAIL, None),
        (replace(SLOWED, beside=replace(QUICK, seconds=1.0), baseline=QUIET), Outcome.FAIL, None),
        (replace(SLOWED, beside=Reply(0.0, 200, 0.0), baseline=QUIET), Outcome.FAIL, None),  # not from the app
        (replace(SLOWED, beside=Reply(0.0, 503, 0.0), baseline=QUIET), Outcome.FAIL, None),
        (replace(SLOWED, beside=LATE, baseline=NOISY), Outcome.UNKNOWN, Reason.NOISY_HOST),
        (replace(SLOWED, alone=LATE, beside=LATE, baseline=QUIET), Outcome.UNKNOWN, Reason.TIMED_OUT),
        (replace(SLOWED, beside=LATE, baseline=QUIET, working=True), Outcome.UNKNOWN, Reason.TIMED_OUT),
    ),
)
def test_a_visitor_must_not_wait_for_slow_clients(
    check: AnyCheck, slowed: Slowed, outcome: Outcome, reason: Reason | None
) -> None:
    verdict = check.judge(slowed)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_learner_can_be_the_slow_clients(check: AnyCheck) -> None:
    verdict = check.judge(replace(SLOWED, beside=LATE, baseline=QUIET))
    assert verdict.reproduce.startswith("(for i in $(seq 60); do bash -c 'exec 3<>/dev/tcp/localhost/8080; printf ")
    assert verdict.reproduce.endswith("wait)")  # whole, however long


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_learner_can_be_the_slow_clients_over_tls(check: AnyCheck) -> None:
    there = replace(SLOWED, site="https://pinboard.localhost:8443", beside=LATE, baseline=QUIET)
    command = check.judge(there).reproduce
    assert "openssl s_client -quiet -no_ign_eof -connect localhost:8443 -servername pinboard.localhost" in command
    assert " https://pinboard.localhost:8443/bench/whoami" in command
