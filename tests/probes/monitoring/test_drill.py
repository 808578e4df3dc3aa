"""Given rules that see what happens to the stack, when the drill is held, then each shows when it turned true."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from grader.checks import alerts
from grader.model import Outcome, Reason
from grader.probes import base
from grader.probes.monitoring import drill, lookout
from grader.probes.monitoring.drill import Drill, Drilled
from grader.probes.monitoring.rules import Group, Rule, rules_of
from grader.probes.monitoring.servers import Server
from grader.probes.monitoring.timeline import LINGER, Course, Look, Marks, courses
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from tests.probes import monitored
from tests.probes.monitored import PORTS, FakeRule, Monitored

DOWN = FakeRule("AppDown", lambda seen: "app" in seen.stopped, patience=0.5)
ERRORS = FakeRule("ManyErrors", lambda seen: seen.recent("/bench/boom"), patience=0.5)
SLOW = FakeRule("SlowAnswers", lambda seen: seen.count("/bench/slow") >= 3 and seen.recent("/bench/slow"))
HASTY = FakeRule("Hasty", lambda seen: seen.count("/bench/slow") == 2 and seen.recent("/bench/slow"))
WATCHDOG = FakeRule("Watchdog", lambda seen: True, query="vector(1)")


class Haste:
    """Time for the drill: who waits in its thread goes on once the rules were looked at, and it is that much later."""

    gmtime, strftime = staticmethod(time.gmtime), staticmethod(time.strftime)

    def __init__(self) -> None:
        self.ahead = 0.0
        self.looks = 0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def time(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            enough, until = self.looks + 2, time.monotonic() + 30  # the next look may have begun before
            while self.looks < enough:
                assert time.monotonic() < until, "nobody looks at the rules any more"
                time.sleep(0.001)
            self.ahead += seconds
        else:
            time.sleep(seconds)

    def look(self, stack: Stack, server: Server) -> Group:
        self.looks += 1
        return rules_of(stack, server)


@pytest.fixture(autouse=True)
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Haste()
    for module in (base, drill, lookout, monitored):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(lookout, "rules_of", clock.look)
    # What goes on beside the drill's thread does so in true time: as often as looks that follow each other.
    monkeypatch.setattr(lookout, "POLL", 0.002)
    monkeypatch.setattr(drill, "RATE", 200.0)
    monkeypatch.setattr(drill, "TRICKLE", 50.0)
    for name in ("QUIET", "CLEAR", "DELIVERY", "SPARE"):
        monkeypatch.setattr(drill, name, 3.0)


EVERY = (
    alerts.alerts_quiet_when_healthy,
    alerts.alert_error_rate,
    alerts.alert_latency,
    alerts.alert_app_down,
    alerts.alert_delivered,
)
ALL_WELL = {check.id.partition(".")[2]: Outcome.PASS for check in EVERY}


def held(*rules: FakeRule, **changes: object) -> Drilled:
    return Drill().ask(replace(Monitored(rules=rules), **changes).stack)  # type: ignore[arg-type]


def outcomes(seen: Drilled) -> dict[str, Outcome]:
    return {check.id.partition(".")[2]: check.judge(seen).outcome for check in EVERY}


def test_rules_that_see_everything_pass() -> None:
    assert outcomes(held(DOWN, ERRORS, SLOW, WATCHDOG)) == ALL_WELL


@pytest.mark.parametrize(
    ("missing", "name"), ((DOWN, "alert-app-down"), (ERRORS, "alert-error-rate"), (SLOW, "alert-latency"))
)
def test_a_missing_rule_is_missed_and_no_other_takes_its_place(missing: FakeRule, name: str) -> None:
    seen = held(*(rule for rule in (DOWN, ERRORS, SLOW) if rule is not missing))

    assert outcomes(seen) == ALL_WELL | {name: Outcome.FAIL}


def test_a_rule_that_is_always_true_is_noise_and_no_alarm() -> None:
    seen = held(DOWN, SLOW, FakeRule("Always", lambda seen: True, query="up >= 0"))

    assert outcomes(seen) == ALL_WELL | {
        "alerts-quiet-when-healthy": Outcome.FAIL,
        "alert-error-rate": Outcome.FAIL,
    }


def test_a_rule_that_turns_true_after_a_quiet_look_and_stays_so_is_an_alarm_on_a_healthy_stack() -> None:
    """After a start, a rule about requests has no result until there were some."""
    always = FakeRule("Always", lambda seen: "/bench/slow" in seen.latest)

    assert "Always was still true" in alerts.alerts_quiet_when_healthy.judge(held(DOWN, always)).because


def test_a_rule_about_a_start_of_a_moment_ago_may_stay_true() -> None:
    restarted = FakeRule("Restarted", lambda seen: "start app" in seen.done)

    assert alerts.alerts_quiet_when_healthy.judge(held(DOWN, restarted)).outcome is Outcome.PASS


def test_a_rule_that_one_slow_answer_makes_true_is_hasty_once_its_counter_is_known() -> None:
    verdict = alerts.alerts_quiet_when_healthy.judge(held(DOWN, ERRORS, SLOW, HASTY))

    assert verdict.outcome is Outcome.FAIL
    assert "because of one request" in verdict.because


def test_rules_that_have_not_seen_the_slow_answer_are_not_quiet() -> None:
    """A reading that takes so long is stamped with its beginning: rules that were computed since have not got it."""
    verdict = alerts.alerts_quiet_when_healthy.judge(held(DOWN, ERRORS, scrape_takes=60.0))

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.TIMED_OUT)
    assert "one answer of 2 s" in verdict.because


def test_a_rule_that_was_true_at_any_look_after_the_slow_answer_is_hasty() -> None:
    """On a busy machine the last look may come when the answer has left the window."""
    short = FakeRule("Hasty", lambda seen: seen.count("/bench/slow") == 2 and seen.recent("/bench/slow", 2))

    assert "because of one request" in alerts.alerts_quiet_when_healthy.judge(held(DOWN, short)).because


def test_where_nothing_can_be_made_slow_nothing_is_said_of_it() -> None:
    verdict = alerts.alerts_quiet_when_healthy.judge(held(DOWN, bench=False))

    assert verdict.outcome is Outcome.PASS
    assert verdict.because.endswith("none was true")


@pytest.mark.parametrize(
    ("instance", "outcome"),
    (("localhost:8000", Outcome.UNKNOWN), ("app:8000", Outcome.FAIL), ("", Outcome.FAIL)),
)
def test_what_prometheus_believes_of_an_old_target_is_nobodys_noise(instance: str, outcome: Outcome) -> None:
    seen = held(DOWN, FakeRule("Always", lambda seen: True, query="up == 0", instance=instance))

    verdict = alerts.alerts_quiet_when_healthy.judge(seen)

    assert verdict.outcome is outcome
    assert (instance in verdict.because) is (outcome is Outcome.UNKNOWN or not instance)


def test_a_rule_that_cannot_be_computed_is_broken() -> None:
    verdict = alerts.alerts_quiet_when_healthy.judge(held(DOWN, FakeRule("Bad", lambda seen: False, health="err")))

    assert verdict.outcome is Outcome.FAIL
    assert "unknown function" in verdict.because


def test_no_rule_at_all_is_said_once_and_plainly_and_nothing_is_disturbed_for_it() -> None:
    stack = Monitored()
    verdict = alerts.alerts_quiet_when_healthy.judge(Drill().ask(stack.stack))

    assert verdict.outcome is Outcome.FAIL
    assert "no alerting rule" in verdict.because
    assert stack.done == []


def test_an_alert_that_no_receiver_takes_is_not_delivered() -> None:
    seen = held(DOWN, ERRORS, SLOW, delivers=False)

    assert outcomes(seen) == ALL_WELL | {"alert-delivered": Outcome.FAIL}
    assert "were refused" in alerts.alert_delivered.judge(seen).because


@pytest.mark.parametrize(("group_wait", "outcome"), ((2.0, Outcome.PASS), (60.0, Outcome.FAIL)))
def test_the_app_stays_away_until_a_manager_that_waits_has_told_somebody(group_wait: float, outcome: Outcome) -> None:
    """Alertmanager's own group_wait is 30 s: an alert that ends before that is never told."""
    assert alerts.alert_delivered.judge(held(DOWN, group_wait=group_wait)).outcome is outcome


def test_an_alert_without_an_alertmanager_is_not_delivered() -> None:
    seen = held(DOWN, ERRORS, SLOW, without=("alertmanager",))

    assert outcomes(seen) == ALL_WELL | {"alert-delivered": Outcome.FAIL}
    assert "answers as an Alertmanager" in alerts.alert_delivered.judge(seen).because


class Speechless(Monitored):
    """Its Prometheus says nothing more as soon as there are errors."""

    def _prometheus(self, path: str, query: dict[str, str]) -> bytes:
        return b"" if self.count("/bench/boom") else super()._prometheus(path, query)


def test_who_could_not_look_at_the_rules_has_not_seen_them_silent() -> None:
    with pytest.raises(CouldNotLook, match="prometheus did not tell how its rules are"):
        Drill().ask(Speechless(rules=(DOWN, ERRORS)).stack)


class Halting(Monitored):
    """Now and then its Prometheus is not reached in time."""

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        watching = threading.current_thread() is not threading.main_thread()
        if to.port == PORTS["prometheus"] and watching and b"/rules" in data and self.evaluations % 3 == 2:
            self.evaluations += 1
            raise CouldNotLook(Reason.TIMED_OUT, "the sidecar of prometheus did not answer `exchange` in time")
        return super().exchange(via, to, data, **bounds)


def test_a_look_that_comes_too_late_is_not_the_last() -> None:
    assert outcomes(Drill().ask(Halting(rules=(DOWN, ERRORS, SLOW)).stack)) == ALL_WELL


def test_the_app_is_started_again_whatever_happens() -> None:
    stack = Monitored(rules=(DOWN,))
    Drill().ask(stack.stack)

    assert stack.done == ["note start app-id", "stop app", "start app"]


# --- what a timeline means ------------------------------------------------------------------------------------------

MARKS = Marks(10, 20, 30, 30, 60, frozenset(), frozenset())
RULE = Rule("R", "q", 10.0, 20.0, "")


def course(*true: tuple[float, float], marks: Marks = MARKS, firing: float = 1000.0) -> Course:
    """Of a rule that is true in these spans, looked at each second for two minutes."""

    def holds(at: float) -> frozenset[int]:
        return frozenset({0} if any(start <= at < end for start, end in true) else ())

    looks = [Look(at, at, holds(at), holds(at) if at >= firing else frozenset()) for at in map(float, range(130))]
    return courses((RULE,), looks, marks)[0]


@pytest.mark.parametrize(
    ("true", "part", "after", "gone"),
    (
        ((14.0, 50.0), "slow", 4.0, 20.0),
        ((24.0, 50.0), "errors", 4.0, 20.0),
        ((34.0, 65.0), "down", 4.0, 5.0),
        ((24.0, 130.0), "errors", 4.0, -1.0),  # never over
        ((2.0, 50.0), "", 0.0, 0.0),  # true before anything happened
        ((70.0, 80.0), "", 0.0, 0.0),  # true when all was over
    ),
)
def test_a_rule_belongs_to_the_part_in_which_it_turned_true(
    true: tuple[float, float], part: str, after: float, gone: float
) -> None:
    seen = course(true)
    parts = {name: getattr(seen, name) for name in ("slow", "errors", "down")}

    assert parts == {"slow": -1.0, "errors": -1.0, "down": -1.0} | ({part: after} if part else {})
    assert seen.gone == (gone if part else -1.0)


def test_a_rule_about_errors_at_the_edge_sees_the_outage_too() -> None:
    late = Marks(10, 20, 30, 30, 30 + LINGER + 10, frozenset(), frozenset())

    assert course((22.0, 110.0), marks=late).down == LINGER
    assert course((22.0, 60.0), marks=late).down == -1.0


def test_a_look_that_takes_beyond_the_end_of_a_part_says_nothing_of_it() -> None:
    slow, true = Look(19.5, 21.0, frozenset({0}), frozenset()), frozenset({0})
    seen = courses((RULE,), [Look(18.0, 18.1, frozenset(), frozenset()), slow, Look(22.0, 22.1, true, true)], MARKS)[0]

    assert (seen.slow, seen.errors) == (-1.0, 2.0)


def test_an_alert_fires_after_its_rule_turned_true() -> None:
    assert course((24.0, 50.0), firing=35.0).fired == 11.0
