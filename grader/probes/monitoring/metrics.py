"""Where the app's metrics are, and what is read there: added up over all of its instances, as Prometheus would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlsplit

from grader.model import Reason
from grader.probes.base import Probe, in_role, wait_for
from grader.probes.http import Entry, site
from grader.probes.load import volley
from grader.probes.monitoring.scraping import Snapshot, Source, scrape, snapshot
from grader.probes.monitoring.servers import Absent, Targets, service_at
from grader.probes.topology import WHOAMI, App, Apps, Named
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import HOST, Address, From, Vantage
from grader.stacks.values import ServiceFacts

PATH = "/metrics"
WARM_UP = 8  # requests after which a counter of requests must have grown
# Where each worker counts for itself, one look shows one worker's share: then it takes more to outgrow the busiest.
ROUNDS = (WARM_UP, 5 * WARM_UP, 25 * WARM_UP)
LOOKS = 4  # pages that are read before and after them: with a registry for each worker, every one is another's
LATE = 2.0  # seconds until an exporter must have heard of a request
WATCHMEN = ("prometheus_", "alertmanager_", "grafana_")  # what those who watch say about themselves
NAMES = 12  # that evidence keeps


@dataclass(frozen=True, slots=True)
class Exposed:
    """The app's page of metrics: the first that was found, and the names of what grew while requests were sent.

    `service` is the app, from where a learner can ask for `url`; `others` counts the pages of further instances.
    """

    service: str
    url: str
    status: int
    kind: str
    error: str
    lines: int
    names: tuple[str, ...]
    grown: tuple[str, ...]
    others: int


@dataclass(frozen=True)
class Sources(Probe[tuple[Source, ...]]):
    """The pages of metrics: what grader.toml names, else /metrics of the app, else what Prometheus reads of others."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> tuple[Source, ...]:
        if stack.settings.metrics:
            return told(stack, stack.settings.metrics)
        apps = stack.ask(Apps())
        own = _pages_at([(app, app.addresses()) for app in apps])
        if own[0].to.path and not scrape(stack, own[0]).status:  # a socket that speaks uwsgi, say, and no HTTP
            to = stack.ask(Entry())
            own = (replace(own[0], to=to, via=HOST, url=f"{site(stack, to)}{PATH}"),)
        beside = _pages_at([(app, app.other_addresses()) for app in apps])
        for sources in (own, beside):
            if sources and not scrape(stack, sources[0]).error:
                return sources
        return tuple(source for source in _scraped(stack) if _counts_requests(stack, source)) or own


def _pages_at(places: list[tuple[App, tuple[Address, ...]]]) -> tuple[Source, ...]:
    """The page at the first address of each instance."""
    return tuple(
        Source(app.service.service, to, PATH, app.via, f"http://{app.service.service}:{to.port or to.path}{PATH}")
        for app, addresses in places
        for to in addresses[:1]
    )


def told(stack: Stack, url: str) -> tuple[Source, ...]:
    """The pages at a URL of grader.toml: one for each instance of the service that it names."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    tls = parts.hostname or "" if parts.scheme == "https" else ""
    instances = service_at(stack, parts.hostname or "") or (
        in_role(stack, "app") if parts.hostname in ("localhost", "127.0.0.1") else ()
    )
    if not instances:
        raise CouldNotLook(Reason.UNREACHABLE, f"{url} of grader.toml: no running service is called {parts.hostname}")
    path = parts.path + (f"?{parts.query}" if parts.query else "") or PATH
    return tuple(
        Source(at.service, Address(_home(at, parts.hostname or ""), port, tls=tls), path, _beside(at), url)
        for at in instances
    )


def _scraped(stack: Stack) -> tuple[Source, ...]:
    """What Prometheus reads of services other than itself: an exporter, say, that counts for the app."""
    try:
        targets = stack.ask(Targets())
    except Absent:
        return ()
    found = []
    for target in targets.active:
        if target.service and target.service != targets.prometheus:
            found += [replace(source, url=target.url) for source in told(stack, target.url)]
    return tuple({(source.to, source.via): source for source in found}.values())


def _counts_requests(stack: Stack, source: Source) -> bool:
    """Whether a page is about the app: something on it grows by as many requests as are sent to the site."""
    before = snapshot(stack, (source,))
    if before.error or any(name.startswith(WATCHMEN) for name, _ in before.values):
        return False
    volley(stack, stack.ask(Entry()), [page_of(stack)] * WARM_UP, at_once=4)

    def counted() -> bool | None:
        now = snapshot(stack, (source,))
        return True if any(now.total(name) - before.total(name) >= WARM_UP for name, _ in now.counting) else None

    return wait_for(counted, LATE) is True


def _home(instance: ServiceFacts, host: str) -> str:
    """The instance's own address, by which it reaches itself: other instances answer to the same name."""
    if host in ("localhost", "127.0.0.1"):
        return "127.0.0.1"
    return next((at.address for at in instance.networks if at.address), "127.0.0.1")


def _beside(instance: ServiceFacts) -> Vantage:
    return Vantage(From.INSIDE, instance.id)


@dataclass(frozen=True)
class Expose(Probe[Exposed]):
    """Reads the page of metrics a few times, sends requests, and reads it again: what has grown counts requests."""

    seconds: ClassVar[float] = 5.0

    def ask(self, stack: Stack, /) -> Exposed:
        sources = stack.ask(Sources())
        first = scrape(stack, sources[0])
        grown: tuple[str, ...] = ()
        error = first.error
        if not error:
            before = [snapshot(stack, sources) for _ in range(LOOKS)]
            after: list[Snapshot] = []
            for many in ROUNDS:
                volley(stack, stack.ask(Entry()), [page_of(stack)] * many, at_once=4)
                after = [snapshot(stack, sources) for _ in range(LOOKS)]
                error = next((seen.error for seen in (*before, *after) if seen.error), "")
                grown = grown_between(before, after)
                if grown or error:
                    break
        samples = first.page.samples
        names = tuple(dict.fromkeys(sample.name for sample in samples if sample.counts))
        return Exposed(
            in_role(stack, "app")[0].service,
            sources[0].url,
            first.status,
            first.kind,
            error,
            first.page.lines,
            names[:NAMES],
            grown[:NAMES],
            len(sources) - 1,
        )


def page_of(stack: Stack) -> str:
    """A quick page that reaches the app and that an app counts: some leave out what machines ask for."""
    return WHOAMI if stack.ask(Named()) else "/"


def grown_between(before: list[Snapshot], after: list[Snapshot]) -> tuple[str, ...]:
    """Names of counters that were seen to grow, those that grew most first.

    The largest of several looks counts: with a registry for each worker, one look shows one worker's share.
    """
    names = {name for seen in after for name, _ in seen.counting}
    rise = {name: _highest(after, name) - _highest(before, name) for name in names}
    grown = (name for name in names if rise[name] > 0)
    return tuple(sorted(grown, key=lambda name: (-rise[name], not name.endswith("_total"), name)))


def _highest(looks: list[Snapshot], name: str) -> float:
    return max(
        sum(value for key, value in seen.values.items() if key[0] == name and key in seen.counting) for seen in looks
    )
