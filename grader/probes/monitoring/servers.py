"""Prometheus and Alertmanager, found by what they answer and asked through their HTTP interfaces from beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from grader.model import Reason
from grader.probes.base import Probe, in_role
from grader.probes.http import parse, request
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, From, Vantage, from_beside
from grader.stacks.values import ServiceFacts, Socket
from grader.text import clean

SECONDS = 5.0  # for one answer
PORTS = 6  # of one service that are asked, at most
TARGETS = 100  # that are looked at, at most
BUILD = "/api/v1/status/buildinfo"  # what Prometheus and those who speak like it say about themselves
STATUS = "/api/v2/status"  # what an Alertmanager says about itself
_LENGTH = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_UNITS = (604_800, 86_400, 3_600, 60, 1, 0.001)


class Absent(CouldNotLook):
    """A server that should be there is not, or does not speak as such a server does: the stack's fault, not ours."""

    def __init__(self, text: str) -> None:
        super().__init__(Reason.UNREACHABLE, text)


@dataclass(frozen=True, slots=True)
class Server:
    """A monitoring server: the service, and where to ask it. `prefix` is the path before /api, mostly ""."""

    service: str
    to: Address
    via: Vantage
    prefix: str = ""

    @property
    def url(self) -> str:
        """How it is called inside the stack."""
        return f"http://{self.service}:{self.to.port}{self.prefix}"


@dataclass(frozen=True, slots=True)
class Target:
    """What Prometheus reads. `service` is the service of this stack that it leads to, "" when it leads to none.

    `age` is seconds since the last look, -1.0 when there was none; `interval` seconds between two looks.
    """

    job: str
    url: str
    service: str
    up: bool
    error: str
    age: float
    interval: float

    @property
    def tried(self) -> bool:
        """Whether it has been read, or tried to be: the first time comes somewhen within the first interval."""
        return self.up or bool(self.error) or self.age >= 0


@dataclass(frozen=True, slots=True)
class Read:
    """When a service was read last, in seconds since the epoch on Prometheus's clock; both are 0.0 for never."""

    service: str
    begun: float
    ended: float


@dataclass(frozen=True, slots=True)
class Scraping:
    """The service that is Prometheus, and its active targets."""

    prometheus: str
    active: tuple[Target, ...]


def ask_json(stack: Stack, server: Server, path: str, **query: str) -> Any:
    """The JSON that a server answers, whatever its status. Absent when it answers none."""
    target = f"{server.prefix}{path}" + (f"?{urlencode(query)}" if query else "")
    host = f"{server.service}:{server.to.port}"
    got = stack.exchange(server.via, server.to, request(target, host=host), seconds=SECONDS)
    status, _, body, error = parse(got.raw)
    if not status:
        raise Absent(f"{server.url}{path}: {got.error or error}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as trouble:
        raise Absent(f"{server.url}{path}: {status}, and no JSON") from trouble


def data_of(stack: Stack, server: Server, path: str, **query: str) -> Any:
    """The `data` of an answer of Prometheus. Absent with its own words when it refuses the question."""
    said = ask_json(stack, server, path, **query)
    if not isinstance(said, dict) or said.get("status") != "success":
        why = said.get("error", "no success") if isinstance(said, dict) else "no object"
        raise Absent(f"{server.url}{path}: {clean(str(why), limit=150)}")
    return said.get("data")


def mapping(value: object) -> dict[str, Any]:
    """A JSON value that should be an object; {} when it is anything else."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON value that should be a list of them."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def vector(stack: Stack, server: Server, query: str) -> tuple[float, ...]:
    """The values of an instant query now, one for each series; a scalar counts as one. () when there is nothing."""
    data = mapping(data_of(stack, server, "/api/v1/query", query=query))
    if data.get("resultType") == "scalar":
        return (_number(data.get("result")),)
    return tuple(_number(row.get("value")) for row in mappings(data.get("result")))


def instances(stack: Stack, server: Server, query: str) -> tuple[str, ...]:
    """The label `instance` of each series of an instant query's result; "" for a series without."""
    rows = mappings(mapping(data_of(stack, server, "/api/v1/query", query=query)).get("result"))
    return tuple(clean(str(mapping(row.get("metric")).get("instance", "")), limit=80) for row in rows)


def _number(pair: object) -> float:
    try:
        return float(pair[1]) if isinstance(pair, list) else 0.0
    except (ValueError, TypeError, IndexError):
        return 0.0


def length(text: object) -> float:
    """Seconds of a duration as Prometheus writes it (1m30s), or of a number; 0.0 for anything else."""
    if isinstance(text, int | float):
        return float(text)
    parts = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    return sum(int(n) * unit for n, unit in zip(parts.groups(), _UNITS, strict=True) if n) if parts else 0.0


@dataclass(frozen=True)
class Prometheus(Probe[Server]):
    """The server that answers as Prometheus does. Absent when there is none."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Server:
        if stack.settings.prometheus:
            return _told(stack, stack.settings.prometheus)
        return found_by(stack, BUILD, lambda said: said.get("status") == "success", "Prometheus")


@dataclass(frozen=True)
class Alertmanager(Probe[Server]):
    """The server that answers as an Alertmanager does. Absent when there is none."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Server:
        return found_by(stack, STATUS, lambda said: "versionInfo" in said, "an Alertmanager")


def found_by(stack: Stack, path: str, knows: Callable[[dict[str, Any]], bool], name: str) -> Server:
    """The first server of a service, neither app nor edge, whose answer at `path` `knows` likes."""
    busy = {service.id for role in ("app", "edge") for service in in_role(stack, role)}
    doors = [
        Server(service.service, Address(from_beside(socket.address), socket.port), _beside(service))
        for service in stack.services()
        if service.running and not service.one_shot and service.id not in busy
        for socket in [s for s in _listening(stack, service) if s.port][:PORTS]
    ]

    def try_one(door: Server) -> Server | None:
        try:
            said = ask_json(stack, door, path)
        except Absent:
            return None
        return door if isinstance(said, dict) and knows(said) else None

    with ThreadPoolExecutor(8) as crowd:
        found = next(filter(None, crowd.map(try_one, doors)), None)
    if found is None:
        raise Absent(f"no service of the stack answers as {name} does")
    return found


def _listening(stack: Stack, service: ServiceFacts) -> tuple[Socket, ...]:
    try:
        return stack.sockets(service).listening
    except CouldNotLook:  # it ended a moment ago
        return ()


def _beside(service: ServiceFacts) -> Vantage:
    return Vantage(From.INSIDE, service.id)


def _told(stack: Stack, url: str) -> Server:
    parts = urlsplit(url)
    instances = service_at(stack, parts.hostname or "")
    if not instances:
        raise Absent(f"{url} of grader.toml: no running service is called {parts.hostname}")
    address = next((at.address for at in instances[0].networks if at.address), "127.0.0.1")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    tls = (parts.hostname or "") if parts.scheme == "https" else ""
    return Server(instances[0].service, Address(address, port, tls=tls), _beside(instances[0]), parts.path.rstrip("/"))


def service_at(stack: Stack, host: str) -> tuple[ServiceFacts, ...]:
    """The running instances that answer to a name or an address inside the stack."""

    def named(service: ServiceFacts) -> bool:
        addresses = {at.address for at in service.networks if at.address}
        return host in (service.service, service.name, service.hostname, service.id[:12]) or host in addresses

    return tuple(service for service in stack.services() if service.running and host and named(service))


@dataclass(frozen=True)
class Targets(Probe[Scraping]):
    """What Prometheus reads at the moment."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Scraping:
        return targets_of(stack, stack.ask(Prometheus()))


def targets_of(stack: Stack, server: Server) -> Scraping:
    raws = _active(stack, server)
    now = vector(stack, server, "time()")
    return Scraping(
        server.service,
        tuple(_target(stack, server, raw, now[0] if now else 0.0) for raw in raws),
    )


def reads_of(stack: Stack, server: Server) -> tuple[Read, ...]:
    """When each active target was read last. Prometheus stamps a reading with its beginning, and has it at its end."""

    def read(raw: dict[str, Any]) -> Read:
        begun = stamp(raw.get("lastScrape"))
        return Read(_led_to(stack, server, raw), begun, begun + length(raw.get("lastScrapeDuration")))

    return tuple(read(raw) for raw in _active(stack, server))


def _active(stack: Stack, server: Server) -> list[dict[str, Any]]:
    data = data_of(stack, server, "/api/v1/targets", state="active")
    return mappings(mapping(data).get("activeTargets"))[:TARGETS]


def _led_to(stack: Stack, server: Server, raw: dict[str, Any]) -> str:
    """The service that a target's address leads to, "" for none."""
    host = urlsplit(str(raw.get("scrapeUrl", ""))).hostname or ""
    led = service_at(stack, server.service if host in ("localhost", "127.0.0.1", "::1") else host)
    return led[0].service if led else ""


def _target(stack: Stack, server: Server, raw: dict[str, Any], now: float) -> Target:
    labels = mapping(raw.get("labels"))
    return Target(
        job=str(labels.get("job", raw.get("scrapePool", ""))),
        url=clean(str(raw.get("scrapeUrl", ""))),
        service=_led_to(stack, server, raw),
        up=raw.get("health") == "up",
        error=clean(str(raw.get("lastError", ""))),
        age=_age(stamp(raw.get("lastScrape")), now),
        interval=length(raw.get("scrapeInterval")) or 0.0,
    )


def _age(when: float, now: float) -> float:
    return round(now - when, 1) if when > 0 and now else -1.0


def stamp(text: object) -> float:
    """Seconds since the epoch of a time stamp of Prometheus (RFC 3339 with nanoseconds); 0.0 for "never"."""
    if not isinstance(text, str) or text.startswith("0001-"):
        return 0.0
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
    except ValueError:
        return 0.0
