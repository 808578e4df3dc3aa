"""What the probes that take the app away share: how they ask the site meanwhile, and how they wait for its return."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from grader.model import Reason
from grader.probes.base import in_role, nonce
from grader.probes.http import Entry, json_of, send, site
from grader.probes.topology import WHOAMI, App, Named
from grader.stacks.base import DECOY_STATUS, CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import Address

POLL = 0.1  # seconds between two looks
RETURN = 30.0  # seconds that a started app may take until it listens
GRACE = 10  # seconds that an app has to stop by itself, at most: how it stops is not the question here
STEADY = 0.5  # seconds: a server that wakes up finds its workers late and may replace them first


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer without its body; `status` 0 and `error` when there was none. `at` is seconds since the probe began.

    `app` says that the app itself answered: the bench gave our own word back, or, on a stack without a bench, the
    status is the one that the page usually has.
    """

    at: float
    status: int
    seconds: float
    length: int = 0
    sha256: str = ""
    error: str = ""
    app: bool = False

    @property
    def seen(self) -> str:
        """What came back, for a sentence: "502 in 2.0 s", or "nothing in 6.0 s (timed out)"."""
        what = f"{self.status}" if self.status else "nothing"
        return f"{what} in {self.seconds:.1f} s" + (f" ({self.error})" if self.error else "")


NO_REPLY = Reply(0.0, 0, 0.0, error="not asked")


@dataclass(frozen=True, slots=True)
class Site:
    """The site as this machine sees it, with a page that only the app can answer. `usual` is that page's answer."""

    stack: Stack
    to: Address
    bench: bool
    usual: Reply
    begun: float

    @property
    def url(self) -> str:
        return site(self.stack, self.to)

    @property
    def page(self) -> str:
        """The page's path, for people."""
        return WHOAMI if self.bench else "/"

    def ask(self, seconds: float) -> Reply:
        """One request for the page on a connection of its own; the whole exchange ends after `seconds`."""
        at = time.monotonic() - self.begun
        word = nonce()
        path = f"{WHOAMI}?nonce={word}" if self.bench else "/"
        got = send(self.stack, self.to, path, seconds=seconds)
        mine = json_of(got).get("nonce") == word if self.bench else got.status == self.usual.status
        error = "" if got.status else got.error or "no HTTP response"
        return Reply(round(at, 3), got.status, got.seconds, got.length, got.sha256, error, bool(got.status) and mine)


def site_of(stack: Stack) -> Site:
    """Where to ask and for which page. CouldNotLook when the site does not work to begin with."""
    entry, bench = stack.ask(Entry()), bool(stack.ask(Named()))
    begun = time.monotonic()
    usual = Site(stack, entry, bench, NO_REPLY, begun).ask(10.0)
    if not 0 < usual.status < 500:
        raise CouldNotLook(Reason.UNREACHABLE, f"{site(stack, entry)} does not work to begin with: {usual.seen}")
    return Site(stack, entry, bench, usual, begun)


def shares_instance(stack: Stack, app: App) -> bool:
    """Whether a proxy lives in the app's own instance: another process there listens, and clients come in there.

    Processes that do not listen (a health check that happens to run, cron) do not count.
    """
    if app.service.service not in {service.service for service in in_role(stack, "edge")}:
        return False
    holders = {pid for socket in stack.sockets(app.service).listening for pid in socket.pids}
    return any(process.pid in holders for process in app.others)


def stands_alone(stack: Stack, apps: tuple[App, ...], what: str) -> None:
    """NotApplicable when the app cannot be taken away without the proxy."""
    for app in apps:
        if shares_instance(stack, app):
            raise NotApplicable(f"{app.service.service} holds the proxy and the app: {what}")


@dataclass(frozen=True, slots=True)
class Comeback:
    """How the site came back, in seconds since the app was started; -1.0 for what did not happen.

    `listening` is when the app's own server accepted connections again, `back` the first of so many answers in a row
    from the app. `strangers` counts answers that a decoy gave in between.
    """

    listening: float
    back: float
    strangers: int
    last: Reply


def come_back(site: Site, apps: tuple[App, ...], *, patience: float, streak: int) -> Comeback:
    """Asks every POLL until `streak` answers in a row are the app's, or `patience` after it listens has run out."""
    begun = time.monotonic()
    listening: list[float] = []
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(site.stack, apps, begun, listening, over), daemon=True)
    watch.start()
    good, first, strangers = 0, -1.0, 0
    last = NO_REPLY
    while good < streak:
        now = time.monotonic() - begun
        if now > (listening[0] + patience if listening else RETURN):
            first = -1.0
            break
        last = site.ask(2.0)
        strangers += last.status == DECOY_STATUS
        if last.app:
            first = now if good == 0 else first
            good += 1
        else:
            good = 0
        time.sleep(POLL)
    if first < 0:
        over.set()
    watch.join(timeout=RETURN)
    return Comeback(round(listening[0], 2) if listening else -1.0, round(first, 2), strangers, last)


def _watch(stack: Stack, apps: tuple[App, ...], begun: float, listening: list[float], over: threading.Event) -> None:
    wanted = {(app.service.id, socket.port, socket.path) for app in apps for socket in app.listening}
    while not over.is_set() and time.monotonic() - begun < RETURN:
        if wanted <= {place for app in apps for place in _places(stack, app)}:
            listening.append(time.monotonic() - begun)
            return
        over.wait(POLL)


def _places(stack: Stack, app: App) -> tuple[tuple[str, int, str], ...]:
    try:
        return tuple((app.service.id, socket.port, socket.path) for socket in stack.sockets(app.service).listening)
    except CouldNotLook:  # not up yet, so there is nothing to look into
        return ()


def until_back(site: Site, seconds: float) -> float:
    """Seconds until the app began to answer everything for at least STEADY; -1.0 when it did not in time."""
    begun = time.monotonic()
    since: float | None = None
    while (now := time.monotonic() - begun) <= seconds:
        if site.ask(2.0).app:
            since = now if since is None else since
            if now - since >= STEADY:
                return round(since, 2)
        else:
            since = None
        time.sleep(POLL)
    return -1.0
