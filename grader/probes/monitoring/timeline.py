"""What rules did when, worked out from looks at them and from the times at which the parts of a drill began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.probes.monitoring.rules import Rule
from grader.text import clean

LINGER = 60.0  # seconds after which errors have left the windows that the course allows
QUERY = 200  # characters of a query that evidence keeps


@dataclass(frozen=True, slots=True)
class Look:
    """The numbers of the rules that were true, and of those whose alert fired.

    The look took from `at` to `end`, both in seconds since the first one began.
    """

    at: float
    end: float
    true: frozenset[int]
    firing: frozenset[int]


@dataclass(frozen=True, slots=True)
class Marks:
    """When the parts began, in the seconds of Look.at: slow answers, errors, their end, the app gone, the app back.

    `noisy` are the rules that were never quiet before, `single` those that one slow request made true, and `lasting`
    those that were true before the outage and stayed so when all had long been over.
    """

    slow: float
    errors: float
    ended: float
    stopped: float
    started: float
    noisy: frozenset[int]
    single: frozenset[int]
    lasting: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Course:
    """How one rule behaved; `patience` is its `for`, `window` the longest range in its query, both in seconds.

    `slow`, `errors` and `down` are seconds from the beginning of that part until the rule turned true, `fired` from
    then until its alert fired, and `gone` from the end of the cause until it was false again. -1.0: not seen.
    """

    name: str
    query: str
    patience: float
    window: float
    error: str
    watchdog: bool
    noisy: bool
    single: bool
    slow: float
    errors: float
    down: float
    fired: float
    gone: float
    lasting: bool = False

    @property
    def reacted(self) -> bool:
        return max(self.slow, self.errors, self.down) >= 0


def courses(rules: tuple[Rule, ...], looks: list[Look], marks: Marks) -> tuple[Course, ...]:
    """How each rule behaved, in the order of the rules."""
    return tuple(_course(rule, number, looks, marks) for number, rule in enumerate(rules))


def _course(rule: Rule, number: int, looks: list[Look], marks: Marks) -> Course:
    slow = _onset(number, looks, marks.slow, marks.errors)
    errors = _onset(number, looks, marks.errors, marks.stopped)
    down = _onset(number, looks, marks.stopped, marks.started)
    if number in marks.single:
        slow = max(slow, 0.0)
    if down < 0:  # a rule about errors at the edge was true already: it counts if it stays so when the burst is over
        down = _still(number, looks, marks)
    begun = [part + onset for part, onset in _parts(marks, slow, errors, down) if onset >= 0]
    end = marks.started if down >= 0 else marks.ended
    return Course(
        rule.name,
        clean(rule.query, limit=QUERY),
        rule.patience,
        rule.window,
        rule.error,
        rule.watchdog,
        number in marks.noisy,
        number in marks.single,
        slow,
        errors,
        down,
        _first(looks, min(begun), lambda look: number in look.firing) if begun else -1.0,
        _first(looks, end, lambda look: number not in look.true) if begun else -1.0,
        number in marks.lasting,
    )


def _parts(marks: Marks, slow: float, errors: float, down: float) -> tuple[tuple[float, float], ...]:
    return (marks.slow, slow), (marks.errors, errors), (marks.stopped, down)


def _onset(number: int, looks: list[Look], start: float, end: float) -> float:
    """Seconds from `start` until the rule was true; -1.0 when it was so before, or not until `end`.

    A look that took beyond `end` may have seen what came after: it says nothing of the time before.
    """
    before = [look for look in looks if look.end <= start]
    if before and number in before[-1].true:
        return -1.0
    mine = [look for look in looks if start <= look.at and look.end <= end]
    return next((round(look.at - start, 1) for look in mine if number in look.true), -1.0)


def _still(number: int, looks: list[Look], marks: Marks) -> float:
    late = [look for look in looks if max(marks.ended + LINGER, marks.stopped) <= look.at < marks.started]
    return next((round(look.at - marks.stopped, 1) for look in late if number in look.true), -1.0)


def _first(looks: list[Look], since: float, seen: Callable[[Look], bool]) -> float:
    return next((round(look.at - since, 1) for look in looks if look.at >= since and seen(look)), -1.0)
