"""A service that dies as a whole, as of too little memory or a bug in its server: does somebody start it again?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.crew import BACK, answers, start_of
from grader.probes.app.fault import UP
from grader.probes.base import Probe, as_now, in_role, wait_for
from grader.probes.http import Entry, site
from grader.stacks.base import Stack
from grader.stacks.values import ServiceFacts

ROLES = ("app", "edge")  # without one of these there is no site


@dataclass(frozen=True, slots=True)
class Crashed:
    """One service whose first process was killed. `back` is seconds until it ran again and the site answered.

    `back` is None when that did not happen in time; `state` is the engine's word for the service at the end.
    """

    service: str
    restart_policy: str
    up: bool  # it was started again
    back: float | None
    state: str


@dataclass(frozen=True, slots=True)
class Crashes:
    site: str
    services: tuple[Crashed, ...]


@dataclass(frozen=True)
class CrashEach(Probe[Crashes]):
    """SIGKILL to the first process of the app and of the entrance, one after the other; one instance of each service.

    The signal comes from outside of the container. One that the engine sends would switch the restart policy off, and
    one from inside never reaches process 1.
    """

    limit: float  # seconds to be back
    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0

    def ask(self, stack: Stack, /) -> Crashes:
        front = site(stack, stack.ask(Entry()))
        each = {service.service: service for role in ROLES for service in in_role(stack, role)}
        return Crashes(front, tuple(self._crash(stack, service) for service in each.values()))

    def _crash(self, stack: Stack, service: ServiceFacts) -> Crashed:
        now = stack.wait_ready(service)
        time.sleep(max(now.started + UP - time.time(), 0.0))
        with stack.disturbing(start_of(service)):
            begun = time.monotonic()
            stack.crash(service)
            up = wait_for(lambda: _started_since(stack, now), self.limit) is not None
            answering = up and answers(stack, max(begun + self.limit - time.monotonic(), 0.0))
            seconds = time.monotonic() - begun
            left = as_now(stack, service.id)
        answers(stack, BACK)
        return Crashed(
            service=service.service,
            restart_policy=service.restart_policy,
            up=up,
            back=round(seconds, 1) if answering else None,
            state=left.state.value if left else "gone",
        )


def _started_since(stack: Stack, before: ServiceFacts) -> bool | None:
    now = as_now(stack, before.id)
    return True if now is not None and now.running and now.started > before.started else None
