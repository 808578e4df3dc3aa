"""The server that runs the app: what it says to nonsense, how many it serves at a time, what it keeps and refuses."""

from __future__ import annotations

import os.path
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.crew import crew
from grader.probes.base import Probe, wait_for
from grader.probes.http import Entry, answer, request, send, site
from grader.probes.load import volley
from grader.probes.stack.headroom import Baseline, steady
from grader.probes.topology import App, Apps, Named, app_of, needs_bench
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import HOST, Address

NONSENSE = (b"GET / HTTP/9.9\r\n\r\n", b"GARBAGE\r\n\r\n")
REPLY = 1000  # characters of a reply to nonsense that evidence keeps
AT_ONCE = 3
SLOW = 1.0  # seconds that each of them takes
HEARTBEAT = "/wgunicorn-"  # how the file is called in which a worker of Gunicorn shows that it lives
STAYS = 3.0  # seconds within which all workers are there for as long as it takes to look at them


@dataclass(frozen=True, slots=True)
class Door:
    """What listens at one address of the app: its Server header, and how its replies to nonsense begin."""

    service: str
    where: str
    server: str
    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doors:
    found: tuple[Door, ...]


@dataclass(frozen=True)
class Knock(Probe[Doors]):
    """Asks every listening socket of every app, from beside it, so that no proxy answers in its place."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Doors:
        return Doors(tuple(_door(stack, app, to) for app in stack.ask(Apps()) for to in app.addresses()))


def _door(stack: Stack, app: App, to: Address) -> Door:
    proper = send(stack, to, "/healthz", via=app.via, seconds=3)
    replies = (stack.exchange(app.via, to, data, seconds=3, cap=REPLY) for data in NONSENSE)
    texts = tuple(reply.raw.decode("latin-1") for reply in replies)
    return Door(app.service.service, to.path or f"port {to.port}", proper.header("Server"), texts)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """AT_ONCE slow requests at the same time: wall time in seconds, and the answers.

    `one` is what one alone takes, `shortest` what the quickest of them took. A `baseline` is there when it was slow.
    """

    site: str
    path: str
    one: float
    wall: float
    shortest: float
    seen: tuple[str, ...]
    baseline: Baseline | None


@dataclass(frozen=True)
class SlowAtOnce(Probe[SideBySide]):
    """Slow requests through the edge, started together, each on a connection of its own."""

    quick: float  # times `one`: up to this they count as served at the same time
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> SideBySide:
        to = stack.ask(Entry())
        path = slow_path(stack, SLOW)
        one = SLOW if has_bench(stack) else send(stack, to, path).seconds

        def measure() -> SideBySide:
            begun = time.monotonic()
            answers = volley(stack, to, [path] * AT_ONCE, seconds=AT_ONCE * one + 10)
            wall = round(time.monotonic() - begun, 3)
            shortest = min(answered.seconds for answered in answers)
            seen = tuple(answered.seen for answered in answers)
            return SideBySide(site(stack, to), path, one, wall, shortest, seen, None)

        found, baseline = steady(stack, measure, lambda found: found.wall < self.quick * found.one)
        return SideBySide(found.site, path, one, found.wall, found.shortest, found.seen, baseline)


def has_bench(stack: Stack) -> bool:
    return bool(stack.ask(Named()))


def slow_path(stack: Stack, seconds: float) -> str:
    """A path that takes `seconds` on the bench, or the one that the learner's grader.toml names."""
    if has_bench(stack):
        return f"/bench/slow?seconds={seconds:g}"
    if stack.settings.slow_path:
        return stack.settings.slow_path
    raise needs_bench("an endpoint that is slow", "slow_path")


@dataclass(frozen=True, slots=True)
class Heartbeat:
    pid: int
    folder: str
    filesystem: str  # "tmpfs", "overlay", …; "" when no mount could be found


@dataclass(frozen=True, slots=True)
class Heartbeats:
    service: str
    found: tuple[Heartbeat, ...]


@dataclass(frozen=True)
class HeartbeatFiles(Probe[Heartbeats]):
    """The files in which workers show that they live, and the file systems that hold them."""

    def ask(self, stack: Stack, /) -> Heartbeats:
        app = app_of(stack)
        found = wait_for(lambda: _heartbeats(stack, app), STAYS)
        if found is None:
            raise CouldNotLook(Reason.TIMED_OUT, f"the app's workers came and went for {STAYS:.0f} s")
        if not found:
            raise NotApplicable("no worker of this server keeps a heartbeat file")
        return Heartbeats(app.service.service, found)


def _heartbeats(stack: Stack, app: App) -> tuple[Heartbeat, ...] | None:
    """What the workers of this moment keep; None where one of them was replaced while they were looked at."""
    now = crew(stack, app)
    if now is None:
        return None
    found = []
    with suppress(CouldNotLook):  # a worker that has ended
        for pid, _ in sorted(now.members):
            links = stack.inside(app.service, "fd_links", pid=pid)
            mine = [link for link in links if HEARTBEAT in link] if isinstance(links, list) else []
            if mine:
                mounts = str(stack.inside(app.service, "proc_text", pid=pid, name="mountinfo"))
                folder = os.path.dirname(mine[0].removesuffix(" (deleted)"))
                found.append(Heartbeat(pid, folder, filesystem_of(folder, mounts)))
    then = crew(stack, app)
    return tuple(found) if then is not None and then.members == now.members else None


def filesystem_of(folder: str, mountinfo: str) -> str:
    """The type of the file system that holds `folder`, from /proc/PID/mountinfo (proc_pid_mountinfo(5))."""
    best, kind = "", ""
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        words = fields.split()
        if len(words) < 5 or not rest:
            continue
        point = words[4].replace("\\040", " ")
        # Later lines lie over earlier ones at the same point.
        if (folder + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
            best, kind = point, rest.split()[0]
    return kind


@dataclass(frozen=True, slots=True)
class Oversized:
    """How one absurd request was answered: `what` it was, how many bytes, the status (0: none), what was seen, when."""

    what: str
    size: int
    status: int
    seen: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Refusals:
    """The answers to absurd requests, per kind the smaller first, and to a normal one afterwards."""

    site: str
    tried: tuple[Oversized, ...]
    after: str
    after_status: int


@dataclass(frozen=True)
class AbsurdHeads(Probe[Refusals]):
    """A request line, a header and a number of headers that no honest client sends, through the edge.

    What is not refused at first is sent once more, `most` bytes long: servers differ in where they draw the line.
    """

    refusals: tuple[int, ...]  # statuses that refuse
    most: int
    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Refusals:
        to = stack.ask(Entry())
        tried: list[Oversized] = []
        for what, small, large in absurd(stack.settings.hosts[0], self.most):
            tried.append(_sent(stack, to, what, small))
            if tried[-1].status and tried[-1].status not in self.refusals:
                tried.append(_sent(stack, to, what, large))
        after = send(stack, to, "/healthz")
        return Refusals(site(stack, to), tuple(tried), after.seen, after.status)


def absurd(host: str, most: int) -> tuple[tuple[str, bytes, bytes], ...]:
    """Per kind: its name, a request that most servers refuse, and one of `most` bytes that every server must."""

    def many(count: int, width: int) -> bytes:
        return request("/", host=host, headers=tuple((f"X-Probe-{n}", "a" * width) for n in range(count)))

    return (
        ("a URL", request("/" + "a" * 65_536, host=host), request("/" + "a" * most, host=host)),
        ("500 headers", many(500, 1), many(500, most // 500)),
        (
            "one header",
            request("/", host=host, headers={"X-Probe": "a" * 131_072}),
            request("/", host=host, headers={"X-Probe": "a" * most}),
        ),
    )


def _sent(stack: Stack, to: Address, what: str, data: bytes) -> Oversized:
    got = stack.exchange(HOST, to, data, seconds=5)
    seen = answer(got)
    return Oversized(what, len(data), seen.status, seen.seen, round(got.total, 3))
