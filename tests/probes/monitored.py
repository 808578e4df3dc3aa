"""A stack in memory that is monitored: an app with workers and metrics, a Prometheus with rules, an Alertmanager."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from grader.model import Probe, Role
from grader.probes.http import Entry
from grader.probes.topology import App, Apps, Named, Whoami
from grader.stacks.base import Settings, Stack
from grader.stacks.dealings import Address, Exchange, From, Stopped, Undo, Vantage
from grader.stacks.values import Process, ServiceFacts, Socket, Sockets, State
from tests.probes.absences import facts
from tests.probes.site import response

E = TypeVar("E")
TEXT = "text/plain; version=0.0.4"
MASTER = Process(1, 0, "S", 1, 10, 1000, "gunicorn", ("gunicorn",))
AHEAD = 10.0  # seconds by which its rules are: no look is so slow that what was scraped might not be in them
PORTS = {"app": 8000, "proxy": 80, "prometheus": 9090, "alertmanager": 9093}


@dataclass(frozen=True)
class FakeRule:
    """An alerting rule: `holds` looks at the whole stack."""

    name: str
    holds: Callable[[Monitored], bool]
    query: str = ""
    instance: str = ""  # that its result is about
    patience: float = 0.0
    health: str = "ok"


@dataclass
class Monitored:
    """`shared` says that workers add up what they count; `label` which words of a request are labels.

    `page` replaces the metrics page. `sent` and `refused` are what the Alertmanager has told its receiver.
    """

    workers: int = 4
    shared: bool = True
    label: Callable[[str], str] = field(default=lambda path: path)
    counts_errors: bool = True
    page: bytes | None = None
    page_type: str = TEXT
    edge_shows: tuple[str, ...] = ()
    rules: tuple[FakeRule, ...] = ()
    targets: tuple[dict[str, Any], ...] = field(default_factory=lambda: (target(),))
    delivers: bool = True
    group_wait: float = 0.0  # seconds that an alert has to fire until a message about it is sent
    settings: Settings = field(default_factory=Settings)
    bench: bool = True
    without: tuple[str, ...] = ()
    stopped: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    turn: int = 0
    seen: dict[int, Counter[tuple[str, int]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    latest: dict[str, int] = field(default_factory=dict)
    scrape_takes: float = 0.0  # seconds
    evaluations: int = 0
    true_since: dict[str, float] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    # --- what is there

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        names = [name for name in PORTS if name not in self.without]
        known = (facts(name, f"172.18.0.{number}") for number, name in enumerate(names, 2))
        return tuple(replace(f, state=State.EXITED) if f.service in self.stopped else f for f in known)

    def roles(self) -> tuple[Role, ...]:
        return (Role("app", ("app",), ""), Role("edge", ("proxy",), ""))

    def sockets(self, service: ServiceFacts) -> Sockets:
        return Sockets((Socket("0.0.0.0", PORTS[service.service], "", (1,)),), ())

    def apps(self) -> tuple[App, ...]:
        crew = tuple(Process(7 + n, 1, "S", 1, 11 + n, 1000, "gunicorn", ("gunicorn",)) for n in range(self.workers))
        sockets = (Socket("0.0.0.0", 8000, "", (1, *(worker.pid for worker in crew))),)
        return (App(facts("app", "172.18.0.2"), MASTER, (MASTER, *crew), sockets, confirmed=True),)

    def ask(self, probe: Probe[E]) -> E:
        named = (Whoami(True),) if self.bench else ()
        known = {Entry: Address("127.0.0.1", 8080), Named: named, Apps: self.apps()}
        return cast("E", known[type(probe)]) if type(probe) in known else probe.ask(self)

    def forget(self) -> None:
        """Nothing is remembered."""

    # --- requests

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        target = data.split(b" ")[1].decode()
        name = next((n for n, port in PORTS.items() if port == to.port), "app")
        began = time.monotonic()
        raw = b"" if name in self.stopped or name in self.without else self._answer(name, via, target)
        if name == "app" and via.kind is From.HOST and not raw:
            raw = response(502)
        spent = time.monotonic() - began
        return Exchange(raw, "" if raw else "connection refused", cut=False, closed=True, first=0.0, total=spent)

    def _answer(self, name: str, via: Vantage, target: str) -> bytes:
        parts = urlsplit(target)
        if name == "prometheus":
            return self._prometheus(parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()})
        if name == "alertmanager":
            return self._alertmanager(parts.path)
        self.turn += 1
        worker = self.turn % self.workers
        if parts.path == "/metrics" and (via.kind is not From.HOST or target in self.edge_shows):
            return response(200, self._page(worker), Content_Type=self.page_type)
        if via.kind is From.HOST and target in self.edge_shows:
            return response(200, self._page(worker), Content_Type=self.page_type)
        status = 200 if parts.path in ("/", "/healthz") or parts.path.startswith("/bench/") else 404
        status = 500 if parts.path == "/bench/boom" else status
        if "seconds" in parts.query:
            time.sleep(min(float(parse_qs(parts.query)["seconds"][0]), 0.005))
        self._count(worker, parts.path, status)
        word = parse_qs(parts.query).get("nonce", [""])[0]
        return response(status, json.dumps({"nonce": word, "pid": 7 + worker}).encode())

    def _count(self, worker: int, path: str, status: int) -> None:
        self.latest[path] = self.evaluations
        self.asked[path] += 1
        if status < 500 or self.counts_errors:
            self.seen.setdefault(worker, Counter())[self.label(path), status] += 1

    def _page(self, worker: int) -> bytes:
        if self.page is not None:
            return self.page
        counted: Counter[tuple[str, int]] = Counter()
        for number, mine in self.seen.items():
            if self.shared or number == worker:
                counted += mine
        lines = [
            f'http_requests_total{{route="{route}",status="{status}"}} {count}'
            for (route, status), count in sorted(counted.items())
        ]
        return "\n".join(["# TYPE http_requests_total counter", *lines, ""]).encode()

    # --- Prometheus and Alertmanager

    def recent(self, path: str, evaluations: int = 12) -> bool:
        """Whether a path was asked for since the rules were computed so often: a busy machine makes that no shorter."""
        return self.evaluations - self.latest.get(path, -evaluations) < evaluations

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return self.asked[path]

    def _holds(self, rule: FakeRule) -> bool:
        true = rule.holds(self)
        if true:
            self.true_since.setdefault(rule.name, time.monotonic())
        else:
            self.true_since.pop(rule.name, None)
        return true

    def _firing(self, rule: FakeRule) -> bool:
        for_so_long = time.monotonic() - self.true_since[rule.name] - rule.patience if self._holds(rule) else -1.0
        self.fired |= {rule.name} if for_so_long >= 0 else set()
        self.told |= {rule.name} if for_so_long >= self.group_wait else set()
        return for_so_long >= 0

    def _prometheus(self, path: str, query: dict[str, str]) -> bytes:
        if path == "/api/v1/query":
            return _told(self._query(query["query"]))
        if path == "/api/v1/rules":
            self.evaluations += 1
            return _told({"groups": [{"name": "g", "interval": 0.02, "rules": [self._rule(r) for r in self.rules]}]})
        if path == "/api/v1/targets":
            now = {"lastScrape": stamped(time.time()), "lastScrapeDuration": self.scrape_takes}
            return _told({"activeTargets": [one | now for one in (self.targets or ())]})
        if path == "/api/v1/alertmanagers":
            return _told({"activeAlertmanagers": [{"url": "http://alertmanager:9093/api/v2/alerts"}]})
        return _told({}) if path == "/api/v1/status/buildinfo" else response(404)

    def _query(self, query: str) -> dict[str, Any]:
        if query == "time()":
            return {"resultType": "scalar", "result": [time.time(), str(time.time())]}
        rule = next((r for r in self.rules if (r.query or r.name) == query), None)
        if rule is not None:
            return {
                "resultType": "vector",
                "result": [{"metric": {"instance": rule.instance} if rule.instance else {}, "value": [0, "1"]}]
                if self._holds(rule)
                else [],
            }
        if not any(one["health"] == "up" for one in self.targets):
            return {"resultType": "vector", "result": []}
        total = sum(sum(mine.values()) for mine in self.seen.values())
        return {"resultType": "vector", "result": [{"value": [0, str(total)]}]}

    def _rule(self, rule: FakeRule) -> dict[str, Any]:
        return {
            "type": "alerting",
            "name": rule.name,
            "query": rule.query or rule.name,
            "duration": rule.patience,
            "health": rule.health,
            "lastError": "" if rule.health == "ok" else "unknown function",
            "state": "firing" if self._firing(rule) else "inactive",
            "lastEvaluation": stamped(time.time() + AHEAD),
        }

    def _alertmanager(self, path: str) -> bytes:
        if path == "/api/v2/status":
            return response(200, b'{"versionInfo": {}}')
        if path == "/api/v2/alerts":
            known = [{"labels": {"alertname": n}, "receivers": [{"name": "webhook"}]} for n in sorted(self.fired)]
            return response(200, json.dumps(known).encode())
        sent = len(self.told)
        lines = f"alertmanager_notification_requests_total {sent}\n"
        lines += f"alertmanager_notification_requests_failed_total {0 if self.delivers else sent}\n"
        return response(200, lines.encode(), Content_Type=TEXT) if path == "/metrics" else response(404)

    # --- disturbances

    @contextmanager
    def disturbing(self, undo: Undo) -> Iterator[None]:
        self.done.append(f"note {undo.action} {undo.service}")
        try:
            yield
        finally:
            self.stopped.discard(undo.service.removesuffix("-id"))

    def stop(self, service: ServiceFacts, grace: int | None = None) -> Stopped:
        self.stopped.add(service.service)
        self.done.append(f"stop {service.service}")
        return Stopped(0, 0.0)

    def start(self, service: ServiceFacts) -> None:
        self.stopped.discard(service.service)
        self.asked.clear()  # a process that has just begun has counted nothing
        self.done.append(f"start {service.service}")

    @property
    def stack(self) -> Stack:
        return cast("Stack", self)


def target(host: str = "app:8000", **changes: object) -> dict[str, Any]:
    """A target as Prometheus describes it."""
    base = {
        "labels": {"job": "pinboard"},
        "scrapeUrl": f"http://{host}/metrics",
        "health": "up",
        "lastError": "",
        "scrapeInterval": "20ms",
    }
    return base | changes


def stamped(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e9):09d}Z"


def _told(data: object) -> bytes:
    return response(200, json.dumps({"status": "success", "data": data}).encode(), Content_Type="application/json")
