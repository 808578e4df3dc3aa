"""A server that is told to reload or to stop while it works, and the children that are left to its PID 1."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.crew import HEALTH, Crew, answers, crew, members, reach, start_of, supervised
from grader.probes.app.server import has_bench
from grader.probes.app.session import USER, live_cookie, user_of
from grader.probes.base import Probe, as_now, in_role, wait_for
from grader.probes.http import Entry, json_of, send, site
from grader.probes.load import Loaded, Shot, load, loaded
from grader.probes.topology import App, app_of
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import Address, From, Stopped, Vantage
from grader.stacks.values import Process, ServiceFacts

SETTLE = 0.5  # seconds of load before a reload, and after one has taken effect
RELOADS = 2
LOOPS, LOOP = 2, 0.4  # slow requests under way at any time of a reload, and the seconds each takes
TAKEN = 5.0  # seconds in which a worker must have accepted a request …
UNDER_WAY = 0.4  # … and until it works on it
SLOW = 2.0  # seconds that the request takes which is under way at the stop
KILLED = 137  # the exit code of what the engine had to kill (128 + SIGKILL)
ORPHAN = 0.3  # seconds that an orphan lives
REAPED = 1.5  # seconds after its end in which it must be gone


def pid1(stack: Stack, service: ServiceFacts) -> Process:
    """PID 1 of an instance: what the engine signals when it stops the instance."""
    if service.pid_mode:
        raise NotApplicable(f"{service.service} shares its processes with {service.pid_mode}: PID 1 is not its own")
    found = next((process for process in stack.processes(service) if process.pid == 1), None)
    if found is None:
        raise CouldNotLook(Reason.UNREACHABLE, f"{service.service} has no process 1")
    return found


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload did: `survivors` are workers from before it, `newcomers` those that came with the last one.

    `pid1` is the name of the process that got the signal; `restarted` says that the whole service went down.
    """

    service: str
    pid1: str
    reloads: int
    workers: int
    survivors: int
    newcomers: int
    restarted: bool
    load: Loaded
    slow: Loaded | None


@dataclass(frozen=True)
class ReloadUnderLoad(Probe[Reloaded]):
    """SIGHUP to PID 1, as `docker compose kill -s HUP` sends it, while quick and slow requests go on."""

    limit: float  # seconds for new workers to take the place of all the old ones
    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0

    def ask(self, stack: Stack, /) -> Reloaded:
        app = supervised(stack)
        first, before = pid1(stack, app.service), members(app.workers)
        via, to = reach(stack, app)
        slow: list[Shot] | None = None
        old, now, sent = before, None, 0
        with stack.disturbing(start_of(app.service)):
            with ExitStack() as going_on:
                shots = going_on.enter_context(load(stack, to, HEALTH, via=via))
                if has_bench(stack):
                    path = f"/bench/slow?seconds={LOOP}"
                    slow = going_on.enter_context(load(stack, to, path, via=via, rate=LOOPS / LOOP, method="POST"))
                time.sleep(SETTLE)
                for _ in range(RELOADS):
                    old = now.members if now else old
                    stack.signal(app.service, first, signal.SIGHUP)
                    sent += 1
                    now = _all_new(stack, app, old, len(before), self.limit)
                    time.sleep(SETTLE)
                    if now is None:
                        break
            service = as_now(stack, app.service.id) or app.service
            last = crew(stack, app)
        answers(stack)
        present = last.members if last else frozenset()
        return Reloaded(
            service=app.service.service,
            pid1=first.name,
            reloads=sent,
            workers=len(before),
            survivors=len(present & old),
            newcomers=len(present - old),
            restarted=not service.running or service.started != app.service.started,
            load=loaded(shots),
            slow=loaded(slow) if slow is not None else None,
        )


def _all_new(stack: Stack, app: App, old: frozenset[tuple[int, int]], many: int, seconds: float) -> Crew | None:
    """The crew, once it is as many as before and none of the old ones is left."""

    def look() -> Crew | None:
        now = crew(stack, app)
        return now if now and not now.members & old and len(now.members) >= many else None

    return wait_for(look, seconds)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What became of the request that was under way when the service was stopped. `status` is 0 without an answer."""

    path: str
    status: int
    seen: str
    seconds: float
    by: int  # the pid that says it answered, 0 when the answer does not say


@dataclass(frozen=True, slots=True)
class Session:
    """Whether a login from before the stop was known before and after it; `why_not` says why none could be tried."""

    before: bool
    after: bool
    ephemeral: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """One stop and start of the app: how it ended, the request under way, and a login from before.

    `grace` is the seconds that the engine gave it; `idle` is a second stop without a request, made only when that
    grace was too short for the request. `back` says that the site answered again afterwards.
    """

    service: str
    site: str
    pid1: str
    stop_signal: str
    grace: int
    exit_code: int
    seconds: float
    idle: Stopped | None
    request: UnderWay | None
    session: Session
    back: bool


@dataclass(frozen=True)
class StopUnderWay(Probe[Stopping]):
    """Stops the app as `docker compose stop` does, with a slow request under way and a visitor signed in."""

    longest: int  # seconds of grace at most: whoever gave it more must not make the check take as long
    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0

    def ask(self, stack: Stack, /) -> Stopping:
        app = app_of(stack)
        first, grace = pid1(stack, app.service), min(app.service.stop_grace, self.longest)
        via, to = reach(stack, app)
        cookie, why_not = _cookie(stack)
        known = bool(cookie) and user_of(stack, stack.ask(Entry()), cookie) == USER
        path = f"/bench/slow?seconds={SLOW:g}" if has_bench(stack) else stack.settings.slow_path
        method = "POST" if has_bench(stack) else "GET"  # no proxy repeats a POST
        with stack.disturbing(start_of(app.service)):
            with ThreadPoolExecutor(1) as other:
                request = other.submit(_request, stack, via, to, path, method) if path else None
                if request:
                    _wait_until_under_way(stack, app, via, to)
                stopped = stack.stop(app.service, grace)
                under_way = request.result() if request else None
            stack.start(app.service)
            back = answers(stack)
            idle = None
            if back and stopped.exit_code == KILLED and grace <= SLOW:
                idle = stack.stop(app.service, grace)
                stack.start(app.service)
                back = answers(stack)
        after = bool(cookie) and back and user_of(stack, stack.ask(Entry()), cookie) == USER
        return Stopping(
            service=app.service.service,
            site=site(stack, stack.ask(Entry())),
            pid1=first.name,
            stop_signal=app.service.stop_signal,
            grace=grace,
            exit_code=stopped.exit_code,
            seconds=round(stopped.seconds, 2),
            idle=idle,
            request=under_way,
            session=Session(known, after, stack.settings.ephemeral_sessions, why_not),
            back=back,
        )


def _request(stack: Stack, via: Vantage, to: Address, path: str, method: str) -> UnderWay:
    answered = send(stack, to, path, via=via, method=method, seconds=SLOW + 15)
    pid = json_of(answered).get("pid")
    return UnderWay(path, answered.status, answered.seen, answered.seconds, pid if isinstance(pid, int) else 0)


def _wait_until_under_way(stack: Stack, app: App, via: Vantage, to: Address) -> None:
    """Waits until a process of the app holds our connection, where we know our own address, and a moment longer."""
    if via.kind is From.CLIENT:
        mine = stack.client_address(via)

        def look() -> bool | None:
            held = stack.sockets(app.service).established
            return True if any(c.pids and c.port == to.port and mine in c.peer for c in held) else None

        if not wait_for(look, TAKEN, every=0.05):
            raise CouldNotLook(Reason.TIMED_OUT, f"no process of the app took the request up within {TAKEN:.0f} s")
    time.sleep(UNDER_WAY)


def _cookie(stack: Stack) -> tuple[str, str]:
    """The Cookie header of a fresh login; or "" and why there is none."""
    try:
        return live_cookie(stack), ""
    except (NotApplicable, CouldNotLook) as trouble:
        return "", str(trouble)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A child that was left to PID 1 and has ended. `state` is "" once PID 1 has reaped it, "Z" when it is a zombie."""

    service: str
    pid1: str
    pid: int
    state: str


@dataclass(frozen=True)
class LeaveOrphan(Probe[Orphan]):
    """Leaves a short-lived child to PID 1 of the app's service, as a worker that is killed does with its own."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Orphan:
        service = in_role(stack, "app")[0]
        pid = stack.inside(service, "orphan", seconds=ORPHAN)
        if not isinstance(pid, int):
            raise CouldNotLook(Reason.GRADER_BUG, f"the orphan's pid is {pid!r}")
        names = {process.pid: process.name for process in stack.processes(service)}
        time.sleep(ORPHAN)

        def look() -> str:
            facts = stack.inside(service, "process", pid=pid)
            return str(facts["state"]) if isinstance(facts, dict) else ""

        wait_for(lambda: None if look() else True, REAPED)
        return Orphan(service.service, names.get(1, "?"), pid, look())
