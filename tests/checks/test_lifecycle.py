"""Given how the app reloaded and stopped, when the checks judge it, then only what loses something is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import lifecycle, process, session
from grader.model import Outcome, Reason
from grader.probes.app.lifecycle import KILLED, Orphan, Reloaded, Session, Stopping, UnderWay
from grader.probes.load import Failure, Loaded
from grader.probes.stack.crash import Crashed, Crashes
from grader.stacks.dealings import Stopped

ALL_WELL = Loaded(70, 0, 0.02, ())
SOME_LOST = Loaded(70, 3, 0.4, (Failure(1.5, "connection reset"),))

RELOADED = Reloaded(
    service="app",
    pid1="gunicorn",
    reloads=2,
    workers=4,
    survivors=0,
    newcomers=4,
    restarted=False,
    load=ALL_WELL,
    slow=ALL_WELL,
)


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (RELOADED, Outcome.PASS, "all 140 requests"),
        (replace(RELOADED, slow=None), Outcome.PASS, "all 70 requests"),  # a stack without a bench
        (replace(RELOADED, pid1="sh", survivors=4, newcomers=0), Outcome.FAIL, "process 1 (sh)"),  # swallowed
        (replace(RELOADED, survivors=1), Outcome.FAIL, "1 of 4 workers"),
        (replace(RELOADED, newcomers=0), Outcome.FAIL, "0 of 4"),  # none left at all
        (replace(RELOADED, load=SOME_LOST), Outcome.FAIL, "3 of 70 requests failed"),
        (replace(RELOADED, slow=SOME_LOST), Outcome.FAIL, "connection reset"),
        (replace(RELOADED, restarted=True, load=SOME_LOST), Outcome.FAIL, "ended app as a whole"),
        (replace(RELOADED, restarted=True), Outcome.FAIL, "as a whole"),
    ),
)
def test_a_reload_must_replace_all_and_lose_nothing(seen: Reloaded, outcome: Outcome, word: str) -> None:
    verdict = lifecycle.reload_zero_fail.judge(seen)

    assert verdict.outcome is outcome
    assert word in verdict.because


ANSWERED = UnderWay("/bench/slow?seconds=2", 200, "200", 2.01, 8)
LOST = UnderWay("/bench/slow?seconds=2", 0, "connection reset", 0.5, 0)
STOPPED = Stopping(
    service="app",
    site="http://localhost:8080",
    pid1="gunicorn",
    stop_signal="SIGTERM",
    grace=10,
    exit_code=0,
    seconds=1.9,
    idle=None,
    request=ANSWERED,
    session=Session(before=True, after=True, ephemeral=False, why_not=""),
    back=True,
)


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (STOPPED, Outcome.PASS, "exit code 0"),
        (replace(STOPPED, exit_code=143), Outcome.PASS, "exit code 143"),  # tini hands the signal's code on
        (replace(STOPPED, stop_signal="SIGINT"), Outcome.PASS, "SIGINT"),
        (replace(STOPPED, exit_code=143, seconds=0.1, request=LOST), Outcome.PASS, "0.1 s"),  # quick: that is the rule
        (replace(STOPPED, exit_code=KILLED, seconds=10.2, pid1="sh"), Outcome.FAIL, "process 1 (sh)"),
        (replace(STOPPED, exit_code=0, seconds=10.4), Outcome.FAIL, "10.4 s"),
        # So short a grace that the request could not end: an idle stop decides.
        (replace(STOPPED, grace=1, exit_code=KILLED, idle=Stopped(0, 0.2)), Outcome.PASS, "exit code 0"),
        (replace(STOPPED, grace=1, exit_code=KILLED, idle=Stopped(KILLED, 1.1)), Outcome.FAIL, "1.1 s"),
    ),
)
def test_process_one_must_end_by_itself(seen: Stopping, outcome: Outcome, word: str) -> None:
    verdict = process.pid1_stops_on_term.judge(seen)

    assert verdict.outcome is outcome
    assert word in verdict.because


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (STOPPED, Outcome.PASS),
        (replace(STOPPED, seconds=9.9, exit_code=143), Outcome.PASS),
        # Exit code, speed and answer each lie alone.
        (replace(STOPPED, exit_code=143, seconds=0.1, request=LOST), Outcome.FAIL),  # an init before a shell
        (replace(STOPPED, exit_code=0, seconds=1.2, request=LOST), Outcome.FAIL),  # uWSGI's die-on-term
        (replace(STOPPED, exit_code=KILLED, seconds=10.1), Outcome.FAIL),  # a shell before the server
        (replace(STOPPED, seconds=10.5), Outcome.FAIL),
        (replace(STOPPED, grace=1, exit_code=KILLED, seconds=1.1, request=LOST), Outcome.FAIL),  # stop_grace_period: 1s
        (replace(STOPPED, request=replace(ANSWERED, status=502, seen="502")), Outcome.FAIL),
        (replace(STOPPED, request=None), Outcome.SKIP),
    ),
)
def test_a_request_under_way_must_be_answered_before_the_end(seen: Stopping, outcome: Outcome) -> None:
    verdict = lifecycle.graceful_stop.judge(seen)

    assert verdict.outcome is outcome
    assert bool(verdict.reproduce) is (outcome is Outcome.FAIL)


@pytest.mark.parametrize(
    ("login", "back", "outcome", "reason"),
    (
        (Session(True, True, False, ""), True, Outcome.PASS, None),
        (Session(True, False, False, ""), True, Outcome.FAIL, None),
        (Session(True, False, True, ""), True, Outcome.SKIP, Reason.NOT_APPLICABLE),  # declared in grader.toml
        (Session(False, False, False, "no sign-in form"), True, Outcome.SKIP, Reason.NOT_APPLICABLE),
        (Session(False, False, False, ""), True, Outcome.UNKNOWN, Reason.UNREACHABLE),
        (Session(True, False, False, ""), False, Outcome.UNKNOWN, Reason.TIMED_OUT),
    ),
)
def test_a_login_must_survive_a_restart(login: Session, back: bool, outcome: Outcome, reason: Reason | None) -> None:
    verdict = session.session_survives_restart.judge(replace(STOPPED, session=login, back=back))

    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(("state", "outcome"), (("", Outcome.PASS), ("Z", Outcome.FAIL), ("S", Outcome.UNKNOWN)))
def test_an_orphan_must_be_reaped(state: str, outcome: Outcome) -> None:
    assert process.zombies_reaped.judge(Orphan("app", "python", 22, state)).outcome is outcome


def test_one_stop_serves_all_who_ask_what_a_stop_does() -> None:
    checks = (process.pid1_stops_on_term, lifecycle.graceful_stop, session.session_survives_restart)

    assert len({check.probe for check in checks}) == 1


CAME_BACK = Crashed("app", "unless-stopped", True, 0.9, "running")
STAYED_AWAY = Crashed("proxy", "no", False, None, "exited")


@pytest.mark.parametrize(
    ("services", "outcome", "word"),
    (
        ((CAME_BACK, replace(CAME_BACK, service="proxy", back=1.4)), Outcome.PASS, "app after 0.9 s, proxy after 1.4"),
        ((replace(CAME_BACK, restart_policy="on-failure"),), Outcome.PASS, "came back"),
        ((CAME_BACK, STAYED_AWAY), Outcome.FAIL, "proxy was killed as a whole, and 15 s later it was exited"),
        ((replace(STAYED_AWAY, restart_policy=""),), Outcome.FAIL, "restart policy: no"),
        ((replace(CAME_BACK, back=None),), Outcome.FAIL, "the site did not answer"),  # it misses what the first had
    ),
)
def test_each_service_that_the_site_needs_comes_back_after_a_crash(
    services: tuple[Crashed, ...], outcome: Outcome, word: str
) -> None:
    verdict = lifecycle.restart_after_crash.judge(Crashes("http://localhost:8080", services))

    assert verdict.outcome is outcome
    assert word in verdict.because
    assert bool(verdict.reproduce) is (outcome is Outcome.FAIL)
