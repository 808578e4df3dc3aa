"""Alerting rules as Prometheus has loaded them, whether they are true now, and who is told when they fire."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from grader.probes.http import parse, request
from grader.probes.monitoring.exposition import read
from grader.probes.monitoring.servers import (
    SECONDS,
    Absent,
    Server,
    ask_json,
    data_of,
    length,
    mapping,
    mappings,
    stamp,
    vector,
)
from grader.stacks.base import Stack
from grader.text import clean

RULES = 60  # that are looked at, at most
ASKED_AT_ONCE = 6
RANGE = re.compile(r"\[([0-9smhdwy]+)(?::[0-9smhdwy]*)?\]")
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
DEPTH = 5  # recording rules that build on each other, at most
SENT, REFUSED = "alertmanager_notification_requests_total", "alertmanager_notification_requests_failed_total"
OLD_SENT, OLD_REFUSED = "alertmanager_notifications_total", "alertmanager_notifications_failed_total"


@dataclass(frozen=True, slots=True)
class Rule:
    """An alerting rule. `patience` is its `for` and `window` how far its query looks back, both in seconds.

    The window is the longest that the query names, or a recording rule that it builds on; 0.0 where there is none.

    `error` is "" or says why it cannot be computed.
    """

    name: str
    query: str
    patience: float
    window: float
    error: str

    @property
    def watchdog(self) -> bool:
        """Whether it is always true on purpose, so that silence means that alerting itself is broken."""
        return self.query.replace(" ", "") == "vector(1)"


@dataclass(frozen=True, slots=True)
class Group:
    """What a look at the rules shows: which there are, which fire, and how often and when they were computed.

    `evaluated` is seconds since the epoch on Prometheus's clock, of the group that was computed longest ago.
    """

    rules: tuple[Rule, ...]
    firing: frozenset[int]
    interval: float
    evaluated: float


@dataclass(frozen=True, slots=True)
class Told:
    """What Alertmanager has done with alerts: those that it knows, whom they go to, and requests that it has sent.

    `sent` counts those that were accepted, `refused` those that were not, since it was started.
    """

    alerts: tuple[str, ...]
    receivers: tuple[str, ...]
    sent: float
    refused: float


def rules_of(stack: Stack, server: Server) -> Group:
    """All alerting rules, in the order of their groups; the interval is the longest of all groups."""
    groups = mappings(mapping(data_of(stack, server, "/api/v1/rules")).get("groups"))
    every = [raw for group in groups for raw in mappings(group.get("rules"))]
    raws = [raw for raw in every if raw.get("type") == "alerting"][:RULES]
    recorded = {str(raw.get("name")): str(raw.get("query")) for raw in every if raw.get("type") == "recording"}
    stamps = [stamp(raw.get("lastEvaluation")) for raw in every]
    return Group(
        tuple(_rule(raw, recorded) for raw in raws),
        frozenset(number for number, raw in enumerate(raws) if raw.get("state") == "firing"),
        max((length(group.get("interval")) for group in groups), default=0.0),
        min(stamps, default=0.0),
    )


def _rule(raw: dict[str, Any], recorded: dict[str, str]) -> Rule:
    query = str(raw.get("query", ""))
    bad = raw.get("health") not in ("ok", "unknown", None)
    return Rule(
        clean(str(raw.get("name", "")), limit=80),
        query,
        length(raw.get("duration")),
        _window(query, recorded, DEPTH),
        clean(str(raw.get("lastError") or raw.get("health"))) if bad else "",
    )


def _window(query: str, recorded: dict[str, str], depth: int) -> float:
    """The longest range in a query, and in the recording rules whose names it mentions."""
    own = max((length(found) for found in RANGE.findall(query)), default=0.0)
    used = {recorded[name] for name in NAME.findall(query) if name in recorded} if depth else set()
    return max((own, *(_window(other, recorded, depth - 1) for other in used)))


def true_now(stack: Stack, server: Server, rules: tuple[Rule, ...]) -> frozenset[int]:
    """The numbers of the rules whose query has a result now. One that cannot be computed has none."""

    def holds(rule: Rule) -> bool:
        try:
            return bool(vector(stack, server, rule.query))
        except Absent:
            return False

    with ThreadPoolExecutor(ASKED_AT_ONCE) as crowd:
        return frozenset(number for number, true in enumerate(crowd.map(holds, rules)) if true)


def clock(stack: Stack, server: Server) -> float:
    """What time it is for Prometheus."""
    return next(iter(vector(stack, server, "time()")), 0.0)


def told(stack: Stack, server: Server) -> Told:
    """What an Alertmanager knows now and has sent so far."""
    alerts = mappings(ask_json(stack, server, "/api/v2/alerts"))
    names = {clean(str(mapping(raw.get("labels")).get("alertname", "")), limit=80) for raw in alerts}
    receivers = {clean(str(one.get("name")), limit=80) for raw in alerts for one in mappings(raw.get("receivers"))}
    got = stack.exchange(
        server.via, server.to, request(f"{server.prefix}/metrics", host=server.service), seconds=SECONDS
    )
    page = read(parse(got.raw)[2], "text/plain", ("alertmanager_notification",))

    def total(name: str) -> float:
        return sum(sample.value for sample in page.samples if sample.name == name)

    known = any(sample.name == SENT for sample in page.samples)
    sent, refused = (total(SENT), total(REFUSED)) if known else (total(OLD_SENT), total(OLD_REFUSED))
    return Told(tuple(sorted(names)), tuple(sorted(receivers)), sent - refused, refused)


def addressees(stack: Stack, server: Server) -> tuple[str, ...]:
    """The Alertmanagers that Prometheus sends to."""
    active = mappings(mapping(data_of(stack, server, "/api/v1/alertmanagers")).get("activeAlertmanagers"))
    return tuple(clean(str(one.get("url", ""))) for one in active)
