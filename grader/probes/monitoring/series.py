"""How many series there are, and what becomes of them when a worker dies in the middle of its work."""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.crew import BACK, answers, members, replaced, start_of, supervised
from grader.probes.base import Probe, in_role, nonce, wait_for
from grader.probes.http import Entry, send, site
from grader.probes.load import volley
from grader.probes.monitoring.metrics import Sources, page_of
from grader.probes.monitoring.scraping import Snapshot, look
from grader.probes.topology import App, Named
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.values import Process

AT_ONCE = 16
LOOKS = 4  # pages that are read: with a registry for each worker, every one is another's
BOUNDS = ("le", "quantile")  # labels whose values are fixed by the one who wrote the metric
BUSY = "/bench/slow?seconds=2"  # what a worker does when it is killed
BEGUN = 1.0  # seconds until it does so
VISITS = 40  # requests for each worker before that: what one of them has counted has to be missed
REPLACED = 10.0  # seconds until a killed worker must be replaced
IDLE = 3.0  # seconds until all requests under way must have left the metrics


@dataclass(frozen=True, slots=True)
class Sprawl:
    """What requests for URLs that nobody has seen before did to the metrics.

    `name` and `label` are those with the most `new` values, such as `example`; "" where no label has any. `before`
    and `after` count all series.
    """

    site: str
    service: str
    url: str
    sent: int
    name: str
    label: str
    new: int
    example: str
    before: int
    after: int


@dataclass(frozen=True)
class AskForNothing(Probe[Sprawl]):
    """Sends requests for `paths` random paths that lead nowhere, and for `items` random items of a route."""

    paths: int
    items: int
    seconds: ClassVar[float] = 5.0

    def ask(self, stack: Stack, /) -> Sprawl:
        sources, to = stack.ask(Sources()), stack.ask(Entry())
        word, items = nonce(), self.items if stack.ask(Named()) else 0
        volley(stack, to, _paths(nonce(), 4, 4 if items else 0), at_once=AT_ONCE)  # a first 404 may be a new series
        before = [look(stack, sources) for _ in range(LOOKS)]
        paths = _paths(word, self.paths, items)
        volley(stack, to, paths, at_once=AT_ONCE)
        after = [look(stack, sources) for _ in range(LOOKS)]
        (name, label), (new, example) = most_new(before, after, word)
        old, now = _count(before), _count(after)
        service = in_role(stack, "app")[0].service
        return Sprawl(site(stack, to), service, sources[0].url, len(paths), name, label, new, example, old, now)


def _paths(word: str, many: int, items: int) -> list[str]:
    return [f"/{word}{n}" for n in range(many)] + [f"/bench/echo/{word}{n}" for n in range(items)]


def _count(looks: list[Snapshot]) -> int:
    return len({key for seen in looks for key in seen.values})


def most_new(before: list[Snapshot], after: list[Snapshot], word: str) -> tuple[tuple[str, str], tuple[int, str]]:
    """The name and label with the most new values, how many these are, and one of them; one with the `word` rather."""
    old = {(key[0], label, value) for seen in before for key in seen.values for label, value in key[1]}
    now = {(key[0], label, value) for seen in after for key in seen.values for label, value in key[1]}
    new = sorted(found for found in now - old if found[1] not in BOUNDS)
    many = Counter((name, label) for name, label, _ in new)
    if not many:
        return ("", ""), (0, "")
    (name, label), count = max(many.items(), key=lambda item: (item[1], item[0]))
    values = [value for other, kind, value in new if (other, kind) == (name, label)]
    return (name, label), (count, next((value for value in values if word in value), values[0]))


@dataclass(frozen=True, slots=True)
class Survived:
    """The metrics around the death of a busy worker. A counter that `fell` did so from `was` to `now`.

    `stuck` is a gauge that counted what was under way and has not come down again to `rest`: it stays at `left`.
    """

    service: str
    url: str
    master: int
    killed: int
    workers: int
    counters: int
    fell: str
    was: float
    now: float
    stuck: str
    rest: float
    left: float


@dataclass(frozen=True)
class KillBusyWorker(Probe[Survived]):
    """SIGKILL to a worker in the middle of a request; the metrics before, meanwhile and after it was replaced.

    workers.worker-respawn kills an idle one: what counts the requests under way would show no leak there. Each has
    counted VISITS requests before that: a sum from which less is missing may grow all the same, by what scrapes and
    health checks add meanwhile.
    """

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 8.0

    def ask(self, stack: Stack, /) -> Survived:
        sources, to = stack.ask(Sources()), stack.ask(Entry())
        volley(stack, to, [page_of(stack)] * (VISITS * len(supervised(stack).workers)), at_once=AT_ONCE)
        app = supervised(stack)  # the requests may have worn a worker out
        many = max(len(app.workers) - 1, 1)  # one is left to say what it counts meanwhile
        team = members(app.workers)
        before = look(stack, sources)
        with stack.disturbing(start_of(app.service)), ThreadPoolExecutor(many) as crowd:
            lanes = [crowd.submit(send, stack, to, BUSY) for _ in range(many)]
            victim = wait_for(lambda: _at_work(stack, app), BEGUN, every=0.05) or app.workers[0]
            busy = look(stack, sources)
            stack.signal(app.service, victim, signal.SIGKILL)
            if wait_for(lambda: replaced(stack, app, team, victim), REPLACED, every=0.05) is None:
                raise CouldNotLook(Reason.TIMED_OUT, f"worker {victim.pid} was not replaced within {REPLACED:.0f} s")
            for lane in lanes:
                lane.result()
        answers(stack, BACK)
        wait_for(lambda: True if not stuck(before, busy, look(stack, sources)) else None, IDLE)
        after = look(stack, sources)
        fallen, gauge = fell(before, after), stuck(before, busy, after)
        if fallen and len(app.workers) == 1:
            raise NotApplicable("the app has one worker: whoever takes its place starts at 0, as after a restart")
        return Survived(
            app.service.service,
            sources[0].url,
            app.master.pid,
            victim.pid,
            len(app.workers),
            len({name for name, _ in before.counting}),
            fallen,
            before.total(fallen),
            after.total(fallen),
            gauge,
            before.total(gauge),
            after.total(gauge),
        )


def _at_work(stack: Stack, app: App) -> Process | None:
    """A worker that holds a client's connection: it is in the middle of a request."""
    ports = {socket.port for socket in app.listening}
    holders = {pid for c in stack.sockets(app.service).established if c.port in ports for pid in c.pids}
    return next((worker for worker in app.workers if worker.pid in holders), None)


def fell(before: Snapshot, after: Snapshot) -> str:
    """The name of a counter that went backwards, the one that fell furthest; "" when none did."""
    names = {name for name, _ in before.counting}
    fallen = [(before.total(name) - after.total(name), name) for name in names]
    return max(((by, name) for by, name in fallen if by > 0), default=(0.0, ""))[1]


def stuck(before: Snapshot, busy: Snapshot, after: Snapshot) -> str:
    """The name of a gauge that rose while requests were under way, and is still above its rest; "" without one."""
    gauges = sorted(name for name, kind in busy.types.items() if kind == "gauge")
    return next((n for n in gauges if busy.total(n) > before.total(n) and after.total(n) > before.total(n)), "")
