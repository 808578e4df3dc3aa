"""The processes that do the app's work, from one moment to the next, and a way to speak to them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from grader.model import Reason
from grader.probes.base import as_now, wait_for
from grader.probes.http import Entry, HttpAnswer, client_on, json_of
from grader.probes.load import volley
from grader.probes.topology import App, app_of, below
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import HOST, Address, Undo, Vantage
from grader.stacks.values import Process, ServiceFacts

BACK = 30.0  # seconds that a service may take to answer after it was started again
HEALTH = "/healthz"
STEADY = 0.4  # seconds in which nobody comes or goes, when the processes of a server have settled …
SETTLES = 10.0  # … which they do within so many seconds


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the work at one moment: pids with their start times, and when the instance was started."""

    started: float
    members: frozenset[tuple[int, int]]


def crew(stack: Stack, app: App) -> Crew | None:
    """Who does the work now; None while the instance is down, or before anybody holds its socket."""
    service = as_now(stack, app.service.id)
    if service is None or not service.running:
        return None
    try:
        processes = stack.processes(service)
    except CouldNotLook:  # it went down between the two looks
        return None
    master = next((p for p in processes if (p.pid, p.started) == (app.master.pid, app.master.started)), None)
    if master is None:  # a new instance, or a new server in it: whoever now answers to the old one's name
        master = next((p for p in processes if p.argv == app.master.argv), None)
    if master is None:
        return None
    if app.workers == (app.master,):
        return Crew(service.started, members((master,)))
    alike = {process.argv for process in app.workers}  # others below the master are orphans that it adopted
    workers = tuple(p for p in below(master, processes) if p.state != "Z" and p.argv in alike)
    return Crew(service.started, members(workers))


def members(processes: tuple[Process, ...]) -> frozenset[tuple[int, int]]:
    return frozenset((process.pid, process.started) for process in processes)


def settled(stack: Stack) -> App:
    """The app's server, once the same processes have done the work for a while: after a restart some come late."""

    def look() -> App | None:
        stack.forget()
        app = app_of(stack)
        time.sleep(STEADY)
        now = crew(stack, app)
        return app if now and now.members == members(app.workers) else None

    app = wait_for(look, SETTLES)
    if app is None:
        raise CouldNotLook(Reason.TIMED_OUT, f"the app's processes came and went for {SETTLES:.0f} s")
    return app


def supervised(stack: Stack) -> App:
    """The app's server once it has settled, if it has workers that a master can replace."""
    app = settled(stack)
    if app.workers == (app.master,):
        raise NotApplicable("one process does all the work: there is no master that could replace a worker")
    return app


def reach(stack: Stack, app: App) -> tuple[Vantage, Address]:
    """Where to speak to the app from, so that the conversation outlives its processes.

    A client on its network where it listens there, so that no proxy hides or repairs anything; else through the edge.
    """
    for socket in app.listening:
        for at in app.service.networks:
            if socket.port and at.address and socket.address in ("0.0.0.0", "::", at.address):
                return client_on(at.network), Address(at.address, socket.port, tls=app.tls)
    return HOST, stack.ask(Entry())


def answers(stack: Stack, seconds: float = BACK) -> bool:
    """Waits until the site answers three times in a row through the edge, at a port that may have changed meanwhile."""

    def look() -> bool | None:
        try:
            stack.forget()
            came = volley(stack, stack.ask(Entry()), [HEALTH] * 3, at_once=1, seconds=3)
        except CouldNotLook:
            return None
        return True if all(0 < answered.status < 500 for answered in came) else None

    return wait_for(look, seconds) is True


def start_of(service: ServiceFacts) -> Undo:
    return Undo("start", service.id, service.service)


def pids_of(came: tuple[HttpAnswer, ...]) -> frozenset[int]:
    return frozenset(pid for pid in (json_of(answered).get("pid") for answered in came) if isinstance(pid, int))


def replaced(stack: Stack, app: App, before: frozenset[tuple[int, int]], victim: Process) -> Crew | None:
    """The crew, once the victim is gone and there are as many as before."""
    now = crew(stack, app)
    gone = now is not None and (victim.pid, victim.started) not in now.members
    return now if now is not None and gone and len(now.members) >= len(before) else None


def full(stack: Stack, app: App, before: frozenset[tuple[int, int]]) -> Crew | None:
    now = crew(stack, app)
    return now if now and len(now.members) >= len(before) else None


def is_gone(stack: Stack, app: App, victim: Process) -> bool | None:
    now = crew(stack, app)
    return True if now is not None and (victim.pid, victim.started) not in now.members else None
