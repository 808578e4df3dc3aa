"""Rate, errors, duration: a known mix of requests, and what the metrics make of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.contract import BOOM
from grader.probes.base import Probe, in_role, nonce
from grader.probes.http import Entry, site
from grader.probes.load import volley
from grader.probes.monitoring.counting import settle
from grader.probes.monitoring.metrics import Sources
from grader.probes.monitoring.scraping import Snapshot, look
from grader.probes.topology import WHOAMI, require_bench
from grader.stacks.base import Stack

WELL, ERRORS, MISSING, SLOW = 20, 10, 5, 4  # requests that succeed, fail, lead nowhere, take their time …
EACH = 0.3  # … so many seconds each
ALL = WELL + ERRORS + MISSING + SLOW
AT_ONCE = 4
MILLI = re.compile(r"_(ms|milli(second)?s?)(_|$)")
SERVER_ERROR = re.compile(r"5(\d\d|xx)?$", re.IGNORECASE)
TROUBLE = re.compile(r"error|exception|fail|5xx", re.IGNORECASE)
NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
SHOWN = 6  # series that evidence keeps


@dataclass(frozen=True, slots=True)
class Rise:
    """By how much something grew: a counter, or its part with one value of a label."""

    name: str
    label: str  # such as status="500"; "" for all of the counter
    by: float


@dataclass(frozen=True, slots=True)
class Duration:
    """A histogram or summary of seconds, and by how much it grew; `buckets` are its finite boundaries in seconds."""

    name: str
    type: str
    count: float
    seconds: float
    buckets: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Mixed:
    """What the metrics said of the mix. `total` and `errors` are what comes nearest; None where nothing grew.

    `spent` is the seconds that all answers took, as their clients saw it. `parts` shows how the total divides.
    """

    site: str
    service: str
    url: str
    total: Rise | None
    parts: tuple[Rise, ...]
    errors: Rise | None
    durations: tuple[Duration, ...]
    gauge: str  # a gauge that is named as if it held a duration; "" where there is none
    spent: float


@dataclass(frozen=True)
class SendMix(Probe[Mixed]):
    """Sends the mix through the edge, and compares the metrics after with those before."""

    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 5.0

    def ask(self, stack: Stack, /) -> Mixed:
        require_bench(stack, "endpoints that fail and that take their time")
        sources, to = stack.ask(Sources()), stack.ask(Entry())
        before = look(stack, sources)
        paths = [f"{WHOAMI}?nonce={nonce()}"] * WELL + [f"{BOOM}?m=mix"] * ERRORS
        paths += [f"/{nonce()}" for _ in range(MISSING)] + [f"/bench/slow?seconds={EACH}"] * SLOW
        came = volley(stack, to, paths, at_once=AT_ONCE)
        settle(stack, sources, (), lambda now: any(rise.by >= ALL for rise in totals(before, now)))
        after = look(stack, sources)
        whole = totals(before, after)
        parts = by_label(before, after)
        total = min(whole, key=lambda rise: abs(rise.by - ALL), default=None)
        return Mixed(
            site(stack, to),
            in_role(stack, "app")[0].service,
            sources[0].url,
            total,
            tuple(part for part in parts if total and part.name == total.name and part.by)[:SHOWN],
            errors_of(whole, parts),
            durations_of(before, after),
            next((name for name, kind in after.types.items() if kind == "gauge" and _lasting(name)), ""),
            round(sum(answered.seconds for answered in came), 3),
        )


def totals(before: Snapshot, after: Snapshot) -> tuple[Rise, ...]:
    """By how much each counter grew, all its series together."""
    names = sorted({name for name, _ in after.counting})
    rises = (Rise(name, "", after.total(name) - before.total(name)) for name in names)
    return tuple(rise for rise in rises if rise.by)


def by_label(before: Snapshot, after: Snapshot) -> tuple[Rise, ...]:
    """By how much each counter grew for each value of each label."""
    grown: dict[tuple[str, str], float] = {}
    for key in after.counting:
        rise = after.values[key] - before.values.get(key, 0.0)
        for label, value in key[1]:
            part = key[0], f'{label}="{value}"'
            grown[part] = grown.get(part, 0.0) + rise
    return tuple(Rise(name, label, by) for (name, label), by in sorted(grown.items()))


def errors_of(whole: tuple[Rise, ...], parts: tuple[Rise, ...]) -> Rise | None:
    """What counts server errors: a label with such a status, or a counter that is named so. The nearest to ERRORS."""
    found = [part for part in parts if SERVER_ERROR.match(_value(part)) or TROUBLE.search(_value(part))]
    found += [rise for rise in whole if TROUBLE.search(rise.name)]
    return min(found, key=lambda rise: abs(rise.by - ERRORS), default=None)


def _value(part: Rise) -> str:
    return part.label.partition("=")[2].strip('"')


def durations_of(before: Snapshot, after: Snapshot) -> tuple[Duration, ...]:
    """Every histogram and summary that grew, the one nearest to all requests first."""
    found = []
    for name in sorted({name.removesuffix("_sum") for name in after.types if name.endswith("_sum")}):
        count = after.total(f"{name}_count") - before.total(f"{name}_count")
        unit = 0.001 if MILLI.search(name) else 1.0
        spent = (after.total(f"{name}_sum") - before.total(f"{name}_sum")) * unit
        if count > 0:
            bounds = tuple(bound * unit for bound in _bounds(after, f"{name}_bucket"))
            kind = "histogram" if bounds else "summary"
            found.append(Duration(name, kind, count, round(spent, 3), bounds))
    return tuple(sorted(found, key=lambda seen: abs(seen.count - ALL)))[:SHOWN]


def _bounds(seen: Snapshot, name: str) -> tuple[float, ...]:
    texts = {value for other, labels in seen.values if other == name for label, value in labels if label == "le"}
    return tuple(sorted(float(text) for text in texts if NUMBER.fullmatch(text)))


def _lasting(name: str) -> bool:
    return not name.startswith(("process_", "python_", "go_")) and any(
        word in name for word in ("duration", "latency", "response_time")
    )
