"""Clients that are slow on purpose, many at once, and one ordinary visitor who wants an answer meanwhile."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, cast

from grader.model import Reason
from grader.probes.app.outage import Reply, Site, site_of, until_back
from grader.probes.base import Probe, in_role
from grader.probes.http import request
from grader.probes.stack.headroom import Baseline, steady
from grader.probes.topology import needs_bench
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.connection import Connection, connect

CROWD = 60  # slow senders at a time: more than any server of the course has workers and threads
READERS = 24  # slow readers at a time …
ANSWER_KB = 16 * 1024  # … of an answer that is too big for the buffers of the kernels on its way
DISK_LEFT = 1024**3  # bytes of disk that must stay free: a proxy keeps what slow readers have not read yet
RECEIVE = 4096  # bytes that the kernel of a slow reader takes
HOLD = 1.0  # seconds that they have been slow when the visitor asks
DRIP = 0.5  # seconds between two bytes of a slow sender
GATHER = 2.0  # seconds in which all must be connected
QUICK = 1.0  # seconds for the visitor
WAIT = 2.0  # seconds after which the visitor gives up …
AGAIN = 1.0  # … and tries again, for so long: a good proxy is busy at first, a blocked app stays blocked …
PATIENCE = 4.0  # … beside slow readers so long after the last work was done for them
IDLE = 5  # clock ticks that app and edge may work while they are blocked: more, and they are still taking answers in …
SPOOLING = 40.0  # … for which a proxy on a busy machine gets as long as that
BACK = 10.0  # seconds for the site to answer as before when the slow ones are gone


class Slow(StrEnum):
    BODY = "slow uploads"
    HEADERS = "half-sent requests"
    READER = "slow downloads"


@dataclass(frozen=True, slots=True)
class Slowed:
    """`clients` were slow, and a visitor asked `page`: before (`alone`) and while they were (`beside`).

    `baseline` is how this machine answered itself, when the visitor had to wait. `working` says that app and edge were
    then still busy with what the slow ones had asked for: nobody knows yet whether that ends.
    """

    site: str
    page: str
    clients: int
    alone: Reply
    beside: Reply
    baseline: Baseline | None
    working: bool = False


@dataclass(frozen=True)
class SlowClients(Probe[Slowed]):
    """Opens connections that send or read as slowly as `kind` says, asks for a page, and closes them all."""

    kind: Slow

    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 40.0  # mostly under three; on a busy machine it is tried twice, with patience

    def ask(self, stack: Stack, /) -> Slowed:
        site = site_of(stack)
        if self.kind is not Slow.HEADERS and not site.bench:
            raise needs_bench("an endpoint that reads an upload or sends a large answer")
        count = readers(shutil.disk_usage("/").free) if self.kind is Slow.READER else CROWD
        if not count:
            raise CouldNotLook(
                Reason.NOISY_HOST,
                f"less than {DISK_LEFT // 1024**2} MB of disk would be left: slow downloads are not tried",
                hint="make room, `docker system df` shows what Docker keeps",
            )
        found, baseline = steady(
            stack, lambda: _try(site, self.kind, count), lambda found: is_quick(found.beside), costly=True
        )
        return replace(found, baseline=baseline)


def is_quick(reply: Reply) -> bool:
    """Whether the app itself answered in time."""
    return reply.app and reply.seconds < QUICK


def readers(free: int) -> int:
    """How many slow readers a disk with `free` bytes can bear; 0 when it is nearly full."""
    return max(min(READERS, (free - DISK_LEFT) // (ANSWER_KB * 1024)), 0)


def _try(site: Site, kind: Slow, count: int) -> Slowed:
    alone = site.ask(BACK)
    with _crowd(site, kind, count) as crowd:
        begun = time.monotonic()
        while (left := begun + HOLD - time.monotonic()) > 0:
            time.sleep(min(DRIP, left))
            if kind is not Slow.READER:
                _drip([client for client in crowd if client.version or not site.to.tls])
        beside, working = site.ask(WAIT), False
        if not is_quick(beside):
            spooling = kind is Slow.READER
            worked = work_of(site.stack) if spooling else lambda: 0
            beside, working = _visit_again(site, worked, PATIENCE if spooling else AGAIN)
    if not is_quick(beside):
        until_back(site, BACK)
    return Slowed(site.url, site.page, len(crowd), alone, beside, None, working)


def _visit_again(site: Site, worked: Callable[[], int], patience: float) -> tuple[Reply, bool]:
    """The visitor's first quick answer, or the last one when app and edge have not worked for `patience` seconds.

    And whether they were still working when SPOOLING was over.
    """
    begun = idle_since = time.monotonic()
    before = worked()
    while not is_quick(beside := site.ask(WAIT)):
        now, after = time.monotonic(), worked()
        if after - before > IDLE:
            idle_since = now
        if now - idle_since > patience or now - begun > SPOOLING:
            return beside, now - idle_since <= patience
        before = after
    return beside, False


def work_of(stack: Stack) -> Callable[[], int]:
    """Asks how many clock ticks the processes of app and edge have worked: those that are there now."""
    instances = {service.id: service for role in ("app", "edge") for service in in_role(stack, role)}
    there = [(service, [process.pid for process in stack.processes(service)]) for service in instances.values()]
    return lambda: sum(cast("int", stack.inside(service, "worked", pids=pids)) for service, pids in there)


@contextlib.contextmanager
def _crowd(site: Site, kind: Slow, count: int) -> Iterator[list[Connection]]:
    """The connections of `count` slow clients. Fewer when the edge lets no more in: that is its good right."""
    deadline = time.monotonic() + GATHER

    def join(_: int) -> Connection | None:
        with contextlib.suppress(OSError):
            return _joined(site, kind, deadline)
        return None

    with contextlib.ExitStack() as opened:
        with ThreadPoolExecutor(count) as pool:  # all at once: one that is kept waiting must not keep out the others
            crowd = [opened.enter_context(client) for client in pool.map(join, range(count)) if client]
        yield crowd


def _joined(site: Site, kind: Slow, deadline: float) -> Connection:
    client = connect(site.to.host, site.to.port, deadline, receive=RECEIVE if kind is Slow.READER else 0)
    try:
        with contextlib.suppress(TimeoutError):  # who waits for a handshake is a slow client, too
            if site.to.tls:
                client.start_tls(site.to.tls, deadline)
            client.sendall(beginning(kind, site))
        client.settimeout(DRIP)
    except OSError:
        client.close()
        raise
    return client


def beginning(kind: Slow, site: Site) -> bytes:
    """What a slow client sends at once: a request for a large answer, or the beginning of a request."""
    host = site.stack.settings.hosts[0]
    if kind is Slow.READER:
        return request(f"/bench/big?kb={ANSWER_KB}", host=host)
    if kind is Slow.BODY:
        return request("/bench/upload", method="POST", host=host, headers={"Content-Length": "1000"})
    return request(site.page, host=host).removesuffix(b"\r\n\r\n") + b"\r\nX"


def _drip(crowd: list[Connection]) -> None:
    for client in crowd:
        with contextlib.suppress(OSError):  # the edge may hang up on a client that is too slow
            client.send(b"x")
