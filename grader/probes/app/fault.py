"""Workers that are killed, or stand still, while requests go on: does somebody replace them?"""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.crew import (
    BACK,
    HEALTH,
    answers,
    is_gone,
    members,
    pids_of,
    reach,
    replaced,
    settled,
    start_of,
    supervised,
)
from grader.probes.app.server import has_bench
from grader.probes.base import Probe, as_now, wait_for
from grader.probes.http import Entry
from grader.probes.load import Loaded, Shot, load, loaded, volley
from grader.probes.topology import WHOAMI, App
from grader.stacks.base import Stack
from grader.stacks.dealings import Undo

SLOW, HELD = "/bench/slow", 2.0  # seconds that each worker is busy with a request when one of them is hung
SETTLE = 0.5  # seconds that the load goes on after all is well again
UP = 10.0  # seconds that the engine wants a service to have run before a restart policy counts (Docker docs)


@dataclass(frozen=True, slots=True)
class Respawn:
    """How a killed worker was replaced. `back` is seconds until the new one answered, None when it did not in time."""

    service: str
    master: int
    workers: int
    killed: int
    only_one: bool  # nothing else served: the engine had to start the service again
    restart_policy: str
    refilled: bool  # as many processes as before, the killed one not among them
    back: float | None
    ended: bool  # the service was down when the time was over
    load: Loaded


@dataclass(frozen=True)
class KillWorker(Probe[Respawn]):
    """SIGKILL to one worker while requests go on; to the only process where one does all the work."""

    limit: float  # seconds to wait for the replacement …
    restart_limit: float  # … where the engine must start the service again
    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0  # two, where there is a master

    def ask(self, stack: Stack, /) -> Respawn:
        app = settled(stack)
        only_one = app.workers == (app.master,)
        with stack.disturbing(start_of(app.service)):
            refilled, back, shots = self._restarted(stack, app) if only_one else self._replaced(stack, app)
            service = as_now(stack, app.service.id) or app.service
            ended = not service.running
        answers(stack, BACK)
        return Respawn(
            service=app.service.service,
            master=app.master.pid,
            workers=len(app.workers),
            killed=app.workers[0].pid,
            only_one=only_one,
            restart_policy=app.service.restart_policy,
            refilled=refilled,
            back=None if back is None else round(back, 2),
            ended=ended,
            load=loaded(shots),
        )

    def _replaced(self, stack: Stack, app: App) -> tuple[bool, float | None, list[Shot]]:
        """Kills one of several. Returns whether there are as many again, when the new one answered, and the load."""
        victim, before = app.workers[0], members(app.workers)
        via, to = reach(stack, app)
        with load(stack, to, HEALTH, via=via) as shots:
            time.sleep(SETTLE)
            begun = time.monotonic()
            stack.signal(app.service, victim, signal.SIGKILL)
            refilled = wait_for(lambda: replaced(stack, app, before, victim), self.limit, every=0.05) is not None
            left = max(begun + self.limit - time.monotonic(), 0.0)
            answering = refilled and (_newcomer(stack, before, left) if has_bench(stack) else answers(stack, left))
            back = time.monotonic() - begun if answering else None
            time.sleep(SETTLE)
        return refilled, back, shots

    def _restarted(self, stack: Stack, app: App) -> tuple[bool, float | None, list[Shot]]:
        """Kills the only process. Requests fail until the engine has started the service again: nothing is sent."""
        victim, before = app.master, members(app.workers)
        wait_for(lambda: True if time.time() - app.service.started > UP else None, UP)
        begun = time.monotonic()
        if victim.pid == 1:
            stack.crash(app.service)  # inside its own namespace, PID 1 cannot be killed
        else:
            stack.signal(app.service, victim, signal.SIGKILL)
        refilled = wait_for(lambda: replaced(stack, app, before, victim), self.restart_limit, every=0.05) is not None
        answering = refilled and answers(stack, max(begun + self.restart_limit - time.monotonic(), 0.0))
        return refilled, time.monotonic() - begun if answering else None, []


def _newcomer(stack: Stack, before: frozenset[tuple[int, int]], seconds: float) -> bool:
    """Whether a process that was not there before answers a request; several at once, so that each gets one."""
    known = {pid for pid, _ in before}
    many = max(8, 2 * len(before))

    def look() -> bool | None:
        came = volley(stack, stack.ask(Entry()), [WHOAMI] * many, seconds=3)
        return True if pids_of(came) - known else None

    return wait_for(look, seconds) is True


@dataclass(frozen=True, slots=True)
class Hang:
    """What became of a worker that stood still. `gone` is seconds until it was replaced, None when it never was."""

    service: str
    master: int
    workers: int
    stopped: int
    gone: float | None
    limit: float
    refilled: bool  # as many workers as before at the end
    load: Loaded


@dataclass(frozen=True)
class HangWorker(Probe[Hang]):
    """SIGSTOP to one worker, which hangs it whatever its kind, while requests go on.

    Where the bench is on, the worker hangs in a request: some servers watch requests, and not idle workers (uWSGI).
    """

    limit: float  # seconds
    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 20.0

    def ask(self, stack: Stack, /) -> Hang:
        app = supervised(stack)
        victim, before = app.workers[0], members(app.workers)
        via, to = reach(stack, app)
        undo = Undo("continue", app.service.id, app.service.service, (victim.pid, victim.started))
        with stack.disturbing(undo), load(stack, to, HEALTH, via=via) as shots:
            if has_bench(stack):
                slow = [f"{SLOW}?seconds={HELD:g}"] * (2 * len(before))
                threading.Thread(target=lambda: volley(stack, to, slow, via=via, seconds=HELD), daemon=True).start()
                time.sleep(HELD / 4)
            stack.signal(app.service, victim, signal.SIGSTOP)
            begun = time.monotonic()
            gone = wait_for(lambda: is_gone(stack, app, victim), self.limit, every=0.2)
            seconds = time.monotonic() - begun
            now = wait_for(lambda: replaced(stack, app, before, victim), 5.0) if gone else None
        answers(stack)
        return Hang(
            service=app.service.service,
            master=app.master.pid,
            workers=len(before),
            stopped=victim.pid,
            gone=round(seconds, 1) if gone else None,
            limit=self.limit,
            refilled=now is not None,
            load=loaded(shots),
        )
