"""One request, from the edge through the app, and what the collector has of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe, in_role, nonce, wait_for
from grader.probes.collector.found import LIMIT, Collect, collector_of, find
from grader.probes.collector.records import Kept, Stored, kept, names
from grader.probes.http import Entry, send, site
from grader.probes.logs.sent import given_id
from grader.probes.topology import WHOAMI, Named
from grader.stacks.base import Stack
from grader.stacks.values import ServiceFacts

ENGINE_LINES = 5  # of one service about one request
EXCERPT = 600  # characters of a line that evidence keeps


@dataclass(frozen=True, slots=True)
class Trace:
    """What the service in one role wrote about the request, as `docker logs` shows it, and a stored record of it."""

    role: str
    service: str
    lines: tuple[str, ...]
    record: Stored | None


@dataclass(frozen=True, slots=True)
class Followed:
    """A request, the id that came back in `header` (or, without one, a word in its path), and its traces.

    `collector` is "" when no service keeps what the others say.
    """

    url: str
    status: int
    header: str
    word: str
    collector: str
    traces: tuple[Trace, ...]
    seconds: float


@dataclass(frozen=True)
class Follow(Probe[Followed]):
    """Sends one request and looks for its id in the collector."""

    seconds: ClassVar[float] = 6.0

    def ask(self, stack: Stack, /) -> Followed:
        keeper = collector_of(stack)[0] if stack.ask(Collect()).identity else None
        to, word, begun = stack.ask(Entry()), nonce(), time.time()
        path = f"{WHOAMI}?nonce={word}" if stack.ask(Named()) else f"/?nonce={word}"
        answered = send(stack, to, path)
        header, given = given_id(answered)
        wanted = given or word
        parties = [(role, service) for role in ("edge", "app") for service in in_role(stack, role)[:1]]
        traces: tuple[Trace, ...] = ()

        def look() -> bool | None:
            nonlocal traces
            records = [record for record, _ in find(stack, keeper, (wanted,), begun)] if keeper else []
            traces = tuple(_trace(stack, role, service, wanted, records, begun) for role, service in parties)
            return True if not keeper or all(trace.record for trace in traces) else None

        wait_for(look, LIMIT, every=0.2)
        url = f"{site(stack, to)}{path}"
        name = keeper.service if keeper else ""
        return Followed(url, answered.status, header, wanted, name, traces, round(time.time() - begun, 1))


def _trace(stack: Stack, role: str, service: ServiceFacts, word: str, records: list[Stored], begun: float) -> Trace:
    text = stack.log_text(service, begun)
    lines = [line.decode("utf-8", "replace") for line in (text.out + text.err).split(b"\n") if word.encode() in line][
        :ENGINE_LINES
    ]
    record = next((one for one in records if _is_of(one, service, lines)), None)
    cut = tuple(line[:EXCERPT] for line in lines)
    return Trace(role, service.service, cut, record and record.cut(EXCERPT))


def _is_of(record: Stored, service: ServiceFacts, lines: list[str]) -> bool:
    """Whether a record holds a line of a service; where the engine shows none, whether it says to be that service's."""
    if lines:
        return any(kept(record, line) is not Kept.NOTHING for line in lines)
    return bool(names(record.record, service.service, service.name, service.id))
