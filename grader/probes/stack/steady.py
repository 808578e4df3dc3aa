"""Does every service run, and go on running? One look is not enough: a crash loop runs half of the time."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, wait_for
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import ServiceFacts, State
from grader.text import clean

SETTLE = 55.0  # seconds that health checks may say "starting"
APART = 2.0  # seconds between two looks, at least
BOOT = 5.0  # seconds of running by which a server that cannot start has ended, on a busy machine too
SAID = 150  # characters of what a health check printed, or of a line in a log
LINE = 2000  # characters of a line that are looked at for secrets
AGO = 60.0  # seconds before its last start that its log is read from: the newest start may not have said it yet
ENDED = (State.EXITED, State.RESTARTING, State.DEAD)
# A line that names what went wrong: the end of a Python traceback, or what Nginx says before it gives up.
TELLING = re.compile(r"^[\w.]*(Error|Exception)\b|\[(emerg|crit|alert)\]|\bpanic\b|\bfatal\b")
PROVEN = 10.0  # seconds of running after which a start counts as a success (the engine's own measure)


@dataclass(frozen=True, slots=True)
class Member:
    """An instance of a service. `restarts` is the engine's count, `again` how much it grew between the two looks."""

    service: str
    name: str
    state: State
    exit_code: int
    restarts: int
    again: int
    oom_killed: bool
    health: str
    one_shot: bool
    error: str = ""  # of a start that the engine could not make
    said: str = ""  # by its health check, while that fails; in its log, before it ended


@dataclass(frozen=True, slots=True)
class Members:
    """All instances; `waited` seconds until health checks had settled, `apart` seconds between the two looks.

    `apart` is 0.0 when a second look could show nothing new: all had run for PROVEN seconds and never restarted.
    """

    members: tuple[Member, ...]
    waited: float
    apart: float


@dataclass(frozen=True)
class Steady(Probe[Members]):
    """The state of every instance, once health checks have settled, and whether it stays so."""

    seconds: ClassVar[float] = 20.0  # mostly under three; a stack that has just been started may take a minute

    def ask(self, stack: Stack, /) -> Members:
        remembered, begun = stack.services(), time.monotonic()
        first = stack.services(fresh=True)
        if not first:
            nothing = f"the project {stack.project} has no containers"
            raise CouldNotLook(Reason.UNREACHABLE, nothing, hint="docker compose up -d --build")
        if any(_starting(fact) for fact in first):
            wait_for(lambda: _settled(stack), SETTLE, every=0.25)
            first = stack.services(fresh=True)
        waited = time.monotonic() - begun
        apart = second_look(first, time.time())
        time.sleep(apart)
        last = stack.services(fresh=True) if apart else first
        if [_gist(fact) for fact in remembered] != [_gist(fact) for fact in last]:
            stack.found_anew()  # what was remembered is of a stack that was still starting
        counts = {fact.id: fact.restarts for fact in first}
        return Members(tuple(_member(stack, fact, counts) for fact in last), round(waited, 1), round(apart, 1))


def second_look(facts: tuple[ServiceFacts, ...], now: float) -> float:
    """Seconds after which a second look would tell a crash loop from a service that runs; 0.0 when none is needed."""
    lasting = [fact for fact in facts if fact.running and not fact.one_shot]
    if not any(fact.restarts or now - fact.started < PROVEN for fact in lasting):
        return 0.0
    return max(APART, *(min(_proof(fact) - (now - fact.started), PROVEN) for fact in lasting))


def _proof(fact: ServiceFacts) -> float:
    """Seconds after its last start at which a service that still runs is no crash loop."""
    if fact.restarts:
        return PROVEN
    return 0.0 if fact.health == "healthy" else BOOT  # what answered its health check has started


def _starting(fact: ServiceFacts) -> bool:
    return fact.running and fact.health == "starting"


def _settled(stack: Stack) -> bool | None:
    return None if any(_starting(fact) for fact in stack.services(fresh=True)) else True


def _gist(fact: ServiceFacts) -> tuple[str, State, str, int]:
    return fact.id, fact.state, fact.health, fact.restarts


def last_words(stack: Stack, fact: ServiceFacts) -> str:
    """The last line of its log that names an error, else the last one, without secrets; "" where none can be read."""
    try:
        log = stack.log_text(fact, fact.started - AGO)
        hidden = stack.redactor(os.urandom(16))
    except CouldNotLook:
        return ""
    lines = [line.strip() for line in (log.out + b"\n" + log.err).decode("utf-8", "replace").splitlines()]
    lines = [line for line in lines if line]
    telling = [line for line in lines if TELLING.search(line)] or lines
    return hidden.text(telling[-1][:LINE]) if telling else ""


def _member(stack: Stack, fact: ServiceFacts, counts: dict[str, int]) -> Member:
    again = fact.restarts - counts.get(fact.id, fact.restarts)
    said = fact.health_said if fact.health == "unhealthy" else ""
    if again or (fact.state in ENDED and not (fact.one_shot and fact.exit_code == 0)):
        said = last_words(stack, fact)
    return Member(
        service=fact.service,
        name=fact.name,
        state=fact.state,
        exit_code=fact.exit_code,
        restarts=fact.restarts,
        again=again,
        oom_killed=fact.oom_killed,
        health=fact.health,
        one_shot=fact.one_shot,
        error=fact.error,
        said=clean(said, limit=SAID),
    )
