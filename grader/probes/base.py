"""What every probe is, and the small steps that many of them share."""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from grader.model import Reason
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import ServiceFacts

E = TypeVar("E")
T = TypeVar("T")

COURSE_APP = Path(__file__).parents[2] / "labs" / "app"  # the app as its author left it: everybody can read it


@dataclass(frozen=True)
class Probe(ABC, Generic[E]):
    """Subclasses are frozen dataclasses: their fields are the question, and equal questions are asked once a run."""

    disturbs: ClassVar[bool] = False
    alone: ClassVar[bool] = False
    last: ClassVar[bool] = False
    ahead: ClassVar[tuple[Probe[Any], ...]] = ()
    seconds: ClassVar[float] = 1.0
    runs: ClassVar[str] = ""

    @abstractmethod
    def ask(self, stack: Stack, /) -> E:
        """The evidence. NotApplicable and CouldNotLook say why there is none; anything else raised is our bug."""


def nonce() -> str:
    """A word that nobody can have seen before: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def in_role(stack: Stack, role: str) -> tuple[ServiceFacts, ...]:
    """The running instances of the services that have a role; CouldNotLook when there is none."""
    names = {name for found in stack.roles() if found.name == role for name in found.services}
    running = tuple(service for service in stack.services() if service.running and service.service in names)
    if not running:
        why = next((found.why for found in stack.roles() if found.name == role), "no such role")
        raise CouldNotLook(Reason.UNREACHABLE, f"no running service is the {role}: {why}")
    return running


def as_now(stack: Stack, identity: str) -> ServiceFacts | None:
    """An instance as it is at this moment; None when it was removed."""
    return next((fact for fact in stack.services(fresh=True) if fact.id == identity), None)


def wait_for(look: Callable[[], T | None], seconds: float, every: float = 0.1) -> T | None:
    """The first answer of `look` that is not None, or None when `seconds` are over."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None or time.monotonic() >= deadline:
            return found
        time.sleep(every)
