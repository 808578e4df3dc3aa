"""One burst of requests, and what every service of the stack printed meanwhile. All checks on logs look at this."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.server import has_bench
from grader.probes.base import Probe, in_role, nonce, wait_for
from grader.probes.http import Entry, site
from grader.probes.logs import asked as burst
from grader.probes.logs.asked import Secrets
from grader.probes.logs.lines import lines_of, parse
from grader.probes.logs.sent import Sender, Sent, cookie_of
from grader.stacks.base import Stack
from grader.stacks.values import LogText, ServiceFacts

ARRIVAL = 2.0  # seconds after which a line has to be where it can be read
FLUSH = 3.0  # … of a proxy that collects its lines
SETTLED = 0.2  # seconds after the last awaited line: others of the same moment are there by then
SKEW = 2.0  # seconds that the engine's clock may be behind
LATE = frozenset({"missing", "static", "last"})  # awaited in the proxy's log
PRINT = re.compile(r"bench print .{0,400}?-print")


@dataclass(frozen=True, slots=True, repr=False)
class Log:
    """What one instance printed during the burst, without what the bench printed as it was told to."""

    service: str
    lines: tuple[str, ...]
    cut: bool
    refused: str

    def about(self, *requests: Sent) -> tuple[str, ...]:
        """The lines that name the word of a request, or the id that its answer had."""
        marks = [mark for sent in requests for mark in sent.marks]
        return tuple(line for line in self.lines if any(mark in line for mark in marks))


@dataclass(frozen=True, slots=True, repr=False)
class Burst:
    """`begun` and `ended` are seconds since the epoch; `seen` has seconds until what was awaited was there.

    `app` and `edge` are the same when one container is both.
    """

    site: str
    bench: bool
    begun: float
    ended: float
    sent: tuple[Sent, ...]
    seen: tuple[tuple[str, float], ...]
    app: tuple[Log, ...]
    edge: tuple[Log, ...]
    others: tuple[Log, ...]
    secrets: Secrets

    @property
    def logs(self) -> tuple[Log, ...]:
        """Every log of the stack, once."""
        return (*self.app, *(() if self.shared else self.edge), *self.others)

    @property
    def shared(self) -> bool:
        return self.app == self.edge

    def one(self, name: str) -> Sent | None:
        return next((sent for sent in self.sent if sent.name == name), None)

    def after(self, awaited: str) -> float:
        """Seconds until a line was seen; -1.0 when it never was."""
        return dict(self.seen).get(awaited, -1.0)


def names(logs: Iterable[Log]) -> tuple[str, ...]:
    return tuple(sorted({log.service for log in logs}))


@dataclass(frozen=True)
class Grade(Probe[Burst]):
    """Sends the burst and reads the logs. For probes only: what it brings home holds a live cookie."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Burst:
        to, begun = stack.ask(Entry()), time.time()
        apps, edges = in_role(stack, "app"), in_role(stack, "edge")
        secrets = Secrets(nonce(), nonce(), nonce(), cookie_of(stack))
        sender = Sender(stack, to)
        sender.all(secrets)
        seen = _wait(stack, begun - SKEW, tuple(_awaited(sender.sent, apps, edges)))
        logs = _read(stack, begun - SKEW, sender.sent)
        parts = {service.id for service in (*apps, *edges)}
        return Burst(
            site=site(stack, to),
            bench=has_bench(stack),
            begun=begun,
            ended=time.time(),
            sent=tuple(sender.sent),
            seen=seen,
            app=tuple(logs[service.id] for service in apps if service.id in logs),
            edge=tuple(logs[service.id] for service in edges if service.id in logs),
            others=tuple(log for identity, log in logs.items() if identity not in parts),
            secrets=secrets,
        )


@dataclass(frozen=True, slots=True)
class Awaited:
    """A line about a request that should show up in the log of some services."""

    name: str
    sent: Sent
    services: tuple[ServiceFacts, ...]

    def found(self, text: str) -> bool:
        if self.name in LATE:  # the word of a static file is in the query, which a careful log leaves out
            known = (*self.sent.marks, *([self.sent.path] if self.name == "static" else ()))
            return any(mark in text for mark in known)
        if self.name == "print":
            return f"{self.sent.word}-print" in text
        return logged(text, self.sent.word)


def _awaited(
    sent: Iterable[Sent], apps: tuple[ServiceFacts, ...], edges: tuple[ServiceFacts, ...]
) -> Iterator[Awaited]:
    for one in sent:
        if one.name in LATE:
            yield Awaited(one.name, one, edges)
        elif one.name in ("warning", "info"):
            yield Awaited(one.name, one, apps)
        if one.name == "warning":
            yield Awaited("print", one, apps)


def _wait(stack: Stack, since: float, awaited: tuple[Awaited, ...]) -> tuple[tuple[str, float], ...]:
    """When awaited lines were seen: waits until all were, or the time of those that are missing is over."""
    seen: dict[str, float] = {}
    begun = time.monotonic()  # whatever is there at the first look was not late, however long ago it was asked for

    def look(wanted: frozenset[str]) -> bool | None:
        texts = {services: _text(stack, services, since) for services in {one.services for one in awaited}}
        for one in awaited:
            if one.name not in seen and one.found(texts[one.services]):
                seen[one.name] = round(time.monotonic() - max(one.sent.answered, begun), 2)
        return True if wanted <= seen.keys() else None

    every = frozenset(one.name for one in awaited)
    late = every & LATE
    wait_for(lambda: look(every), ARRIVAL, every=0.05)
    wait_for(lambda: True if late <= seen.keys() else look(late), FLUSH - ARRIVAL, every=0.2)
    time.sleep(SETTLED)
    return tuple(sorted(seen.items()))


def _text(stack: Stack, services: tuple[ServiceFacts, ...], since: float) -> str:
    return "\n".join(stack.logs(service, since).decode("utf-8", "replace") for service in services)


def _read(stack: Stack, since: float, sent: Iterable[Sent]) -> dict[str, Log]:
    """The log of every running instance, by its id."""
    told = next((burst.message(one.word) for one in sent if one.name == burst.MESSAGE), "")
    running = [service for service in stack.services() if service.running]
    with ThreadPoolExecutor(4) as crowd:
        texts = crowd.map(lambda service: stack.log_text(service, since), running)
        return {service.id: log_of(service.service, text, told) for service, text in zip(running, texts, strict=True)}


def log_of(service: str, text: LogText, told: str = "") -> Log:
    """A log in lines. The bench prints what it is told to, such as `told`, raw: that is nobody's fault."""
    print_of = f"bench print {told}-print".encode()
    parts = (part.replace(b"\r\n", b"\n") for part in (text.out, text.err))  # a terminal ends lines with both
    lines = [line for part in parts for line in lines_of(part.replace(print_of, b""))]
    return Log(service, tuple(filter(str.strip, map(without_print, lines))), text.cut, text.refused)


def without_print(line: str) -> str:
    """A line without what the bench printed into it: print() writes text and line end apart, others come between."""
    return line if "bench print " not in line or parse(line) is not None else PRINT.sub("", line)


def logged(text: str, word: str) -> bool:
    """Whether the bench's log call for `word` is in a log: not its print, and not a line that quotes the request."""
    lines = (line for line in text.split("\n") if word in line)
    return any(word in line.replace(f"m={word}", "").replace(f"{word}-print", "") for line in lines)
