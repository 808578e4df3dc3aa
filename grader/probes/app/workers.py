"""Workers that are worn out by requests: are they replaced before a slow leak fills the memory?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.crew import HEALTH, crew, full, members, reach, supervised
from grader.probes.base import Probe, wait_for
from grader.probes.http import Entry, site
from grader.probes.load import volley
from grader.stacks.base import Stack


@dataclass(frozen=True, slots=True)
class Recycling:
    """How many workers were replaced while `sent` requests were answered, and what other answers there were."""

    service: str
    site: str
    master: int
    workers: int
    wanted: int  # so many requests wear one of them out for certain
    sent: int
    replaced: int
    refilled: bool  # as many as before at the end
    failed: int
    first: str  # the first failure
    seconds: float


@dataclass(frozen=True)
class WearOut(Probe[Recycling]):
    """Requests until a worker is replaced, at most `each` for every worker: then one of them has had as many.

    It replaces workers, as days of traffic would; that is why it counts as a disturbance.
    """

    each: int
    most: int
    at_once: int
    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    longest: ClassVar[float] = 20.0  # seconds of requests
    seconds: ClassVar[float] = 12.0

    def ask(self, stack: Stack, /) -> Recycling:
        app = supervised(stack)
        before = members(app.workers)
        via, to = reach(stack, app)
        bound, begun = min(self.each * len(before), self.most), time.monotonic()
        sent, failures, missing = 0, [], 0
        is_over = _over(self.longest)
        while sent < bound and not missing and not is_over():
            many = min(self.at_once * 10, bound - sent)
            came = volley(stack, to, [HEALTH] * many, via=via, at_once=self.at_once)
            failures += [answered.seen for answered in came if answered.status == 0 or answered.status >= 500]
            sent += many
            now = crew(stack, app)
            missing = len(before - now.members) if now else len(before)
        complete = wait_for(lambda: full(stack, app, before), 10.0)
        return Recycling(
            service=app.service.service,
            site=site(stack, stack.ask(Entry())),
            master=app.master.pid,
            workers=len(before),
            wanted=bound,
            sent=sent,
            replaced=len(before - complete.members) if complete else missing,
            refilled=complete is not None,
            failed=len(failures),
            first=failures[0] if failures else "",
            seconds=round(time.monotonic() - begun, 1),
        )


def _over(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
