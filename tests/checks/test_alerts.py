"""Given how rules behaved in the drill, when the checks judge it, then what nobody would have heard of is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import alerts
from grader.model import AnyCheck, Outcome
from grader.probes.monitoring.delivery import Delivery
from grader.probes.monitoring.drill import Drilled
from grader.probes.monitoring.timeline import Course

RULE = Course(
    name="AppDown",
    query="up == 0",
    patience=10.0,
    window=0.0,
    error="",
    watchdog=False,
    noisy=False,
    single=False,
    slow=-1.0,
    errors=-1.0,
    down=-1.0,
    fired=-1.0,
    gone=-1.0,
)
DOWN = replace(RULE, down=5.0, fired=10.0, gone=6.0)
ERRORS = replace(RULE, name="ManyErrors", window=20.0, errors=4.0, fired=10.0, gone=15.0)
SLOW = replace(RULE, name="SlowAnswers", window=20.0, slow=5.0, fired=10.0, gone=15.0)
TOLD = Delivery(
    "", "alertmanager", 9093, 9093, ("http://alertmanager:9093/api/v2/alerts",), ("AppDown",), ("mail",), 3, 0
)
WATCHDOG = replace(RULE, name="Watchdog", query="vector(1)", watchdog=True)
WELL = Drilled(
    site="https://pinboard.localhost:8443",
    service="app",
    prometheus="prometheus",
    port=9090,
    host_port=9090,
    interval=5.0,
    evaluation=5.0,
    limit=25.0,
    cut=False,
    waited=8.0,
    slow=10,
    errors=100,
    courses=(DOWN, ERRORS, SLOW),
    delivery=TOLD,
    single=True,
)
QUIET, FAILING, LATE = alerts.alerts_quiet_when_healthy, alerts.alert_error_rate, alerts.alert_latency
AWAY, HEARD = alerts.alert_app_down, alerts.alert_delivered


def drilled(*courses: Course, **changes: object) -> Drilled:
    return replace(WELL, courses=courses, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("check", "seen", "outcome", "word"),
    (
        (QUIET, WELL, Outcome.PASS, "3 alerting rules (AppDown, ManyErrors, SlowAnswers); none was true, also not"),
        (QUIET, drilled(DOWN, WATCHDOG), Outcome.PASS, "2 alert"),
        (QUIET, drilled(), Outcome.FAIL, "no alerting rule"),
        (QUIET, drilled(replace(RULE, error="parse error")), Outcome.FAIL, "parse error"),
        (QUIET, drilled(replace(RULE, noisy=True)), Outcome.FAIL, "on a healthy stack"),
        (QUIET, drilled(replace(RULE, noisy=True, window=300.0)), Outcome.UNKNOWN, "looks back over 300 s"),
        (QUIET, drilled(replace(ERRORS, lasting=True)), Outcome.FAIL, "still true 60 s after all was well again"),
        (QUIET, drilled(replace(ERRORS, lasting=True, window=60.0)), Outcome.PASS, "none was true"),  # it may, so long
        (QUIET, drilled(replace(SLOW, single=True)), Outcome.FAIL, "one request of 2 s"),
        (QUIET, drilled(replace(SLOW, single=True, patience=60.0)), Outcome.PASS, "none was true"),  # `for` outlasts it
        (QUIET, drilled(replace(SLOW, single=True, window=0.0)), Outcome.FAIL, "one request"),  # window unknown: short
        (QUIET, drilled(DOWN, single=False, overlooked=True), Outcome.UNKNOWN, "did not reach the rules of prometheus"),
        (QUIET, drilled(replace(SLOW, single=True), overlooked=True), Outcome.FAIL, "one request"),  # seen all the same
        (FAILING, WELL, Outcome.PASS, "ManyErrors turned true 4 s after"),
        (FAILING, drilled(DOWN, SLOW), Outcome.FAIL, "no rule turned true (rules: AppDown, SlowAnswers)"),
        (FAILING, drilled(replace(ERRORS, noisy=True)), Outcome.FAIL, "no rule"),  # it was true before
        (FAILING, drilled(DOWN, cut=True), Outcome.UNKNOWN, "may take longer"),
        (FAILING, drilled(DOWN, errors=0), Outcome.SKIP, "bench"),
        (LATE, WELL, Outcome.PASS, "SlowAnswers turned true 5 s after"),
        (LATE, drilled(DOWN, ERRORS), Outcome.FAIL, "requests took 1.5 s"),
        (LATE, drilled(DOWN, slow=0), Outcome.SKIP, "slow_path"),
        (AWAY, WELL, Outcome.PASS, "fired 10 s later, and was over 6 s after its cause"),
        (AWAY, drilled(ERRORS, SLOW), Outcome.FAIL, "the app was down for 25 s"),
        (AWAY, drilled(replace(DOWN, gone=-1.0)), Outcome.FAIL, "still true 60 s after"),
        (AWAY, drilled(replace(DOWN, fired=-1.0)), Outcome.FAIL, "did not fire in the 25 s after that (for: 10 s)"),
        (AWAY, drilled(replace(DOWN, fired=-1.0), evaluation=60.0, cut=True), Outcome.UNKNOWN, "was not seen to fire"),
        (AWAY, drilled(replace(DOWN, fired=-1.0, patience=300.0)), Outcome.PASS, "not seen to fire (for: 300 s)"),
        (AWAY, drilled(cut=True), Outcome.UNKNOWN, "may take longer"),
        (HEARD, WELL, Outcome.PASS, "alertmanager told mail, in 3 messages"),
        (HEARD, drilled(RULE), Outcome.SKIP, "nothing to deliver"),
        (HEARD, replace(WELL, delivery=replace(TOLD, error="no service answers")), Outcome.FAIL, "no service answers"),
        (HEARD, replace(WELL, delivery=replace(TOLD, addressees=())), Outcome.FAIL, "it knows no Alertmanager"),
        (HEARD, replace(WELL, delivery=replace(TOLD, known=())), Outcome.FAIL, "never heard of it"),
        (HEARD, replace(WELL, delivery=replace(TOLD, sent=0)), Outcome.FAIL, "no message got through"),
        (HEARD, replace(WELL, delivery=replace(TOLD, sent=0, refused=4)), Outcome.FAIL, "4 messages were refused"),
    ),
)
def test_what_nobody_hears_of_is_red(check: AnyCheck, seen: Drilled, outcome: Outcome, word: str) -> None:
    verdict = check.judge(seen)

    assert verdict.outcome is outcome, verdict.because
    assert word in verdict.because


@pytest.mark.parametrize("host_port", (0, 19090))
def test_a_learner_can_see_the_rules_whether_prometheus_is_published_or_not(host_port: int) -> None:
    command = AWAY.judge(drilled(host_port=host_port)).reproduce

    assert ("curl -s 'http://localhost:19090/api" if host_port else "docker compose exec app python") in command
    assert command.startswith("docker compose stop app")
    assert command.endswith("docker compose start app") or "grep" in command
