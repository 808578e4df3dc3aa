"""Is this machine quiet enough to judge times? A stub of the grader's own answers the same kind of question."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from grader.model import Reason, Verdict, unknown
from grader.probes.base import Probe, wait_for
from grader.probes.http import client_on, request
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, Vantage

T = TypeVar("T")

TRIPS = 20  # round trips, one after the other
SLEEPERS = 3  # requests at the same time …
SLEEP = 0.3  # … that each take so many seconds
BASELINE_P95 = 0.05  # seconds that 95 of 100 round trips to a stub may take on a quiet machine
STRETCH = 1.7  # times SLEEP that all sleepers together may take on a quiet machine
PACE = 0.2  # seconds between two round trips beside a probe …
BESIDE_P95 = 0.075  # … and what 95 of 100 may take there: the probe itself keeps the machine busy, too
FEWEST = 5  # round trips that say something: these come at once …
AT_ONCE = 0.02  # … so many seconds apart
HARDLY = 10.0  # seconds within which a machine that is not busy answers as many
LAST = 3.0  # seconds that the last round trip may still take
NOWHERE = "none"  # the network of a container that has none
QUIETER = "close what else runs on this machine and check again"


@dataclass(frozen=True, slots=True)
class Baseline:
    """How the grader's own stub answered: 95th percentile of its round trips and wall time of its sleepers, in seconds.

    `sleepers` is 0 where there were none: then something else was under way beside it. `load` is the machine's load
    average over a minute.
    """

    p95: float
    sleepers: float
    load: float

    @property
    def noisy(self) -> bool:
        """Whether a stub was so slow that no time measured beside it says anything about a stack."""
        return self.p95 > self.quiet or self.sleepers > SLEEP * STRETCH

    @property
    def quiet(self) -> float:
        """What 95 of 100 round trips may take, in seconds."""
        return BASELINE_P95 if self.sleepers else BESIDE_P95

    @property
    def seen(self) -> str:
        slept = (
            f", {SLEEPERS} parallel sleeps of {SLEEP} s {self.sleepers:.2f} s (quiet: {SLEEP * STRETCH:.2f} s)"
            if self.sleepers
            else ""
        )
        return (
            f"95 of 100 round trips to the grader's own stub took up to {self.p95 * 1000:.1f} ms (quiet: "
            f"{self.quiet * 1000:.0f} ms){slept}; the load average is {self.load:.1f}"
        )


@dataclass(frozen=True)
class Headroom(Probe[Baseline]):
    """The baseline of this machine, now. `Headroom().ask(stack)` measures anew, `stack.ask(Headroom())` once."""

    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 1.0

    def ask(self, stack: Stack, /) -> Baseline:
        # Any sidecar would do, the stub is inside it; one on a network of the stack serves other probes too.
        networks = [at.network for service in stack.services() if service.running for at in service.networks]
        via = client_on(networks[0] if networks else NOWHERE)
        to = _stub(stack, via)
        trips = [_timed(lambda: stack.exchange(via, to, request("/"))) for _ in range(TRIPS)]
        slow = request(f"/?seconds={SLEEP}")
        with ThreadPoolExecutor(SLEEPERS) as crowd:
            sleepers = _timed(lambda: list(crowd.map(lambda _: stack.exchange(via, to, slow), range(SLEEPERS))))
        return _baseline(trips, sleepers)


class Beside:
    """Asks the grader's own stub again and again while a probe is under way, as a control in the same run.

    It does so from a sidecar without a network, so that nothing that is done to the stack reaches it.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._trips: list[float] = []
        self._late = 0.0  # seconds after which it was given up as too late
        self._opened, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._over.set()
        self._opened.wait()  # while its sidecar is being opened, it would look like one that was left behind
        self._thread.join(LAST)

    def baseline(self) -> Baseline | None:
        """What it found, as soon as it was answered often enough to say something: ask inside the block.

        Where HARDLY seconds are not enough for that, the machine is too busy even for it. None where it cannot be had.
        """
        enough = wait_for(
            lambda: True if len(self._trips) >= FEWEST or not self._thread.is_alive() else None, HARDLY, AT_ONCE
        )
        if not enough:
            return _baseline([HARDLY], 0.0)
        if self._late:
            return _baseline([self._late], 0.0)
        return _baseline(self._trips, 0.0) if len(self._trips) >= FEWEST else None

    def _ask(self) -> None:
        # Whatever keeps the control from being had, it must not become the probe's trouble, nor hold it up.
        with suppress(Exception):
            begun = time.monotonic()
            try:
                to = _stub(self._stack, client_on(NOWHERE))
                self._opened.set()
                while not self._over.wait(PACE if len(self._trips) >= FEWEST else AT_ONCE):
                    begun = time.monotonic()
                    self._trips.append(_timed(lambda: self._stack.exchange(client_on(NOWHERE), to, request("/"))))
            except CouldNotLook as trouble:
                self._late = time.monotonic() - begun if trouble.reason is Reason.TIMED_OUT else 0.0
            finally:
                self._opened.set()


def _stub(stack: Stack, via: Vantage) -> Address:
    port = stack.at(via, "stub")
    if not isinstance(port, int):
        raise CouldNotLook(Reason.GRADER_BUG, f"the stub's port is {port!r}")
    return Address("127.0.0.1", port)


def _baseline(trips: Sequence[float], sleepers: float) -> Baseline:
    last = max(int(len(trips) * 0.95) - 1, 0)
    return Baseline(round(sorted(trips)[last], 4), round(sleepers, 3), round(os.getloadavg()[0], 2))


def steady(
    stack: Stack, measure: Callable[[], T], is_good: Callable[[T], bool], *, costly: bool = False
) -> tuple[T, Baseline | None]:
    """What `measure` found, and a baseline when that is not good.

    What is not good is measured a second time, never a third: a moment's trouble is over then, and a broken stack is as
    broken as before. What is `costly` is measured again only on a noisy machine. Then the stub is asked: a judge that
    finds the measured value bad and the baseline noisy answers `too_noisy`, for nobody can tell whose fault it is.
    """
    found = measure()
    if is_good(found):
        return found, None
    if costly:
        baseline = Headroom().ask(stack)
        if not baseline.noisy:
            return found, baseline
    found = measure()
    return (found, None) if is_good(found) else (found, Headroom().ask(stack))


def too_noisy(baseline: Baseline) -> Verdict:
    return unknown(Reason.NOISY_HOST, baseline.seen, hint=QUIETER)


def in_doubt(verdict: Verdict, beside: Baseline) -> Verdict:
    """A red verdict as what it is on a busy machine: something was seen, and nobody can tell whose fault it is."""
    return unknown(Reason.NOISY_HOST, f"{verdict.because}. But {beside.seen}", hint=QUIETER)


def _timed(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun
