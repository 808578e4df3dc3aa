"""Do the counters count? So many requests are sent, and the pages of metrics are read before and after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.crew import pids_of
from grader.probes.base import Probe, wait_for
from grader.probes.http import Entry, site
from grader.probes.load import volley
from grader.probes.monitoring.metrics import Expose, Sources, page_of
from grader.probes.monitoring.scraping import Series, Snapshot, Source, look
from grader.probes.topology import Apps
from grader.stacks.base import CouldNotLook, Stack

AT_ONCE = 8  # requests at a time: one after the other, the same worker may answer them all
ROUNDS = 5  # volleys until two processes have answered, at most
LATE = 3.0  # seconds until the last request must have been counted: some push their numbers somewhere first
STRANGERS = 30  # requests of others (health checks, scrapes) that may slip into a count of everything


@dataclass(frozen=True, slots=True)
class Counted:
    """What a counter said before and after `sent` requests, each time it was read; of several, the one that fits best.

    `own` says that the counter tells the page that was asked for from others; else everybody's requests count.
    `processes` is how many answered, `workers` how many there are, `instances` how many copies of the app.
    """

    site: str
    service: str
    url: str
    path: str
    name: str
    own: bool
    sent: int
    processes: int
    workers: int
    instances: int
    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def steady(self) -> bool:
        """Whether all looks before agree, and all after: to the number, or as others' requests let them grow."""
        if self.own:
            return len(set(self.before)) == 1 and len(set(self.after)) == 1
        return all(list(seen) == sorted(seen) and seen[-1] - seen[0] <= STRANGERS for seen in (self.before, self.after))

    @property
    def rise(self) -> float:
        return self.after[0] - self.before[-1]

    @property
    def exact(self) -> bool:
        return self.steady and self.sent <= self.rise <= self.sent + (0 if self.own else STRANGERS)


@dataclass(frozen=True)
class CountAll(Probe[Counted]):
    """So many requests for one page, and the counters of requests before and after, each read several times."""

    requests: int
    looks_before: int
    looks_after: int
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 5.0

    def ask(self, stack: Stack, /) -> Counted:
        sources, apps, path = stack.ask(Sources()), stack.ask(Apps()), page_of(stack)
        names = stack.ask(Expose()).grown
        if not names:
            raise CouldNotLook(Reason.UNREACHABLE, "no counter grew while requests were sent")
        workers = sum(len(app.workers) for app in apps)
        before = [look(stack, sources, names) for _ in range(self.looks_before)]
        sent, processes = self._send(stack, path, min(workers, 2))
        word = path.rpartition("/")[2]
        settle(stack, sources, names, lambda now: any(_risen(before[-1], now, name, word) >= sent for name in names))
        after = [look(stack, sources, names) for _ in range(self.looks_after)]
        asked = Counted(
            site=site(stack, stack.ask(Entry())),
            service=apps[0].service.service,
            url=sources[0].url,
            path=path,
            name="",
            own=False,
            sent=sent,
            processes=processes,
            workers=workers,
            instances=len(apps),
            before=(),
            after=(),
        )
        return best([course(asked, before, after, name, word) for name in names])

    def _send(self, stack: Stack, path: str, wanted: int) -> tuple[int, int]:
        """Sends volleys until so many processes have answered; the number of requests and of processes."""
        to, sent, pids = stack.ask(Entry()), 0, frozenset[int]()
        for _ in range(ROUNDS):
            came = volley(stack, to, [path] * self.requests, at_once=AT_ONCE)
            silent = next((answered for answered in came if not answered.status), None)
            if silent is not None:
                raise CouldNotLook(Reason.UNREACHABLE, f"{site(stack, to)}{path}: {silent.seen}")
            sent, pids = sent + len(came), pids | pids_of(came)
            if len(pids) >= wanted or not pids:
                break
        return sent, len(pids)


def settle(stack: Stack, sources: tuple[Source, ...], names: tuple[str, ...], done: Callable[[Snapshot], bool]) -> None:
    """Reads until `done` likes what it sees, or LATE is over."""
    wait_for(lambda: True if done(look(stack, sources, names)) else None, LATE, every=0.25)


def course(asked: Counted, before: list[Snapshot], after: list[Snapshot], name: str, word: str) -> Counted:
    """What a counter said at each look."""
    own, _ = _series([*before, *after], name, word)
    old = tuple(_total(seen, name, word, own) for seen in before)
    new = tuple(_total(seen, name, word, own) for seen in after)
    return replace(asked, name=name, own=own, before=old, after=new)


def best(courses: list[Counted]) -> Counted:
    """The counter that grew by what was sent; if none did, the one that tells pages apart."""
    return max(courses, key=lambda seen: (seen.exact, seen.own))


def _series(looks: list[Snapshot], name: str, word: str) -> tuple[bool, frozenset[Series]]:
    """The series of a counter that name the page, where there are any; else all of them. The first says which."""
    mine = frozenset(key for seen in looks for key in seen.counting if key[0] == name)
    own = frozenset(key for key in mine if word and any(word in value for _, value in key[1]))
    return bool(own), own or mine


def _total(seen: Snapshot, name: str, word: str, own: bool) -> float:
    keys = (key for key in seen.counting if key[0] == name)
    return sum(seen.values[key] for key in keys if not own or any(word in value for _, value in key[1]))


def _risen(before: Snapshot, now: Snapshot, name: str, word: str) -> float:
    own, _ = _series([now], name, word)
    return _total(now, name, word, own) - _total(before, name, word, own)
