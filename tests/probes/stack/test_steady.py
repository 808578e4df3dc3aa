"""Given services that start, crash and settle, when they are looked at, then once or twice, as it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from grader.probes.stack import steady
from grader.probes.stack.steady import APART, BOOT, PROVEN, Steady, second_look
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import ServiceFacts, State
from tests.probes.service import SERVICE

NOW = 2000.0
OLD = replace(SERVICE, started=NOW - 3600)
YOUNG = replace(SERVICE, started=NOW - 3)


@pytest.mark.parametrize(
    ("facts", "seconds"),
    (
        ((OLD,), 0.0),
        ((OLD, replace(YOUNG, one_shot=True)), 0.0),
        ((replace(OLD, state=State.EXITED),), 0.0),  # red already
        ((YOUNG,), APART),
        ((replace(OLD, started=NOW - 0.5),), BOOT - 0.5),  # it may still be on its way to its first end
        ((replace(OLD, started=NOW - 0.5, health="healthy"),), APART),  # what was asked, and answered, has started
        ((replace(OLD, restarts=2),), APART),
        ((replace(YOUNG, restarts=2),), PROVEN - 3),  # a crash loop looks like this, half of the time
        ((replace(YOUNG, restarts=2, started=NOW - 9.5),), APART),
        ((replace(YOUNG, restarts=2, started=NOW + 60),), PROVEN),  # the engine's clock is not this machine's
    ),
)
def test_a_second_look_is_taken_when_it_can_tell_something(facts: tuple[ServiceFacts, ...], seconds: float) -> None:
    assert second_look(facts, NOW) == seconds


class Sequence:
    """A stack that looks different each time; the last look stays."""

    project = "lab"

    def __init__(self, *looks: tuple[ServiceFacts, ...]) -> None:
        self.looks = list(looks)
        self.anew = 0

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return self.looks.pop(0) if fresh and len(self.looks) > 1 else self.looks[0]

    def found_anew(self) -> None:
        self.anew += 1


def test_a_restart_between_two_looks_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "APART", 0.01)
    stack = Sequence((replace(OLD, restarts=4),), (replace(OLD, restarts=5),))
    seen = Steady().ask(cast("Stack", stack))
    assert [(member.restarts, member.again) for member in seen.members] == [(5, 1)]
    assert stack.anew == 1


def test_health_checks_get_time_to_settle() -> None:
    starting = replace(OLD, health="starting")
    stack = Sequence((starting,), (starting,), (starting,), (replace(OLD, health="healthy"),))
    seen = Steady().ask(cast("Stack", stack))
    assert [member.health for member in seen.members] == ["healthy"]
    assert seen.waited > 0
    assert stack.anew == 1  # what was known before is of a stack that was still starting


def test_a_quiet_stack_is_not_forgotten() -> None:
    stack = Sequence((OLD,))
    assert Steady().ask(cast("Stack", stack)).apart == 0.0
    assert stack.anew == 0


def test_a_stack_without_containers_cannot_be_judged() -> None:
    with pytest.raises(CouldNotLook, match="has no containers"):
        Steady().ask(cast("Stack", Sequence(())))
