"""What a run leaves behind: the stack as it was, and nothing of the grader's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe, wait_for
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.meanwhile import meanwhile
from grader.stacks.values import ServiceFacts

SETTLE = 60.0  # seconds until what was disturbed must be running, and healthy, again


@dataclass(frozen=True, slots=True)
class Left:
    """What is not as it was found, in words; stopped processes; and the names of the grader's own containers.

    `others` is what somebody else has done to the stack, in words: known only where the grader disturbed nothing.
    """

    changed: tuple[str, ...]
    stopped: tuple[str, ...]
    leftovers: tuple[str, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftBehind(Probe[Left]):
    """Compares the stack with what this run found. Asked after everything else."""

    alone: ClassVar[bool] = True
    last: ClassVar[bool] = True
    seconds: ClassVar[float] = 20.0

    def ask(self, stack: Stack, /) -> Left:
        before = stack.as_found()
        if not stack.disturbed and (others := meanwhile(before, stack.services(fresh=True))):
            return Left((), (), stack.leftovers(), others)

        def look() -> bool | None:
            alike = not changes(before, stack.services(fresh=True))
            return True if alike and not stack.leftovers() else None

        wait_for(look, SETTLE, every=0.25)
        now = stack.services(fresh=True)
        return Left(changes(before, now), _stopped(stack, now), stack.leftovers())


def changes(before: tuple[ServiceFacts, ...], now: tuple[ServiceFacts, ...]) -> tuple[str, ...]:
    """How `now` differs from `before`, in words. New addresses and host ports of a restart do not count."""
    old, new = ({fact.id: fact for fact in facts} for facts in (before, now))
    gone = [f"{fact.name} is gone" for fact in before if fact.id not in new]
    came = [f"{fact.name} is new" for fact in now if fact.id not in old]
    both = [(fact, new[fact.id]) for fact in before if fact.id in new]
    return tuple(gone + came + [text for was, is_now in both for text in _differences(was, is_now)])


def _differences(was: ServiceFacts, is_now: ServiceFacts) -> list[str]:
    pairs = (
        ("state", was.state, is_now.state),
        ("health", was.health, is_now.health if was.health == "healthy" else was.health),
        ("restart policy", was.restart_policy, is_now.restart_policy),
        ("networks", _networks(was), _networks(is_now)),
        ("mounts", _mounts(was), _mounts(is_now)),
    )
    return [f"{is_now.name}: {what} was {old or 'none'}, is {new or 'none'}" for what, old, new in pairs if old != new]


def _networks(fact: ServiceFacts) -> str:
    return ", ".join(sorted(at.network for at in fact.networks))


def _mounts(fact: ServiceFacts) -> str:
    return ", ".join(sorted(f"{mount.source}:{mount.target}" for mount in fact.mounts))


def _stopped(stack: Stack, now: tuple[ServiceFacts, ...]) -> tuple[str, ...]:
    """Processes that a signal has stopped (state T), which no server wants for itself."""
    found = []
    for fact in now:
        if fact.running:
            try:
                processes = stack.processes(fact)
            except CouldNotLook:  # it ended meanwhile: its state says so
                continue
            found += [f"{fact.name}: {process.name} ({process.pid})" for process in processes if process.state == "T"]
    return tuple(found)
