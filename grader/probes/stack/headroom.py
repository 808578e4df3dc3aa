"""Is this machine quiet enough to judge times? A stub of the grader's own answers the same kind of question."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from grader.model import Reason, Verdict, unknown
from grader.probes.base import Probe
from grader.probes.http import client_on, request
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address

T = TypeVar("T")

TRIPS = 20  # round trips, one after the other
SLEEPERS = 3  # requests at the same time …
SLEEP = 0.3  # … that each take so many seconds
BASELINE_P95 = 0.05  # seconds that 95 of 100 round trips to a stub may take on a quiet machine
STRETCH = 1.7  # times SLEEP that all sleepers together may take on a quiet machine


@dataclass(frozen=True, slots=True)
class Baseline:
    """How the grader's own stub answered: 95th percentile of its round trips and wall time of its sleepers, in seconds.

    `load` is the machine's load average over a minute.
    """

    p95: float
    sleepers: float
    load: float

    @property
    def noisy(self) -> bool:
        """Whether a stub was so slow that no time measured beside it says anything about a stack."""
        return self.p95 > BASELINE_P95 or self.sleepers > SLEEP * STRETCH

    @property
    def seen(self) -> str:
        return (
            f"95 of 100 round trips to the grader's own stub took up to {self.p95 * 1000:.1f} ms (quiet: "
            f"{BASELINE_P95 * 1000:.0f} ms), {SLEEPERS} parallel sleeps of {SLEEP} s {self.sleepers:.2f} s (quiet: "
            f"{SLEEP * STRETCH:.2f} s); the load average is {self.load:.1f}"
        )


@dataclass(frozen=True)
class Headroom(Probe[Baseline]):
    """The baseline of this machine, now. `Headroom().ask(stack)` measures anew, `stack.ask(Headroom())` once."""

    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 1.0

    def ask(self, stack: Stack, /) -> Baseline:
        # Any sidecar would do, the stub is inside it; one on a network of the stack serves other probes too.
        networks = [at.network for service in stack.services() if service.running for at in service.networks]
        via = client_on(networks[0] if networks else "none")
        port = stack.at(via, "stub")
        if not isinstance(port, int):
            raise CouldNotLook(Reason.GRADER_BUG, f"the stub's port is {port!r}")
        to = Address("127.0.0.1", port)
        trips = sorted(_timed(lambda: stack.exchange(via, to, request("/"))) for _ in range(TRIPS))
        slow = request(f"/?seconds={SLEEP}")
        with ThreadPoolExecutor(SLEEPERS) as crowd:
            sleepers = _timed(lambda: list(crowd.map(lambda _: stack.exchange(via, to, slow), range(SLEEPERS))))
        return Baseline(round(trips[int(TRIPS * 0.95) - 1], 4), round(sleepers, 3), round(os.getloadavg()[0], 2))


def steady(stack: Stack, measure: Callable[[], T], is_good: Callable[[T], bool]) -> tuple[T, Baseline | None]:
    """What `measure` found, and a baseline when that is not good: then the stub is asked at once.

    On a noisy machine it is measured a second time, never a third. A judge that finds the measured value bad and the
    baseline noisy answers `too_noisy`, because then nobody can tell whose fault it is.
    """
    found = measure()
    if is_good(found):
        return found, None
    baseline = Headroom().ask(stack)
    if not baseline.noisy:
        return found, baseline
    found = measure()
    return (found, None) if is_good(found) else (found, Headroom().ask(stack))


def too_noisy(baseline: Baseline) -> Verdict:
    return unknown(Reason.NOISY_HOST, baseline.seen, hint="close what else runs on this machine and check again")


def _timed(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun
