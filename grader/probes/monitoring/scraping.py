"""Pages of metrics, read as Prometheus reads them, and added up over the instances that they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from grader.model import Reason
from grader.probes.http import answer, parse, request
from grader.probes.monitoring.exposition import OPEN, TEXT, Page, read
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, Vantage

CAP = 5 * 1024 * 1024  # bytes of a page …
SECONDS = 5.0  # … and seconds for it
ACCEPT = (("Accept", f"{TEXT};version=0.0.4,{OPEN};version=1.0.0;q=0.5"),)  # as Prometheus asks, without protobuf

Series = tuple[str, tuple[tuple[str, str], ...]]  # a name and its labels


@dataclass(frozen=True, slots=True)
class Source:
    """One page of metrics: of one instance, asked from beside it. `url` is how it is called inside the stack."""

    service: str
    to: Address
    path: str
    via: Vantage
    url: str


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one page said; `error` is "" when it is one of metrics."""

    status: int
    kind: str  # Content-Type
    page: Page
    error: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All series of all pages at one moment; the same series of several instances are added up."""

    values: dict[Series, float] = field(default_factory=dict)
    counting: frozenset[Series] = frozenset()
    types: dict[str, str] = field(default_factory=dict)
    error: str = ""

    def total(self, name: str) -> float:
        return sum(value for (other, _), value in self.values.items() if other == name)


def scrape(stack: Stack, source: Source, only: tuple[str, ...] = ()) -> Scrape:
    """Reads a page as Prometheus does. With `only`, nothing but the families whose names begin like these."""
    host = urlsplit(source.url).netloc
    data = request(source.path, host=host, headers=ACCEPT)
    got = stack.exchange(source.via, source.to, data, seconds=SECONDS, cap=CAP)
    head = answer(got)
    status, _, body, error = parse(got.raw, cap=CAP)
    kind = head.header("Content-Type")
    if not status:
        return Scrape(0, "", Page(), head.seen)
    if status != 200:
        return Scrape(status, kind, Page(), f"the status is {status}")
    if got.cut:
        bound = f"more than {CAP // 2**20} MB" if not got.error else f"no end after {SECONDS:.0f} s"
        return Scrape(status, kind, Page(), f"it has {bound}")
    length = head.header("Content-Length")
    if error or (length.isdecimal() and len(body) < int(length)):
        return Scrape(status, kind, Page(), "the connection ended in the middle of it")
    page = read(body, kind, only)
    return Scrape(status, kind, page, page.error)


def snapshot(stack: Stack, sources: Iterable[Source], only: tuple[str, ...] = ()) -> Snapshot:
    """The sum over all pages; `error` is that of the first that cannot be read."""
    values: dict[Series, float] = {}
    counting: set[Series] = set()
    types: dict[str, str] = {}
    for source in sources:
        scraped = scrape(stack, source, only)
        if scraped.error:
            return Snapshot(error=f"{source.url}: {scraped.error}")
        for sample in scraped.page.samples:
            key = sample.name, sample.labels
            values[key] = values.get(key, 0.0) + sample.value
            types[sample.name] = sample.type
            if sample.counts:
                counting.add(key)
    return Snapshot(values, frozenset(counting), types)


def look(stack: Stack, sources: Iterable[Source], only: tuple[str, ...] = ()) -> Snapshot:
    """The same, where pages could be read before: CouldNotLook when one cannot be any more."""
    found = snapshot(stack, sources, only)
    if found.error:
        raise CouldNotLook(Reason.UNREACHABLE, found.error)
    return found
