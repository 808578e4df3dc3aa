"""Which check is killed on which lab's solution, when, and by what: the same for the same number, every time."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from dataclasses import dataclass

from grader.catalog import Catalog
from grader.model import AnyCheck

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
PATH = "lab3-nginx"  # what the labs before it teach is asked of its solution
REPAIR = 2.0  # seconds of a repair, from its first word to the engine, in which it is killed, too


@dataclass(frozen=True, slots=True)
class Place:
    """A disturbing probe: the lab whose solution it is asked of, and one of the checks that it is for."""

    lab: str
    check: AnyCheck

    @property
    def probe(self) -> str:
        return type(self.check.probe).__name__


@dataclass(frozen=True, slots=True)
class Moment:
    """Kill number `number` of a probe: `fraction` of its usual time after it began; `again` kills the repair, too."""

    signal: signal.Signals
    fraction: float
    again: Callable[[float], float] | None


def places(catalog: Catalog) -> tuple[Place, ...]:
    """Every disturbing probe, with the check that waits for the fewest others."""
    names = [lab.id for lab in catalog.labs]
    found: dict[str, Place] = {}
    for check in sorted((c for c in catalog.checks.values() if c.disturbs), key=lambda check: len(check.needs)):
        owner = catalog.owner(check.id)
        lab = owner[0].id if owner else ""
        before = lab in names[: names.index(PATH)]
        place = Place(PATH if before else lab, check)
        found.setdefault(place.probe, place)
    return tuple(sorted(found.values(), key=lambda place: (names.index(place.lab), place.probe)))


def moment(place: Place, number: int) -> Moment:
    """The signals take turns; every second SIGKILL is followed by one to the repair."""
    chance = random.Random(f"{place.probe} {number}")
    chosen = SIGNALS[number % len(SIGNALS)]
    fraction, late = chance.random(), chance.uniform(0.0, REPAIR)
    again = (lambda reading: reading + late) if chosen is signal.SIGKILL and number % 2 else None
    return Moment(chosen, fraction, again)
