"""The fire drill: slow answers, errors, no app at all, one slow answer, while the learner's own alerts are watched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from grader.model import Reason
from grader.probes.app.contract import BOOM
from grader.probes.app.crew import BACK, answers, start_of
from grader.probes.app.outage import GRACE
from grader.probes.base import Probe, nonce, wait_for
from grader.probes.http import Entry, send, site
from grader.probes.load import load
from grader.probes.monitoring.delivery import Delivery, Post
from grader.probes.monitoring.lookout import POLL, Lookout
from grader.probes.monitoring.metrics import Sources, page_of
from grader.probes.monitoring.rules import clock, rules_of
from grader.probes.monitoring.scraped import published_port
from grader.probes.monitoring.servers import Absent, Prometheus, Server, instances, reads_of, targets_of
from grader.probes.monitoring.timeline import LINGER, Course, Marks, courses
from grader.probes.topology import Apps, Named
from grader.stacks.base import CouldNotLook, Stack

QUIET = 60.0  # seconds until rules must be quiet: what earlier checks did must leave their windows
ONE_SLOW = 2.0  # seconds that a single slow request takes, of which no alert must be made
LANES = 4  # slow requests at a time …
SLOW = 1.5  # … so many seconds each
RATE = 10.0  # errors a second, and as many good answers
TRICKLE = 2.0  # requests a second while the app is away: what is measured at the edge needs some
TIMES = 2  # times both intervals, until a rule must be true …
SPARE = 5.0  # … and these seconds
LONGEST = 45.0  # seconds of one part of the drill, at most
PATIENCE = 15.0  # seconds of `for` that are waited for
CLEAR = 60.0  # seconds until a rule must be false again
DELIVERY = 35.0  # seconds from firing to the receiver: Alertmanager's own group_wait is 30


@dataclass(frozen=True, slots=True)
class Drilled:
    """How every alerting rule behaved. `interval` is seconds between two scrapes of the app, `evaluation` between two
    computations of the rules; `limit` how long each part of the drill could take, `cut` that it should have been more.

    `slow` and `errors` say how many requests were slow and failed; 0 where nothing could be made slow, or fail.
    `single` says that one slow answer was made when all else was over, and that the rules were computed with it;
    `overlooked` that they were not in time, or that there was no answer.
    `left_over` is an instance that a rule which never was quiet is true for, though Prometheus no longer asks it.
    """

    site: str
    service: str
    prometheus: str
    port: int
    host_port: int  # 0 where it is not published
    interval: float
    evaluation: float
    limit: float
    cut: bool
    waited: float
    slow: int
    errors: int
    courses: tuple[Course, ...]
    delivery: Delivery
    left_over: str = ""
    single: bool = False
    overlooked: bool = False


@dataclass(frozen=True)
class Drill(Probe[Drilled]):
    """All parts of the drill, one after the other; each ends as soon as the rule that it is for has shown itself."""

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 90.0

    def ask(self, stack: Stack, /) -> Drilled:
        server = stack.ask(Prometheus())
        with Lookout(stack, server) as watch:
            return _Exercise(stack, server, watch).go()


class _Exercise:
    """One drill; its steps in the order in which they are taken."""

    def __init__(self, stack: Stack, server: Server, watch: Lookout) -> None:
        self.stack, self.server, self.watch = stack, server, watch
        self.rules = watch.group.rules
        self.to, self.apps, self.page = stack.ask(Entry()), stack.ask(Apps()), page_of(stack)
        self.bench = bool(stack.ask(Named()))
        self.slow_path = f"/bench/slow?seconds={SLOW}" if self.bench else stack.settings.slow_path
        self.sources = {source.service for source in stack.ask(Sources())}
        mine = (target for target in targets_of(stack, server).active if target.service in self.sources)
        self.interval = max((target.interval for target in mine), default=0.0)
        self.evaluation = watch.group.interval
        wanted = TIMES * (self.interval + self.evaluation) + SPARE
        self.limit, self.cut = min(wanted, LONGEST), wanted > LONGEST
        self.slow = self.errors = 0
        self.single = self.overlooked = False

    def go(self) -> Drilled:
        post = Post(self.stack)
        if not self.rules:  # nothing can react: there is no reason to stop the app
            return self._drilled(0.0, (), post)
        noisy, waited = self._quiet()
        left_over = self._left_over(noisy)
        slow, errors, ended = self._burst(noisy)
        stopped, started = self._outage(ended, post)
        quick = self._answered(0.0)
        lasting = self._lasting(noisy, stopped)
        post.look()
        single = self._hasty(quick)
        marks = Marks(slow, errors, ended, stopped, started, noisy, single, lasting)
        return self._drilled(waited, courses(self.rules, self.watch.looks, marks), post, left_over)

    def _drilled(self, waited: float, found: tuple[Course, ...], post: Post, left_over: str = "") -> Drilled:
        return Drilled(
            site(self.stack, self.to),
            self.apps[0].service.service,
            self.server.service,
            self.server.to.port,
            published_port(self.stack, self.server),
            self.interval,
            self.evaluation,
            round(self.limit, 1),
            self.cut,
            waited,
            self.slow,
            self.errors,
            found,
            post.summary(frozenset(course.name for course in found if course.fired >= 0)),
            left_over,
            self.single,
            self.overlooked,
        )

    # --- before ------------------------------------------------------------------------------------------------------

    def _quiet(self) -> tuple[frozenset[int], float]:
        """Waits until no rule is true. The rules that stay true, and the seconds."""
        begun, moment = self.watch.now, clock(self.stack, self.server)
        quiet = self.watch.until(lambda true, firing: not true and self._knows(moment), QUIET)
        return frozenset() if quiet else self.watch.true, round(self.watch.now - begun, 1)

    def _left_over(self, noisy: frozenset[int]) -> str:
        """What a true rule is about when that is nobody's target any more: a Prometheus that was restarted with other
        targets believes the last word of the old ones for five minutes."""
        if not noisy:
            return ""
        asked = {urlsplit(target.url).netloc for target in targets_of(self.stack, self.server).active}
        for number in sorted(noisy):
            about = instances(self.stack, self.server, self.rules[number].query)
            if about and all(one and one not in asked for one in about):
                return about[0]
        return ""

    def _knows(self, moment: float) -> bool:
        """Whether the app was scraped since, and the rules computed from that: unless they are too seldom.

        Rules are computed for the moment at which they were due. On a busy machine that is a while before they are, and
        what was scraped in between is not in them.
        """
        try:
            reads = [read for read in reads_of(self.stack, self.server) if read.service in self.sources]
            known = rules_of(self.stack, self.server).evaluated - self.watch.pace
            return all(moment <= read.begun and (self.cut or read.ended <= known) for read in reads)
        except Absent:
            return False

    # --- the burst ---------------------------------------------------------------------------------------------------

    def _burst(self, dull: frozenset[int]) -> tuple[float, float, float]:
        """Slow answers, then errors as well; when they began, and when all was over."""
        # What an earlier question left in the windows may turn a rule true only now: that is no answer to this one.
        self.watch.until(lambda true, firing: not true - dull, CLEAR)
        slow = self.watch.now
        with self._slow_lanes() as enough:
            if self.slow_path:
                before = self.watch.true
                self.watch.until(lambda true, firing: bool(true - before), self.limit)
            enough.set()  # workers that are all busy would answer errors late, too
            errors = self.watch.now
            if self.bench:
                self._fail()
        return slow, errors, self.watch.now

    @contextmanager
    def _slow_lanes(self) -> Iterator[threading.Event]:
        """Some requests at a time that take long, while the block runs; the event leaves one at a time."""
        enough, over = threading.Event(), threading.Event()

        def lane(until: threading.Event) -> None:
            while not until.is_set():
                self.slow += send(self.stack, self.to, self.slow_path).status == 200

        with ThreadPoolExecutor(LANES) as crowd:
            for number in range(LANES if self.slow_path else 0):
                crowd.submit(lane, over if number == 0 else enough)
            try:
                yield enough
            finally:
                enough.set()
                over.set()

    def _fail(self) -> None:
        before = self.watch.true
        boom = f"{BOOM}?m={nonce()}"
        with (
            load(self.stack, self.to, boom, rate=RATE) as failures,
            load(self.stack, self.to, self.page, rate=RATE),
        ):
            self.watch.until(lambda true, firing: bool(true - before), self.limit)
        self.errors = sum(shot.answer.status >= 500 for shot in failures)

    # --- the outage --------------------------------------------------------------------------------------------------

    def _outage(self, ended: float, post: Post) -> tuple[float, float]:
        """Stops the app until an alert fires that did not before, and starts it again; both times."""
        post.look()  # an Alertmanager forgets what is over
        before, stopped = self.watch.true, self.watch.now
        with ExitStack() as undo:
            undo.enter_context(load(self.stack, self.to, self.page, rate=TRICKLE))
            for app in self.apps:
                undo.enter_context(self.stack.disturbing(start_of(app.service)))
                self.stack.stop(app.service, min(GRACE, app.service.stop_grace))
            if self.watch.until(lambda true, firing: bool(true - before), self.limit):
                post.look()
                most = PATIENCE + self.evaluation + SPARE
                self.watch.until(lambda true, firing: self._fires(true - before, firing), min(most, LONGEST))
                if (self.watch.true - before) & self.watch.looks[-1].firing:
                    self._until_told(post)
            elif before:  # a rule about errors at the edge was true already: does it stay so when the burst is over?
                time.sleep(min(max(ended + LINGER - self.watch.now, 0.0), LINGER))
                self.watch.until(lambda true, firing: True, SPARE)
            post.look()
            started = self.watch.now
            for app in self.apps:
                self.stack.start(app.service)
        if not answers(self.stack, BACK):
            raise CouldNotLook(Reason.TIMED_OUT, f"the site did not answer within {BACK:.0f} s after the app's start")
        return stopped, started

    def _fires(self, new: frozenset[int], firing: frozenset[int]) -> bool:
        """Whether one of the `new` fires, or none of them would within the time that is waited."""
        soon = {number for number in new if self.rules[number].patience <= PATIENCE}
        return bool(new & firing) or not soon

    def _until_told(self, post: Post) -> None:
        """Waits while an alert fires until a receiver was told of it: Alertmanager never tells of one that is over
        before its group_wait is. One that no Alertmanager has heard of by now has nobody to be told by."""
        since = self.watch.now

        def told() -> bool | None:
            post.look()
            unheard = not post.known and self.watch.now > since + SPARE
            return True if post.delivered or unheard else None

        wait_for(told, DELIVERY, every=POLL)

    # --- after -------------------------------------------------------------------------------------------------------

    def _lasting(self, dull: frozenset[int], stopped: float) -> frozenset[int]:
        """Waits until no rule is true any more. Those that stay true, and were so before the outage: one about a start
        of a moment ago may be."""
        over = self.watch.until(lambda true, firing: not true - dull, CLEAR)
        early = frozenset[int]().union(*(look.true for look in self.watch.looks if look.end <= stopped))
        return frozenset() if over else (self.watch.true - dull) & early

    def _hasty(self, quick: float) -> frozenset[int]:
        """The rules that a single slow answer makes true.

        Nothing dilutes it: the app has just come back, and its counters have. For the same reason it had a `quick`
        answer of the same route before it: a counter that begins with the slow one has not grown.
        """
        if not self.bench or self.cut:
            return frozenset()
        known = self._reckoned(quick)
        before, since = self.watch.true, self.watch.now
        self.single = self._reckoned(self._answered(ONE_SLOW)) and known
        self.overlooked = not self.single
        seen = (look.true for look in self.watch.looks if look.at >= since)  # the last look may come after the window
        return self.watch.awake(frozenset().union(*seen)) - before

    def _answered(self, seconds: float) -> float:
        """Asks for an answer that takes so long; when it was there, on Prometheus's clock, -1.0 where none came."""
        if self.bench and send(self.stack, self.to, f"/bench/slow?seconds={seconds:g}").status == 200:
            return clock(self.stack, self.server)
        return -1.0

    def _reckoned(self, moment: float) -> bool:
        """Waits until the rules have been looked at with all that was so at that moment; whether they were in time."""
        known = moment >= 0 and self.watch.until(lambda true, firing: self._knows(moment), self.limit)
        return known and self.watch.until(lambda true, firing: True, SPARE)  # the last look may be older than that
