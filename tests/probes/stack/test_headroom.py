"""Whether a time says something about the stack, or about the machine, is decided by a stub of the grader's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from grader.model import Outcome, Reason
from grader.probes.stack import headroom
from grader.probes.stack.headroom import (
    BASELINE_P95,
    FEWEST,
    SLEEP,
    SLEEPERS,
    TRIPS,
    Baseline,
    Beside,
    Headroom,
    steady,
    too_noisy,
)
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.exchange import exchange
from grader.stacks.stub import stub
from grader.stacks.values import ServiceFacts

QUIET = Baseline(0.002, SLEEP, 0.2)
NOISY = Baseline(BASELINE_P95 * 3, SLEEP, 12.0)


@dataclass
class Alone:
    """A stack without services, whose sidecar is this process."""

    sent: list[Vantage] = field(default_factory=list)

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return ()

    def at(self, via: Vantage, op: str, **args: object) -> object:
        assert op == "stub"
        return stub()

    def exchange(self, via: Vantage, to: Address, data: bytes) -> Exchange:
        self.sent.append(via)
        return Exchange(**exchange(to.host, to.port, data, 10.0, 4096, False, to.tls))


def test_the_stub_is_timed_by_round_trips_and_by_parallel_sleeps() -> None:
    alone = Alone()

    baseline = Headroom().ask(cast("Stack", alone))

    assert len(alone.sent) == TRIPS + SLEEPERS
    assert {via.place for via in alone.sent} == {"none"}  # nothing of a stack is needed
    assert 0 < baseline.p95 < SLEEP  # one round trip does not sleep
    assert SLEEP <= baseline.sleepers < SLEEP * SLEEPERS  # three sleep side by side, in one after the other 0.9 s


def test_a_stub_that_answers_a_question_at_a_time_would_be_noticed() -> None:
    assert Baseline(0.002, SLEEP * SLEEPERS, 0.1).noisy
    assert not Baseline(0.002, SLEEP, 99.0).noisy  # the load average alone is no proof


def test_while_a_probe_is_under_way_the_stub_is_asked_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headroom, "PACE", 0.001)
    alone = Alone()

    with Beside(cast("Stack", alone)) as control:
        enough(lambda: len(alone.sent) > FEWEST)
        found = control.baseline()

    assert found is not None
    assert {via.place for via in alone.sent} == {"none"}
    assert 0 < found.p95 < SLEEP
    assert "parallel" not in found.seen  # nobody slept beside it


@dataclass
class Gone(Alone):
    """No sidecar can be had of it."""

    def at(self, via: Vantage, op: str, **args: object) -> object:
        raise CouldNotLook(Reason.UNREACHABLE, "no engine")


def test_a_control_that_cannot_be_had_says_nothing_and_disturbs_nobody() -> None:
    with Beside(cast("Stack", Gone())) as control:
        assert control.baseline() is None


def test_what_is_red_before_its_control_has_said_anything_waits_for_it() -> None:
    alone = Alone()

    with Beside(cast("Stack", alone)) as control:
        found = control.baseline()

    assert found is not None
    assert len(alone.sent) >= FEWEST


@dataclass
class Late(Alone):
    """A machine on which the engine takes too long over a sidecar."""

    def at(self, via: Vantage, op: str, **args: object) -> object:
        time.sleep(0.01)
        raise CouldNotLook(Reason.TIMED_OUT, "no sidecar: the engine did not answer in time")


@dataclass
class Stuck(Alone):
    """A machine on which nothing gets on: the stub is there, and its answers are not."""

    over: threading.Event = field(default_factory=threading.Event)

    def exchange(self, via: Vantage, to: Address, data: bytes) -> Exchange:
        self.over.wait(20)
        return super().exchange(via, to, data)


@pytest.mark.parametrize("stack", (Late(), Stuck()))
def test_a_machine_that_is_too_busy_for_the_control_is_busy(monkeypatch: pytest.MonkeyPatch, stack: Alone) -> None:
    monkeypatch.setattr(headroom, "HARDLY", 0.2)
    monkeypatch.setattr(headroom, "BESIDE_P95", 0.0)

    with Beside(cast("Stack", stack)) as control:
        found = control.baseline()
        if isinstance(stack, Stuck):
            stack.over.set()

    assert found is not None
    assert found.noisy


@dataclass
class Opening(Alone):
    """Its sidecar is not there before `asked` is set."""

    asked: threading.Event = field(default_factory=threading.Event)
    opened: bool = False

    def at(self, via: Vantage, op: str, **args: object) -> object:
        self.opened = self.asked.wait(20)
        return super().at(via, op, **args)


def test_a_probe_is_asked_while_its_control_is_opened_and_is_not_over_before_that() -> None:
    stack = Opening()

    with Beside(cast("Stack", stack)):
        begun_without_it = not stack.opened
        stack.asked.set()

    assert begun_without_it
    assert stack.opened


def enough(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def measured(
    monkeypatch: pytest.MonkeyPatch, *walls: float, baselines: tuple[Baseline, ...], costly: bool = False
) -> tuple[object, int]:
    """What `steady` makes of these walls, and how many were measured; below 2 s is good."""
    left, stubs = list(walls), list(baselines)
    monkeypatch.setattr(headroom.Headroom, "ask", lambda self, stack: stubs.pop(0))
    found = steady(cast("Stack", Alone()), lambda: left.pop(0), lambda wall: wall < 2, costly=costly)
    assert stubs == []
    return found, len(walls) - len(left)


def test_a_good_time_needs_no_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, 1.0, 9.0, baselines=()) == ((1.0, None), 1)


def test_a_bad_time_is_measured_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, 3.0, 1.0, 9.0, baselines=()) == ((1.0, None), 2)


def test_a_bad_time_twice_on_a_quiet_machine_is_the_stack_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, 3.0, 3.1, 9.0, baselines=(QUIET,)) == ((3.1, QUIET), 2)


def test_what_is_costly_is_measured_once_more_only_on_a_noisy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, 3.0, 9.0, baselines=(QUIET,), costly=True) == ((3.0, QUIET), 1)
    assert measured(monkeypatch, 3.0, 1.0, 9.0, baselines=(NOISY,), costly=True) == ((1.0, None), 2)
    assert measured(monkeypatch, 3.0, 3.1, 9.0, baselines=(NOISY, NOISY), costly=True) == ((3.1, NOISY), 2)


def test_a_machine_that_stays_noisy_leaves_it_open_and_is_not_asked_a_third_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = measured(monkeypatch, 3.0, 3.1, 9.0, baselines=(NOISY,))

    assert found == ((3.1, NOISY), 2)
    verdict = too_noisy(NOISY)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.NOISY_HOST)
    assert "150.0 ms" in verdict.because
