"""Does Prometheus read the app's metrics: all of its instances, often enough, and with what was asked just now?"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar

from grader.probes.base import Probe, in_role, wait_for
from grader.probes.http import Entry
from grader.probes.load import volley
from grader.probes.monitoring.metrics import Expose, Sources, page_of
from grader.probes.monitoring.servers import Absent, Prometheus, Scraping, Server, Target, targets_of, vector
from grader.stacks.base import Stack
from grader.stacks.values import ServiceFacts
from grader.text import clean

REQUESTS = 20  # that the counter must have grown by, at least
LOOKS = 2  # times the interval, until Prometheus must know of them …
SPARE = 2.0  # … and these seconds
LONGEST = 65.0  # seconds that are waited at most in all; for a scrape that is rarer than that, none are


@dataclass(frozen=True, slots=True)
class Scraped:
    """What Prometheus knows of the app. `error` is "" or says why nobody could be asked; then the rest is empty.

    `targets` are those that lead to the app (or to who counts for it), `others` all the rest. `instances` is how many
    there are to read. `before` and `after` are the counter's value in Prometheus, -1.0 where it has none; `waited`
    seconds lie between them.
    """

    error: str
    service: str = ""  # the app
    prometheus: str = ""
    port: int = 0
    host_port: int = 0  # 0 where it is not published
    targets: tuple[Target, ...] = ()
    others: tuple[Target, ...] = ()
    instances: int = 0
    counter: str = ""
    before: float = -1.0
    after: float = -1.0
    waited: float = 0.0


@dataclass(frozen=True)
class AskPrometheus(Probe[Scraped]):
    """Asks Prometheus for its targets and for a counter of requests, sends requests, and asks again."""

    seconds: ClassVar[float] = 22.0  # mostly under seven, with a scrape each five seconds

    def ask(self, stack: Stack, /) -> Scraped:
        until = time.monotonic() + LONGEST
        try:
            server = stack.ask(Prometheus())
            scraping = _tried(stack, server, until)
        except Absent as trouble:
            return Scraped(clean(str(trouble)))
        counter = next(iter(stack.ask(Expose()).grown), "")
        mine, instances = _mine(stack, server, scraping.active, counter)
        others = tuple(target for target in scraping.active if target not in mine)
        published = published_port(stack, server)
        app = in_role(stack, "app")[0].service
        found = Scraped("", app, server.service, server.to.port, published, mine, others, instances, counter)
        if not mine or not counter:
            return found
        jobs = "|".join(sorted({target.job for target in mine}))
        query = f'sum({counter}{{job=~"{jobs}"}})'
        before = value(stack, server, query)
        volley(stack, stack.ask(Entry()), [page_of(stack)] * REQUESTS, at_once=4)
        waited = _until_grown(stack, server, query, before, _patience(mine, LOOKS, until))
        after = value(stack, server, query)
        return replace(found, before=before, after=after, waited=waited)


def _tried(stack: Stack, server: Server, until: float) -> Scraping:
    """The targets once each has been read for the first time: for an interval after its start, some have not been."""
    found = targets_of(stack, server)

    def look() -> Scraping | None:
        now = targets_of(stack, server)
        return now if all(target.tried for target in now.active) else None

    return wait_for(look, _patience(found.active, 1, until), every=0.25) or targets_of(stack, server)


def _patience(targets: tuple[Target, ...], looks: int, until: float) -> float:
    """Seconds in which each of `targets` is read so many times; none where one is read too seldom to be waited for."""
    seldom = max((target.interval for target in targets), default=0.0)
    return 0.0 if seldom > LONGEST else min(looks * seldom + SPARE, until - time.monotonic())


def _mine(stack: Stack, server: Server, active: tuple[Target, ...], counter: str) -> tuple[tuple[Target, ...], int]:
    """The targets that lead to the app's metrics, and how many there should be.

    A target that leads to no service by its name still counts when the app's counter comes from its job.
    """
    sources = {source.service for source in stack.ask(Sources())}
    mine = tuple(target for target in active if target.service in sources)
    if not mine and counter:
        jobs = {target.job for target in active if vector(stack, server, f'{counter}{{job="{target.job}"}}')}
        mine = tuple(target for target in active if target.job in jobs)
    apps = {service.service for service in in_role(stack, "app")}
    return mine, len(stack.ask(Sources())) if sources & apps else 1


def value(stack: Stack, server: Server, query: str) -> float:
    """The value of a query that has one; -1.0 when it has none, or when Prometheus does not answer."""
    try:
        return next(iter(vector(stack, server, query)), -1.0)
    except Absent:
        return -1.0


def _until_grown(stack: Stack, server: Server, query: str, before: float, limit: float) -> float:
    """Seconds until the counter had grown, or `limit`."""
    begun = time.monotonic()
    wait_for(lambda: True if value(stack, server, query) > before else None, limit, every=0.25)
    return round(time.monotonic() - begun, 1)


def published_port(stack: Stack, server: Server) -> int:
    """The port of this machine at which a learner finds a server; 0 when it is not published."""
    mine: list[ServiceFacts] = [s for s in stack.services() if s.service == server.service]
    return next((p.host_port for s in mine for p in s.published if p.port == server.to.port), 0)
