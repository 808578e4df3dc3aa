"""The guards of every run: a busy machine is nobody's failure, and what grading leaves behind is the grader's own."""

from __future__ import annotations

import pytest

from grader.checks import guards
from grader.model import Outcome, Reason, Weight
from grader.probes.stack.headroom import BASELINE_P95, SLEEP, STRETCH, Baseline
from grader.probes.stack.left import Left


@pytest.mark.parametrize(
    ("baseline", "outcome"),
    (
        (Baseline(0.002, SLEEP, 0.1), Outcome.PASS),
        (Baseline(BASELINE_P95, SLEEP * STRETCH, 0.1), Outcome.PASS),
        (Baseline(0.002, SLEEP, 16.0), Outcome.PASS),  # the load alone says nothing: the stub was quick
        (Baseline(BASELINE_P95 + 0.001, SLEEP, 0.1), Outcome.UNKNOWN),
        (Baseline(0.002, SLEEP * STRETCH + 0.01, 0.1), Outcome.UNKNOWN),
    ),
)
def test_a_busy_machine_is_unknown_and_never_a_failure(baseline: Baseline, outcome: Outcome) -> None:
    verdict = guards.host_headroom.judge(baseline)

    assert verdict.outcome is outcome
    assert verdict.reason is (Reason.NOISY_HOST if outcome is Outcome.UNKNOWN else None)


@pytest.mark.parametrize(
    ("left", "outcome", "word"),
    (
        (Left((), (), ()), Outcome.PASS, "as it was"),
        (Left(("app-1: state was running, is paused",), (), ()), Outcome.FAIL, "is paused"),
        (Left((), ("app-1: gunicorn (8)",), ()), Outcome.FAIL, "gunicorn (8) stands still"),
        (Left((), (), ("decoy",)), Outcome.FAIL, "decoy"),
        (Left((), (), (), ("app-1 was removed",)), Outcome.UNKNOWN, "somebody else"),
        (Left((), (), ("decoy",), ("app-1 was removed",)), Outcome.FAIL, "decoy"),
    ),
)
def test_what_grading_leaves_behind_is_red_and_what_others_do_is_not(left: Left, outcome: Outcome, word: str) -> None:
    verdict = guards.stack_left_as_found.judge(left)

    assert verdict.outcome is outcome
    assert word in verdict.because


def test_guards_cost_no_points_and_the_last_one_is_asked_last() -> None:
    assert {guards.host_headroom.weight, guards.stack_left_as_found.weight} == {Weight.GUARD}
    assert guards.stack_left_as_found.probe.last
    assert guards.stack_left_as_found.probe.alone
