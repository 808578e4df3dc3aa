"""In which order checks are asked, what waits for what, and what becomes of exceptions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from grader import runner
from grader.model import Check, Outcome, Reason, Result, Verdict, Weight, failed, passed
from grader.probes.stack.headroom import Baseline
from grader.runner import Run, in_order
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.memo import Memo


@dataclass(frozen=True)
class Asked:
    """A probe that does what it is told and writes down that it was asked."""

    name: str
    disturbs: bool = False
    alone: bool = False
    last: bool = False
    ahead: tuple[Any, ...] = ()
    seconds: float = 0.01
    runs: str = ""
    act: Callable[[], str] = field(default=lambda: "ok", compare=False)

    def ask(self, stack: FakeStack, /) -> str:
        stack.asked.append(self.name)
        return self.act()


class FakeStack:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.forgotten = 0
        self._memo = Memo()

    def ask(self, probe: Asked) -> str:
        return self._memo.once(probe, lambda: probe.ask(self))

    def forget(self) -> None:
        self.forgotten += 1
        self._memo.clear()


def check(name: str, probe: Asked | None = None, needs: tuple[str, ...] = (), judge: object = None) -> Check[str]:
    told = cast("Callable[[str], Verdict]", judge or (lambda evidence: passed(evidence)))
    return Check(name, name, "rule", "why", Weight.MAJOR, probe or Asked(name), told, needs, "source", "fix")


def run(*checks: Check[str]) -> tuple[FakeStack, dict[str, Result]]:
    stack = FakeStack()
    run_ = Run(cast("Stack", stack), checks, lambda result: None)
    run_.go()
    return stack, run_.results


def red(evidence: str) -> Verdict:
    return failed("broken", hint="look", reproduce="curl", shows="bad")


def test_what_depends_on_a_failure_is_skipped_and_names_it() -> None:
    _, results = run(check("a.a", judge=red), check("b.b", needs=("a.a",)), check("c.c", needs=("b.b",)))

    assert [results[name].outcome for name in ("a.a", "b.b", "c.c")] == [Outcome.FAIL, Outcome.SKIP, Outcome.SKIP]
    assert results["b.b"].verdict.because == "blocked by a.a"
    assert results["c.c"].verdict.reason is Reason.BLOCKED


def test_what_a_timed_probe_will_ask_is_put_beside_the_calm_ones_and_over_before_it_begins() -> None:
    met = threading.Barrier(2)
    over: list[str] = []

    def slow() -> str:
        met.wait(5)
        over.append("slow")
        return "ok"

    wanted = Asked("slow", act=slow)
    timed = check("a.a", Asked("timed", alone=True, ahead=(wanted,), act=lambda: ",".join(over)))
    calm = check("b.b", Asked("calm", act=lambda: str(met.wait(5) >= 0)))

    _, results = run(timed, calm)

    assert results["a.a"].evidence == "slow"
    assert results["b.b"].outcome is Outcome.PASS


def test_a_blocked_check_is_not_even_asked() -> None:
    stack, _ = run(check("a.a", judge=red), check("b.b", needs=("a.a",)))

    assert stack.asked == ["a.a"]


def test_what_does_not_apply_holds_nothing_up() -> None:
    def no_meaning() -> str:
        raise NotApplicable("no bench here")

    _, results = run(check("a.a", Asked("a", act=no_meaning)), check("b.b", needs=("a.a",)))

    assert results["a.a"].verdict.reason is Reason.NOT_APPLICABLE
    assert results["b.b"].outcome is Outcome.PASS


def test_where_nothing_may_be_disturbed_the_calm_checks_are_asked_all_the_same() -> None:
    stack = FakeStack()
    checks = (check("a.calm"), check("b.loud", Asked("loud", disturbs=True)), check("c.c", needs=("b.loud",)))
    run_ = Run(cast("Stack", stack), checks, lambda result: None, refused="app is privileged")
    run_.go()

    assert "loud" not in stack.asked
    assert run_.results["a.calm"].outcome is Outcome.PASS
    verdict = run_.results["b.loud"].verdict
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.NO_PERMISSION)
    assert (verdict.because, "--i-know" in verdict.hint) == ("app is privileged", True)
    assert run_.results["c.c"].verdict.reason is Reason.BLOCKED


def test_nothing_disturbs_before_every_calm_answer_is_in() -> None:
    stack, results = run(
        check("z.fault", Asked("fault", disturbs=True)),
        check("y.timed", Asked("timed", alone=True)),
        check("x.calm", Asked("calm"), needs=("z.fault",)),
    )

    assert stack.asked == ["calm", "timed", "fault"]
    assert stack.forgotten == 1
    assert all(result.outcome is Outcome.PASS for result in results.values())


def test_of_the_calm_probes_the_longest_are_begun_first() -> None:
    short = check("a.a", Asked("short", seconds=1))
    all_begun = threading.Barrier(runner.SIDE_BY_SIDE)
    long = [
        check(f"b.{number}", Asked(f"long {number}", seconds=2, act=lambda: str(all_begun.wait(5))))
        for number in range(runner.SIDE_BY_SIDE)
    ]

    stack, _ = run(short, *long)

    assert stack.asked[-1] == "short"


def test_a_calm_check_that_needs_a_disturbing_one_is_judged_after_it() -> None:
    _, results = run(
        check("z.fault", Asked("fault", disturbs=True), judge=red), check("x.calm", Asked("calm"), needs=("z.fault",))
    )

    assert results["x.calm"].verdict.because == "blocked by z.fault"


def test_equal_probes_are_asked_once_and_only_the_first_pays() -> None:
    def slow() -> str:
        time.sleep(0.02)
        return "slow"

    probe = Asked("shared", act=slow)
    stack, results = run(check("a.a", probe), check("b.b", probe))

    assert stack.asked == ["shared"]
    assert sorted(result.seconds > 0 for result in results.values()) == [False, True]


@pytest.mark.parametrize(
    ("trouble", "outcome", "reason"),
    (
        (NotApplicable("no"), Outcome.SKIP, Reason.NOT_APPLICABLE),
        (CouldNotLook(Reason.NO_PERMISSION, "no"), Outcome.UNKNOWN, Reason.NO_PERMISSION),
        (ZeroDivisionError("our bug"), Outcome.UNKNOWN, Reason.GRADER_BUG),
    ),
)
def test_the_graders_own_trouble_is_never_the_learners_failure(
    trouble: Exception, outcome: Outcome, reason: Reason
) -> None:
    def raises() -> str:
        raise trouble

    _, results = run(check("a.a", Asked("a", act=raises)))

    assert (results["a.a"].outcome, results["a.a"].verdict.reason) == (outcome, reason)


def test_a_judge_that_breaks_is_our_bug() -> None:
    def broken(evidence: str) -> Verdict:
        raise KeyError("x")

    _, results = run(check("a.a", judge=broken))

    assert results["a.a"].verdict.reason is Reason.GRADER_BUG


def test_a_probe_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "EXTRA", 0.1)
    release = threading.Event()

    def hangs() -> str:
        release.wait(10)
        return "late"

    _, results = run(check("a.a", Asked("a", act=hangs)), check("b.b"))
    release.set()

    assert results["a.a"].verdict.reason is Reason.TIMED_OUT
    assert results["b.b"].outcome is Outcome.PASS


def test_on_a_busy_machine_a_probe_is_given_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "EXTRA", 0.1)
    monkeypatch.setattr(runner, "BUSY", 100)
    monkeypatch.setattr(runner, "Beside", Control)
    monkeypatch.setattr(Control, "p95", 0.4)
    release = threading.Event()

    def slow() -> str:
        release.wait(10)
        return "late"

    threading.Timer(0.3, release.set).start()
    _, results = run(check("a.a", Asked("a", act=slow)))

    assert results["a.a"].outcome is Outcome.PASS


def test_checks_that_need_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        in_order([check("a.a", needs=("b.b",)), check("b.b", needs=("a.a",))])


def test_calm_probes_are_asked_side_by_side() -> None:
    together = threading.Barrier(runner.SIDE_BY_SIDE, timeout=5)

    def meets() -> str:
        together.wait()
        return "met"

    _, results = run(*(check(f"a.{number}", Asked(str(number), act=meets)) for number in range(runner.SIDE_BY_SIDE)))

    assert all(result.outcome is Outcome.PASS for result in results.values())


def test_what_was_left_behind_is_asked_after_everything_wherever_it_is_listed() -> None:
    stack, _ = run(
        check("a.left", Asked("left", alone=True, last=True)),
        check("b.stop", Asked("stop", alone=True, disturbs=True)),
        check("c.time", Asked("time", alone=True)),
        check("d.calm", Asked("calm")),
        check("e.kill", Asked("kill", alone=True, disturbs=True), needs=("b.stop",)),
    )

    assert stack.asked == ["calm", "time", "stop", "kill", "left"]


class Control:
    """Stands for the stub that is asked beside a probe: how busy the machine was meanwhile."""

    p95 = 0.0

    def __init__(self, stack: Stack) -> None:
        """Nothing of the stack is needed."""

    def baseline(self) -> Baseline:
        return Baseline(self.p95, 0.0, 9.0)

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *trouble: object) -> None:
        """Nothing is under way."""


@pytest.mark.parametrize(("p95", "outcome"), ((0.002, Outcome.FAIL), (0.4, Outcome.UNKNOWN)))
@pytest.mark.parametrize("probe", (Asked("late", alone=True), Asked("late", disturbs=True, alone=True)))
def test_red_is_no_verdict_when_the_machine_was_busy_while_times_were_judged(
    monkeypatch: pytest.MonkeyPatch, probe: Asked, p95: float, outcome: Outcome
) -> None:
    monkeypatch.setattr(Control, "p95", p95)
    monkeypatch.setattr(runner, "Beside", Control)

    _, results = run(check("a.late", probe, judge=red), check("b.calm", judge=red), check("c.good", probe))

    assert results["a.late"].outcome is outcome
    assert "broken" in results["a.late"].verdict.because
    assert results["b.calm"].outcome is Outcome.FAIL  # what does not judge times is as red as ever
    assert results["c.good"].outcome is Outcome.PASS
    if outcome is Outcome.UNKNOWN:
        assert results["a.late"].verdict.reason is Reason.NOISY_HOST
        assert "400.0 ms" in results["a.late"].verdict.because


@pytest.mark.parametrize(
    ("p95", "second", "asked", "late", "outcome"),
    (
        (0.002, "ok", 1, False, Outcome.FAIL),  # nothing speaks for a second look
        (0.002, "ok", 1, True, Outcome.FAIL),
        (0.4, "ok", 2, False, Outcome.UNKNOWN),
        (0.4, "bad", 2, False, Outcome.FAIL),
        (0.4, "bad", 2, True, Outcome.UNKNOWN),  # the engine remembers what was too slow
    ),
)
def test_a_calm_check_that_is_red_on_a_busy_machine_is_asked_again_and_red_only_when_it_is_so_twice(
    monkeypatch: pytest.MonkeyPatch, p95: float, second: str, asked: int, late: bool, outcome: Outcome
) -> None:
    monkeypatch.setattr(Control, "p95", p95)
    monkeypatch.setattr(runner, "Beside", Control)
    answers = iter(("bad", second))

    def judge(evidence: str) -> Verdict:
        broken = failed("broken", hint="look", reproduce="curl", shows="bad")
        return passed("fine") if evidence == "ok" else replace(broken, late=late)

    stack, results = run(check("a.a", Asked("a", act=lambda: next(answers)), judge=judge))

    assert stack.asked == ["a"] * asked
    assert results["a.a"].outcome is outcome
