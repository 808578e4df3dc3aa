"""Runs checks against a stack: calm probes side by side, timed ones alone, disturbing ones alone and after those.

A check is judged when its evidence is there and all that it `needs` has been judged, so nothing disturbs the stack
before every calm answer is in. A probe that asks what was left behind comes after everything. Whatever a probe raises
becomes a verdict: the grader's own trouble is never a FAIL, and neither is what a busy machine did: late probes are
asked beside a control, and a calm one is asked again there before it is red.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from grader.model import AnyCheck, Outcome, Probe, Reason, Result, Verdict, skipped, unknown
from grader.probes.stack.headroom import Baseline, Beside, in_doubt
from grader.stacks.base import CouldNotLook, NotApplicable, Stack

SIDE_BY_SIDE = 4  # calm probes at a time
PATIENCE = 3  # times the usual duration of a probe …
EXTRA = 5.0  # … and these seconds, until it counts as hung …
BUSY = 2  # … and so many times as long in all, where the machine is what is slow

ALL_THE_SAME = "--i-know asks all the same, on a machine that you can do without; --quick leaves it out"

OnResult = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one probe: evidence, or the verdict that takes its place.

    `beside` is how busy the machine was meanwhile, where times may have been judged, or something was red. `twice` says
    that it was red again when it was asked again for that.
    """

    evidence: object
    trouble: Verdict | None
    seconds: float
    beside: Baseline | None = None
    twice: bool = False


def in_order(checks: Iterable[AnyCheck]) -> tuple[AnyCheck, ...]:
    """`checks` so that each comes after all it needs; otherwise as given, calm before timed before disturbing."""
    listed = sorted(checks, key=lambda check: (check.disturbs, check.probe.alone))
    known = {check.id for check in listed}
    done: dict[str, AnyCheck] = {}
    while listed:
        ready = [c for c in listed if all(need in done or need not in known for need in c.needs)]
        if not ready:
            raise ValueError("checks need each other in a circle: " + ", ".join(check.id for check in listed))
        done.update((check.id, check) for check in ready)
        listed = [check for check in listed if check.id not in done]
    return tuple(done.values())


class Run:
    """One run. `results` fills as checks are judged; `on_result` hears of each at once.

    `refused` says why nothing may be disturbed, where that is so.
    """

    def __init__(self, stack: Stack, checks: Sequence[AnyCheck], on_result: OnResult, *, refused: str = "") -> None:
        self._stack = stack
        self._refused = refused
        self._checks = in_order(checks)
        self._on_result = on_result
        self._by_id = {check.id: check for check in checks}
        self._answers: dict[Probe[Any], Answer] = {}
        self._shared: set[Probe[Any]] = set()
        self.results: dict[str, Result] = {}

    def go(self) -> tuple[Result, ...]:
        """Results in the order of in_order."""
        with Beside(self._stack) as control:
            self._calm(control)
        late = [check for check in self._checks if check.probe.alone or check.disturbs]
        for check in sorted(late, key=lambda check: (check.probe.last, check.disturbs)):
            if not self._blocked(check):
                self._ask(check.probe)
            self._judge_ready()
        return tuple(self.results[check.id] for check in self._checks)

    def _calm(self, control: Beside) -> None:
        """Asks all calm probes, each as soon as nothing it needs is still open among the calm ones.

        With them goes what later probes will ask: nothing of it may be under way when those that come alone begin.
        """
        calm = (check for check in self._checks if not check.disturbs and not check.probe.alone)
        open_checks = sorted(calm, key=lambda check: -check.probe.seconds)  # the longest first: none is left at the end
        answered: queue.SimpleQueue[tuple[Probe[Any], Answer]] = queue.SimpleQueue()
        ahead = {probe for check in self._checks for probe in check.probe.ahead}
        under_way = set(ahead)
        for probe in ahead:
            threading.Thread(target=self._ask_into, args=(probe, answered, control), daemon=True).start()
        while open_checks or under_way:
            for check in list(open_checks):
                if self._blocked(check) or check.probe in self._answers:
                    open_checks.remove(check)
                elif check.probe not in under_way and len(under_way - ahead) < SIDE_BY_SIDE and self._may_ask(check):
                    under_way.add(check.probe)
                    threading.Thread(target=self._ask_into, args=(check.probe, answered, control), daemon=True).start()
                elif check.probe in under_way:
                    open_checks.remove(check)
            self._judge_ready()
            if not under_way:
                if open_checks and not any(self._may_ask(check) for check in open_checks):
                    raise AssertionError("calm checks that wait for nothing that will come")
                continue
            probe, answer = answered.get()
            self._answers[probe] = answer
            under_way.discard(probe)
            self._judge_ready()

    def _may_ask(self, check: AnyCheck) -> bool:
        """Whether every calm need has been judged; timed and disturbing needs hold up the verdict, not the question."""
        return all(need in self.results or need not in self._by_id or self._is_late(need) for need in check.needs)

    def _is_late(self, check_id: str) -> bool:
        check = self._by_id[check_id]
        late = check.disturbs or check.probe.alone
        return late or any(need in self._by_id and self._is_late(need) for need in check.needs)

    def _ask_into(
        self, probe: Probe[Any], answered: queue.SimpleQueue[tuple[Probe[Any], Answer]], control: Beside
    ) -> None:
        """Asks, and once more where it is red on a busy machine: only what is red twice is a finding there."""
        answer = bounded(self._stack, probe, control)
        beside = control.baseline() if self._red(probe, answer) else None
        if beside and beside.noisy:
            self._stack.forget()
            again = bounded(self._stack, probe, control)
            twice = self._red(probe, again)
            answer = replace(again if twice else answer, beside=beside, twice=twice)
        answered.put((probe, answer))

    def _red(self, probe: Probe[Any], answer: Answer) -> bool:
        return any(check.probe == probe and said(check, answer).outcome is Outcome.FAIL for check in self._checks)

    def _ask(self, probe: Probe[Any]) -> None:
        if probe.disturbs and self._refused:
            self._answers[probe] = Answer(None, unknown(Reason.NO_PERMISSION, self._refused, ALL_THE_SAME), 0.0)
        if probe not in self._answers:
            with Beside(self._stack) as control:
                answer = bounded(self._stack, probe, control)
                beside = control.baseline() if self._red(probe, answer) else None
            self._answers[probe] = replace(answer, beside=beside)
            if probe.disturbs:
                self._stack.forget()

    def _blocked(self, check: AnyCheck) -> str:
        """The id of the first need that did not hold, or ""."""
        for need in check.needs:
            result = self.results.get(need)
            if result is not None and result.outcome is not Outcome.PASS and blocks(result.verdict):
                return need
        return ""

    def _judge_ready(self) -> None:
        progress = True
        while progress:
            progress = False
            for check in self._checks:
                if check.id in self.results:
                    continue
                blocker = self._blocked(check)
                answer = self._answers.get(check.probe)
                waiting = any(need in self._by_id and need not in self.results for need in check.needs)
                if blocker:
                    self._finish(check, skipped(f"blocked by {blocker}", Reason.BLOCKED), None, 0.0)
                elif answer is not None and not waiting:
                    seconds = 0.0 if check.probe in self._shared else answer.seconds
                    self._shared.add(check.probe)
                    self._finish(check, said(check, answer), answer.evidence, seconds)
                else:
                    continue
                progress = True

    def _finish(self, check: AnyCheck, verdict: Verdict, evidence: object, seconds: float) -> None:
        result = Result(check, verdict, seconds, evidence)
        self.results[check.id] = result
        self._on_result(result)


def blocks(verdict: Verdict) -> bool:
    """Whether a verdict that is no PASS holds up what depends on it."""
    return not (verdict.outcome is Outcome.SKIP and verdict.reason in (Reason.NOT_APPLICABLE, Reason.LEFT_OUT))


def said(check: AnyCheck, answer: Answer) -> Verdict:
    """The verdict on an answer. Red on a machine that was too busy to judge times is no verdict, unless it is so twice
    and not about a time."""
    verdict, beside = answer.trouble or judged(check, answer.evidence), answer.beside
    if verdict.outcome is Outcome.FAIL and beside and beside.noisy and (verdict.late or not answer.twice):
        return in_doubt(verdict, beside)
    return verdict


def judged(check: AnyCheck, evidence: object) -> Verdict:
    """The judge's verdict; a judge that fails on its own evidence is our bug and says so."""
    try:
        return check.judge(evidence)
    except Exception as trouble:  # noqa: BLE001 - our bug must not become the learner's failure
        return unknown(Reason.GRADER_BUG, f"{check.id}: the judge failed: {type(trouble).__name__}: {trouble}")


def bounded(stack: Stack, probe: Probe[Any], control: Beside | None = None) -> Answer:
    """Asks a probe and gives up when it takes far longer than it should; the thread that hangs is left behind."""
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    limit = probe.seconds * PATIENCE + EXTRA
    begun = time.monotonic()
    threading.Thread(target=lambda: answers.put(asked(stack, probe)), daemon=True).start()
    for more in (limit, limit * (BUSY - 1)):
        with suppress(queue.Empty):
            return answers.get(timeout=more)
        beside = control.baseline() if control else None
        if not (beside and beside.noisy):
            break
    seconds = time.monotonic() - begun
    late = unknown(Reason.TIMED_OUT, f"no answer after {seconds:.0f} s: {type(probe).__name__}")
    return Answer(None, late, seconds)


def asked(stack: Stack, probe: Probe[Any]) -> Answer:
    """A probe's evidence, or what its exception means."""
    begun = time.monotonic()
    trouble: Verdict
    try:
        evidence = stack.ask(probe)
        return Answer(evidence, None, time.monotonic() - begun)
    except NotApplicable as reason:
        trouble = skipped(str(reason))
    except CouldNotLook as reason:
        trouble = unknown(reason.reason, str(reason), reason.hint)
    except Exception as bug:  # noqa: BLE001 - our bug must not become the learner's failure
        trouble = unknown(Reason.GRADER_BUG, f"{type(probe).__name__}: {type(bug).__name__}: {bug}")
    return Answer(None, trouble, time.monotonic() - begun)
