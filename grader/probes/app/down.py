"""The stop window: the app is stopped under a trickle of requests, stays away for a moment, and is started again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.outage import GRACE, Comeback, Reply, Site, come_back, site_of, stands_alone
from grader.probes.base import Probe
from grader.probes.edge.headers import Sent, sent
from grader.probes.http import send
from grader.probes.topology import Apps
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Undo

CLIENTS = 3  # that ask at the same time …
PAUSE = 0.1  # … each so many seconds after its last answer
AWAY = 1.0  # seconds during which they go on asking once the app is gone
WAIT = 6.0  # seconds that a request is given: a second more than the rule allows
PATIENCE = 16.0  # seconds to come back after the app listens: a second more than the rule allows
STREAK = 3  # answers in a row
KEPT = 20  # of the slowest replies, and of the last ones, that evidence keeps


@dataclass(frozen=True, slots=True)
class AppDown:
    """What clients saw from just before the app was stopped until after it was gone (as `kept` picks), and its return.

    `gone` is when the stop was complete, in the seconds of Reply.at. `usual` is what the page usually answers.
    `error_pages` are the security headers of what came instead of two pages while the app was gone.
    """

    site: str
    page: str
    services: str  # their names, for a command line
    bench: bool
    usual: Reply
    gone: float
    replies: tuple[Reply, ...]
    comeback: Comeback
    error_pages: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Down(Probe[AppDown]):
    """Stops the app while clients ask for a page, and starts it again.

    They ask without a gap because the moment matters: a proxy that still knows the address of an app that has just
    gone sends into the void until its connect timeout; a second later it may know better and refuse at once.
    """

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 12.0

    def ask(self, stack: Stack, /) -> AppDown:
        apps, site = stack.ask(Apps()), site_of(stack)
        stands_alone(stack, apps, "stopping one of them stops both")
        replies: list[Reply] = []
        gone, over = threading.Event(), threading.Event()
        with ExitStack() as undo:
            with ThreadPoolExecutor(CLIENTS) as crowd:
                clients = [crowd.submit(_go_on_asking, site, replies, gone, over) for _ in range(CLIENTS)]
                try:
                    for app in apps:
                        undo.enter_context(stack.disturbing(Undo("start", app.service.id, app.service.name)))
                        stack.stop(app.service, min(GRACE, app.service.stop_grace))
                    since = time.monotonic() - site.begun
                    gone.set()
                    until = time.monotonic() + AWAY
                    pages = tuple(_error_page(site, path) for path in dict.fromkeys((site.page, "/")))
                    time.sleep(max(until - time.monotonic(), 0.0))
                finally:
                    over.set()
            for app in apps:
                stack.start(app.service)
        for client in clients:
            client.result()  # a client that failed is a bug of ours
        comeback = come_back(site, apps, patience=PATIENCE, streak=STREAK)
        # A reply's time is rounded to a millisecond: one that was sent right before the end is not one after it.
        if site.bench and any(reply.app and reply.at > since + 0.001 for reply in replies):
            raise CouldNotLook(Reason.UNREACHABLE, "the app answered although it was stopped: there is more of it")
        names = " ".join(dict.fromkeys(app.service.service for app in apps))
        since = round(since, 3)
        return AppDown(site.url, site.page, names, site.bench, site.usual, since, kept(replies), comeback, pages)


def _error_page(site: Site, path: str) -> Sent:
    return sent("a page while the app is away", "GET", path, send(site.stack, site.to, path, seconds=WAIT))


def kept(replies: list[Reply]) -> tuple[Reply, ...]:
    """The slowest and the last replies, oldest first: what is wrong with a site without an app is wrong there."""
    in_order = sorted(replies, key=lambda reply: reply.at)
    slowest = sorted(replies, key=lambda reply: reply.seconds)[-KEPT:]
    return tuple(reply for reply in in_order if reply in slowest or reply in in_order[-KEPT:])


def _go_on_asking(site: Site, replies: list[Reply], gone: threading.Event, over: threading.Event) -> None:
    """Asks until it is `over`; once at least when the app is gone, however long an earlier answer took."""
    late = False
    while not over.is_set() or (gone.is_set() and not late):
        late = gone.is_set()
        replies.append(site.ask(WAIT))
        over.wait(PAUSE)
