"""The words of this project as values: frozen, without I/O, importing nothing of ours but the text sanitiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Generic, Protocol, TypeVar

from grader.text import clean

COMMAND = 800  # characters of a command, at most

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a check was not judged (SKIP) or could not be (UNKNOWN). The list is closed."""

    BLOCKED = "blocked"
    NOT_APPLICABLE = "not applicable"
    LEFT_OUT = "left out of this run"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed out"
    NOISY_HOST = "noisy host"
    NO_PERMISSION = "no permission"
    GRADER_BUG = "grader bug"


class Weight(IntEnum):
    """How much a check matters. A lab is complete when no BLOCKER and no MAJOR is red."""

    GUARD = 0
    MINOR = 1
    MAJOR = 3
    BLOCKER = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge says: the outcome, what was seen (`because`), where to look next (`hint`), how to see it oneself.

    `reproduce` is a shell command that a learner can paste into a terminal in the workspace. `shows` is a regular
    expression that a line of its output matches while the fault is there, and none when it is not: the gate runs it.
    Where no command shows it by itself, `not_shown` says why instead.

    `late` says that something took too long for somebody else, as for the engine, which remembers it: on a busy machine
    a second look shows the same, and is no proof.
    """

    outcome: Outcome
    because: str
    hint: str = ""
    reproduce: str = ""
    reason: Reason | None = None
    shows: str = ""
    not_shown: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class NotShown:
    """Why no command shows a fault by itself: it is one among many events, or seen by the grader's own means only."""

    why: str


def passed(because: str) -> Verdict:
    return Verdict(Outcome.PASS, clean(because, limit=300))


def failed(because: str, *, hint: str, reproduce: str, shows: str | NotShown) -> Verdict:
    """A FAIL; `shows` is what the output of `reproduce` matches while the fault is there (Verdict.shows).

    A command that a stack's own words have made too long to be pasted whole is left out.
    """
    said, look = clean(because, limit=300), clean(hint, limit=300)
    command = clean(reproduce, limit=COMMAND + 1)
    if len(command) > COMMAND:
        return Verdict(Outcome.FAIL, said, look)
    if isinstance(shows, NotShown):
        return Verdict(Outcome.FAIL, said, look, command, not_shown=shows.why)
    return Verdict(Outcome.FAIL, said, look, command, shows=shows)


def skipped(because: str, reason: Reason = Reason.NOT_APPLICABLE) -> Verdict:
    return Verdict(Outcome.SKIP, clean(because, limit=300), reason=reason)


def unknown(reason: Reason, because: str, hint: str = "") -> Verdict:
    return Verdict(Outcome.UNKNOWN, clean(because, limit=300), clean(hint, limit=300), reason=reason)


class Probe(Protocol[E_co]):
    """One question put to a running stack: frozen, hashable data. Equal probes are asked once a run."""

    @property
    def disturbs(self) -> bool:
        """True when asking changes the stack for a while (stops, kills, freezes); such a probe undoes what it did."""

    @property
    def alone(self) -> bool:
        """True when the answer is a time, so that nothing else may be asked meanwhile."""

    @property
    def last(self) -> bool:
        """True when it asks what all the others left behind; such a probe is `alone` too."""

    @property
    def ahead(self) -> tuple[Probe[Any], ...]:
        """Questions that it will put itself, and that may be put before, while others are asked: they mostly wait."""

    @property
    def seconds(self) -> float:
        """What asking usually takes; the runner gives up after three times that and five seconds."""

    @property
    def runs(self) -> str:
        """The key of grader.toml whose command it runs on this machine; "" when it runs none."""

    # Any: the Stack protocol lives one layer up, in grader.stacks.base, and this module imports nothing of ours.
    def ask(self, stack: Any, /) -> E_co: ...


@dataclass(frozen=True, slots=True)
class Check(Generic[E]):
    """One rule about a running stack, with the probe that brings the evidence and the pure judge of that evidence."""

    id: str
    title: str
    rule: str
    why: str
    weight: Weight
    probe: Probe[E]
    judge: Callable[[E], Verdict]
    needs: tuple[str, ...]
    source: str
    fix: str
    deep: bool = False

    @property
    def disturbs(self) -> bool:
        return self.probe.disturbs


AnyCheck = Check[Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A headed part of a lab and the ids of the checks that it must satisfy."""

    id: str
    title: str
    checks: tuple[str, ...]
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lab:
    """A stage of the course, as its lab.toml declares it."""

    id: str
    title: str
    after: str | None
    minutes: int
    stack: str
    roles: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    starter_fails: frozenset[str]

    @property
    def checks(self) -> tuple[str, ...]:
        return tuple(check for step in self.steps for check in step.checks)


class Part(StrEnum):
    """What of a stack's configuration a text belongs to; what explains most comes first."""

    COMPOSE = "compose"
    RUNNING = "running"
    PROXY = "proxy"
    SERVER = "server"
    PACKAGES = "packages"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Kept:
    """A text of a stack's configuration, without secrets: what it is called, and the service it is about."""

    part: Part
    service: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A text that is not as it was. Each line begins with "-" (gone), "+" (new), "~" (only a masked value differs in
    it), or a space (the block that the next line stands in).
    """

    part: Part
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """When a check that fails passed for the last time: seconds since the epoch, and how many runs ago that was.

    `changes` is what is configured otherwise since then, None when that is not known; `whole` a file that holds it all.
    """

    at: float
    runs: int
    changes: tuple[Change, ...] | None
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A check, its verdict, and the seconds that its probe took (0.0 when another check had asked it already).

    `since` is there when the check fails now and has passed before.
    """

    check: AnyCheck
    verdict: Verdict
    seconds: float
    evidence: object = None
    since: Since | None = None

    @property
    def outcome(self) -> Outcome:
        return self.verdict.outcome


@dataclass(frozen=True, slots=True)
class Role:
    """What some services do (`edge`, `app`), and why the grader thinks so."""

    name: str
    services: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one run, in the order of the course. `started` is seconds since the epoch."""

    lab: Lab
    stack: str
    services: tuple[str, ...]
    roles: tuple[Role, ...]
    results: tuple[Result, ...]
    started: float
    seconds: float

    def count(self, outcome: Outcome) -> int:
        return sum(1 for result in self.results if result.outcome is outcome)

    @property
    def outcome(self) -> Outcome:
        """FAIL when anything failed, UNKNOWN when something could not be judged or nothing was, else PASS."""
        if self.count(Outcome.FAIL):
            return Outcome.FAIL
        return Outcome.UNKNOWN if self.count(Outcome.UNKNOWN) or not self.judged else Outcome.PASS

    @property
    def judged(self) -> tuple[Result, ...]:
        return tuple(r for r in self.results if r.outcome in (Outcome.PASS, Outcome.FAIL))

    @property
    def whole(self) -> bool:
        """Whether every check of the lab was asked; the slow ones that only --deep asks are not owed."""
        asked = {r.check.id for r in self.results if r.check.deep or r.verdict.reason is not Reason.LEFT_OUT}
        return asked >= set(self.lab.checks)

    @property
    def complete(self) -> bool:
        """Whether the lab was asked whole, and no blocker and no major of it or of an earlier lab is open."""
        owed = (result for result in self.results if result.check.weight >= Weight.MAJOR)
        return self.whole and bool(self.judged) and all(r.outcome is Outcome.PASS or not_owed(r) for r in owed)


def not_owed(result: Result) -> bool:
    """Whether a result that is no PASS still asks nothing of the learner."""
    return result.outcome is Outcome.SKIP and result.verdict.reason in (Reason.NOT_APPLICABLE, Reason.LEFT_OUT)
