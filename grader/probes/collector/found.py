"""The collector: the service that keeps what the others say. Found by where a line arrives, not by its name.

A sidecar writes a line to a service's standard output, as if the service had said it, and then looks for it in the
files that services keep. So every service can be asked, the silent ones too, and none has to be known.
"""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from grader.model import Reason
from grader.probes.base import Probe, as_now, nonce, wait_for
from grader.probes.collector.records import Stored
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.values import ServiceFacts

LIMIT = 5.0  # seconds until a line must have arrived
SAYING = 2.0  # seconds that a line may take into the pipe
SYSTEM = ("/", "/dev", "/proc", "/sys", "/etc", "/usr", "/bin", "/lib")  # where nobody keeps records


@dataclass(frozen=True, slots=True)
class Delivery:
    """A line that was said in a service's name, and where it arrived. `trouble` says why it could not be said.

    `path` and `record` are those of the stored line, "" and None when it did not arrive; `seconds` until it did.
    """

    service: str
    container: str
    identity: str
    line: str
    trouble: str
    record: Stored | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Collected:
    """Where the lines of all lasting services went. `collector` and `identity` are "" when no service got any.

    `durable` says that its files are on a volume or in a folder of the host.
    """

    collector: str
    identity: str
    durable: bool
    folder: str
    deliveries: tuple[Delivery, ...]
    at: float  # seconds since the epoch


@dataclass(frozen=True)
class Collect(Probe[Collected]):
    """Says a line of JSON in the name of every lasting service, and looks for all of them."""

    seconds: ClassVar[float] = 6.0

    def ask(self, stack: Stack, /) -> Collected:
        lasting = tuple(service for service in stack.services() if service.running and not service.one_shot)
        words = {service.id: nonce() for service in lasting}
        lines = {service.id: json_line(words[service.id]) for service in lasting}
        begun = time.time()
        with ThreadPoolExecutor(max(len(lasting), 1)) as crowd:
            troubles = dict(zip(words, crowd.map(lambda s: say(stack, s, lines[s.id]), lasting), strict=True))
        found, times = _arrivals(stack, lasting, words, troubles, begun)
        keeper = _keeper(lasting, words, found)
        deliveries = []
        for service in lasting:
            if keeper is not None and service.id == keeper.id:
                continue  # its own lines need not go to itself
            record = found.get(keeper.id, {}).get(words[service.id]) if keeper else None
            seconds = round(times.get(words[service.id], 0.0), 2) if record else 0.0
            line, trouble = lines[service.id].decode(), troubles[service.id]
            deliveries.append(
                Delivery(service.service, service.name, service.id[:12], line.strip(), trouble, record, seconds)
            )
        path = next((d.record.path for d in deliveries if d.record), "")
        durable = keeper is not None and on_a_volume(keeper, path)
        folder = path.rpartition("/")[0]
        name, identity = (keeper.service, keeper.id) if keeper else ("", "")
        return Collected(name, identity, durable, folder, tuple(deliveries), begun)


def _arrivals(
    stack: Stack, lasting: tuple[ServiceFacts, ...], words: dict[str, str], troubles: dict[str, str], begun: float
) -> tuple[dict[str, dict[str, Stored]], dict[str, float]]:
    """By service and word: the record that arrived; and how long it took. Waits until every line is somewhere."""
    found: dict[str, dict[str, Stored]] = {service.id: {} for service in lasting}
    times: dict[str, float] = {}
    wanted = {words[service.id] for service in lasting if not troubles[service.id]}

    def look() -> bool | None:
        for service in lasting:
            for record, has in find(stack, service, tuple(words.values()), begun):
                for word in has:
                    if found[service.id].setdefault(word, record) is record:
                        times.setdefault(word, time.time() - begun)
        others = {
            word for service in lasting for word in found[service.id] if word != words[service.id]
        }  # a service that keeps its own lines is no collector
        keeper = _keeper(lasting, words, found)
        return True if keeper and wanted <= others | {words[keeper.id]} else None

    wait_for(look, LIMIT, every=0.2)
    return found, times


def _keeper(
    lasting: tuple[ServiceFacts, ...], words: dict[str, str], found: dict[str, dict[str, Stored]]
) -> ServiceFacts | None:
    """The service that has most of the others' lines."""
    counts = {service.id: len(set(found[service.id]) - {words[service.id]}) for service in lasting}
    best = max(lasting, key=lambda service: counts[service.id], default=None)
    return best if best is not None and counts[best.id] else None


def collector_of(stack: Stack) -> tuple[ServiceFacts, Collected]:
    """The collector as it is now; CouldNotLook when there is none."""
    seen = stack.ask(Collect())
    service = as_now(stack, seen.identity)
    if service is None:
        raise CouldNotLook(Reason.UNREACHABLE, "no service of this stack keeps what the others say")
    return service, seen


def json_line(word: str, message: str = "a line of the grader's") -> bytes:
    """A line as an app with structured logs writes it, with a number and something nested in it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": "info", "logger": "grader", "message": message, "request_id": None}
    return json.dumps(line | {"grader": word, "check": {"number": 4.5, "list": [1, "two", True]}}).encode() + b"\n"


def say(stack: Stack, service: ServiceFacts, line: bytes) -> str:
    """Says a line in a service's name; "" or why that was not possible."""
    try:
        if service.pid_mode:
            return "its process 1 is not its own"
        took = stack.inside(service, "say", pid=1, data=base64.b64encode(line).decode(), seconds=SAYING)
    except (CouldNotLook, NotApplicable) as trouble:
        return str(trouble)
    return "" if took == len(line) else "its standard output is full: nobody reads it"


def find(
    stack: Stack, service: ServiceFacts, words: tuple[str, ...], since: float
) -> list[tuple[Stored, tuple[str, ...]]]:
    """Lines with one of `words` in what a service keeps, and which of them each has; [] when one cannot look."""
    return [(record, has) for record, has, _ in find_counted(stack, service, words, since)]


def find_counted(
    stack: Stack, service: ServiceFacts, words: tuple[str, ...], since: float
) -> list[tuple[Stored, tuple[str, ...], int]]:
    """As `find`, with how often the words are in the whole line."""
    try:
        folders = folders_of(stack, service)
        listed = stack.inside(service, "find_lines", folders=folders, words=words, since=since)
    except (CouldNotLook, NotApplicable):
        return []
    return [_found(raw) for raw in cast("list[dict[str, Any]]", listed)]


def _found(raw: dict[str, Any]) -> tuple[Stored, tuple[str, ...], int]:
    line = base64.b64decode(raw["line"]).decode("utf-8", "replace")
    record = Stored(raw["path"], line, raw["length"], raw["utf8"], raw["printable"], raw["json"])
    return record, tuple(raw["words"]), raw["times"]


def folders_of(stack: Stack, service: ServiceFacts) -> list[str]:
    """Where a service keeps files: what it has open for writing, and what it has mounted to write in."""
    opened = cast("list[str]", stack.inside(service, "kept_in"))
    mounted = [mount.target for mount in service.mounts if mount.writable and mount.kind != "tmpfs"]
    return sorted({path.rstrip("/") or "/" for path in (*opened, *mounted)} - set(SYSTEM))


def on_a_volume(service: ServiceFacts, path: str) -> bool:
    """Whether a file of a service outlives its container."""
    inside = [mount for mount in service.mounts if path.startswith(mount.target.rstrip("/") + "/")]
    deepest = max(inside, key=lambda mount: len(mount.target), default=None)
    return deepest is not None and deepest.kind in ("volume", "bind")
