"""What the logs say of single requests: what was asked and answered, by whom, and under which id."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe
from grader.probes.logs.access import Access, access
from grader.probes.logs.burst import Burst, Grade, Log, logged, names
from grader.probes.logs.form import shown
from grader.probes.logs.sent import Sent
from grader.stacks.base import CouldNotLook, Stack

JUDGED = ("GET", "POST", "missing", "boom", "login", "slow")
TOLERANCE = 0.05  # seconds by which a logged duration may differ from what the client measured
CLEAN_ID = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # printable, without quotes and backslashes
SHOWN = 200  # characters of an id that evidence keeps


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, its answer, and its records. `whole`: one has method, path and the right status.

    `statuses` are wrong ones that records give it; `line` is one line about it. Only of the slow request (`least` > 0)
    is it known whether a record tells its duration: `timed`, and what the records say instead (`times`).
    """

    name: str
    method: str
    path: str
    status: int
    seconds: float
    least: float
    services: tuple[str, ...]
    whole: bool
    statuses: tuple[int, ...]
    timed: bool
    times: tuple[float, ...]
    line: str


@dataclass(frozen=True, slots=True)
class Asking:
    """`services` are those whose logs were looked at: the proxy's and the app's."""

    site: str
    services: tuple[str, ...]
    asked: tuple[Asked, ...]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class FindRequests(Probe[Asking]):
    """The records of ordinary requests, at the proxy or the app."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Asking:
        burst = stack.ask(Grade())
        logs = (*burst.app, *(() if burst.shared else burst.edge))
        chosen = [sent for sent in burst.sent if sent.name in JUDGED and sent.status]
        cut = names(log for log in logs if log.cut)
        return Asking(burst.site, names(logs), tuple(_asked(burst, logs, sent) for sent in chosen), cut)


def _asked(burst: Burst, logs: tuple[Log, ...], sent: Sent) -> Asked:
    lines = [(log.service, line) for log in logs for line in log.about(sent)]
    found = _records(lines, sent)
    statuses = {said.status for _, said in found} - {0, sent.status}
    # A log without bodies, queries and ids names none of our words: then the path has to do. So it has where a line
    # that names them does not tell the time: another one may.
    if not found or (sent.least and not _timed(found, sent)):
        by_path = [(log.service, line) for log in logs for line in log.lines if sent.path in line]
        lines += by_path if not found else []
        found += _records(by_path, sent)
    right = [said for _, said in found if said.status == sent.status]
    times = {number * (scale or 1.0) for said in right if said.named for number, scale in said.times}
    return Asked(
        name=sent.name,
        method=sent.method,
        path=sent.path,
        status=sent.status,
        seconds=round(sent.seconds, 3),
        least=sent.least,
        services=tuple(sorted({service for service, _ in found})),
        whole=bool(right),
        statuses=tuple(sorted(statuses)),
        timed=_timed(found, sent),
        times=tuple(sorted(times))[:4],
        line=shown(lines[0][1], burst) if lines else "",
    )


def _timed(found: list[tuple[str, Access]], sent: Sent) -> bool:
    """Whether a record of a request, with its status, tells how long it took."""
    right = (said for _, said in found if said.status == sent.status)
    return any(said.lasted(sent.least * 0.98, sent.seconds + TOLERANCE) for said in right)


def _records(lines: list[tuple[str, str]], sent: Sent) -> list[tuple[str, Access]]:
    """Of lines, with their service, those that tell which request they are about."""
    read = ((service, access(line)) for service, line in lines)
    return [(service, said) for service, said in read if said.method == sent.method and sent.path in said.path]


# --- ids ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Traced:
    """A request and the id that came back with its answer (`header`, `id`); `given` when it brought one of its own.

    `edge` and `app` are the lines of each that carry the id, `app_services` whose; `logged` says that what the app
    itself logged about the request carries it (None when it logged nothing); `line` is one that does not.
    """

    name: str
    path: str
    status: int
    header: str
    id: str
    edge: int
    app: int
    edge_services: tuple[str, ...]
    app_services: tuple[str, ...]
    logged: bool | None
    line: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """An id that a client made up, and what came back for it: `clean` says that it has only harmless characters."""

    name: str
    status: int
    length: int
    clean: bool


@dataclass(frozen=True, slots=True)
class Tracing:
    """`services` are the proxy's and the app's; `shared`: they print into one log."""

    site: str
    services: tuple[str, ...]
    shared: bool
    traced: tuple[Traced, ...]
    repeated: tuple[Repeated, ...]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class Trace(Probe[Tracing]):
    """One id on its way: in the answer, in the proxy's log, in the app's."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Tracing:
        burst = stack.ask(Grade())
        followed = [burst.one(name) for name in (("again", "warning") if burst.bench else ("missing", "login"))]
        traced = tuple(_traced(burst, sent) for sent in (*followed, burst.one("given")) if sent)
        repeated = tuple(
            Repeated(sent.name, sent.status, len(sent.id), not sent.id or CLEAN_ID.fullmatch(sent.id) is not None)
            for sent in burst.sent
            if sent.name.startswith("an id ")
        )
        cut = names(log for log in (*burst.app, *burst.edge) if log.cut)
        services = names((*burst.edge, *burst.app))
        return Tracing(burst.site, services, burst.shared, traced, repeated, cut)


def _traced(burst: Burst, sent: Sent) -> Traced:
    at_edge, at_app = _with_id(burst.edge, sent), _with_id(burst.app, sent)
    own = [line for log in burst.app for line in log.about(sent) if logged(line, sent.word)]
    without = next((line for line in own if sent.id not in line), "")
    return Traced(
        name=sent.name,
        path=sent.path,
        status=sent.status,
        header=sent.id_header,
        id=sent.id[:SHOWN],
        edge=len(at_edge),
        app=len(at_app),
        edge_services=tuple(sorted(set(at_edge))),
        app_services=tuple(sorted(set(at_app))),
        logged=not without if own else None,
        line=shown(without, burst),
    )


def _with_id(logs: Iterable[Log], sent: Sent) -> list[str]:
    """The service of each line that carries the id."""
    return [log.service for log in logs for line in log.lines if sent.id and sent.id in line]


def bits(text: str) -> float:
    """How many bits an id can hold at most: by its length, and by the kind of characters it is made of."""
    core = re.sub(r"[^A-Za-z0-9]", "", text)
    kinds = 10 if core.isdigit() else 16 if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", core) else 62
    return len(core) * math.log2(kinds)


# --- clients --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Client:
    """A request from `address`. `edge`: a line of the proxy names it; `others` are clients that lines of the app name.

    `claimed` says that the request came with a made-up address; `lines` are those of the proxy about it.
    """

    name: str
    address: str
    claimed: bool
    lines: int
    edge: bool
    others: tuple[str, ...]
    line: str


@dataclass(frozen=True, slots=True)
class Clients:
    site: str
    edge: tuple[str, ...]
    app: tuple[str, ...]
    clients: tuple[Client, ...]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class FindClients(Probe[Clients]):
    """Whom the logs name as the client of requests whose sender is known."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Clients:
        burst = stack.ask(Grade())
        clients = tuple(_client(burst, sent) for sent in burst.sent if sent.client and sent.status)
        if not clients:
            raise CouldNotLook(Reason.UNREACHABLE, "no network leads a client with a known address to the edge")
        cut = names(log for log in burst.edge if log.cut)
        return Clients(burst.site, names(burst.edge), names(burst.app), clients, cut)


def _client(burst: Burst, sent: Sent) -> Client:
    whole = re.compile(rf"(?<![\d.]){re.escape(sent.client)}(?![\d.])")
    at_edge = [line for log in burst.edge for line in log.about(sent)]
    at_app = [(line, said) for log in burst.app for line in log.about(sent) if (said := access(line).clients)]
    wrong = [(line, said) for line, said in at_app if sent.client not in said]
    return Client(
        name=sent.name,
        address=sent.client,
        claimed=sent.name != "client",
        lines=len(at_edge),
        edge=any(whole.search(line) for line in at_edge),
        others=tuple(sorted({address for _, said in wrong for address in said})),
        line=shown(wrong[0][0] if wrong else at_edge[0] if at_edge else "", burst),
    )
