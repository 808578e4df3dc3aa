"""Many requests at once: an open-loop load that goes on while something else is done to the stack, and volleys.

Open loop means that requests are due at fixed times whether earlier ones have been answered or not, and that the wait
counts from the time a request was due: a server that stands still for a second cannot hide it by slowing the client.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from grader.probes.http import HttpAnswer, send
from grader.stacks.base import Stack
from grader.stacks.dealings import HOST, Address, Vantage

RATE = 20.0  # requests a second: a gap of 0.7 s costs 14 of them
PATIENCE = 10.0  # seconds until a request counts as unanswered
CROWD = 64  # connections at a time, at most
LONGEST = 120.0  # seconds of load, at most
SHOWN = 5  # failures that evidence keeps


@dataclass(frozen=True, slots=True)
class Shot:
    """One request of a load: due `at` seconds after the first, answered (or given up) `seconds` after it was due."""

    at: float
    seconds: float
    answer: HttpAnswer

    @property
    def failed(self) -> bool:
        """No answer, or one that says the server could not serve. A 404 is an answer."""
        return self.answer.status == 0 or self.answer.status >= 500


@dataclass(frozen=True, slots=True)
class Failure:
    at: float  # seconds after the first request was due
    seen: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load: evidence. `slowest` is seconds; `failures` are the first SHOWN."""

    sent: int
    failed: int
    slowest: float
    failures: tuple[Failure, ...]

    @property
    def first(self) -> str:
        """The first failure in words, for a sentence; "" when there is none."""
        return f"the first after {self.failures[0].at:.1f} s: {self.failures[0].seen}" if self.failures else ""


@contextmanager
def load(
    stack: Stack,
    to: Address,
    path: str,
    *,
    via: Vantage = HOST,
    rate: float = RATE,
    method: str = "GET",
    seconds: float = LONGEST,
) -> Iterator[list[Shot]]:
    """Sends requests, each on a connection of its own, while the block runs. The list is complete after the block."""
    shots: list[Shot] = []
    futures: list[Future[None]] = []
    over = threading.Event()
    begun = time.monotonic()

    def shoot(due: float) -> None:
        answered = send(stack, to, path, via=via, method=method, seconds=PATIENCE)
        shots.append(Shot(round(due, 3), round(time.monotonic() - begun - due, 3), answered))

    def keep_time(crowd: ThreadPoolExecutor) -> None:
        for due in (number / rate for number in range(int(seconds * rate))):
            if over.wait(max(begun + due - time.monotonic(), 0.0)):
                return
            futures.append(crowd.submit(shoot, due))

    with ThreadPoolExecutor(CROWD) as crowd:
        clock = threading.Thread(target=keep_time, args=(crowd,), daemon=True)
        clock.start()
        try:
            yield shots
        finally:
            over.set()
            clock.join()
    for future in futures:
        future.result()  # a sidecar that was lost, say, is no failure of the stack


def loaded(shots: Iterable[Shot]) -> Loaded:
    """The summary of a load, for evidence."""
    listed = sorted(shots, key=lambda shot: shot.at)
    failures = [Failure(shot.at, shot.answer.seen) for shot in listed if shot.failed]
    slowest = max((shot.seconds for shot in listed), default=0.0)
    return Loaded(len(listed), len(failures), round(slowest, 3), tuple(failures[:SHOWN]))


def volley(
    stack: Stack,
    to: Address,
    paths: Iterable[str],
    *,
    via: Vantage = HOST,
    method: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    at_once: int = CROWD,
    seconds: float = PATIENCE,
) -> tuple[HttpAnswer, ...]:
    """The answers to one request for each path, all sent at the same time (`at_once` at most), in the same order."""
    wanted = tuple(paths)

    def one(path: str) -> HttpAnswer:
        return send(stack, to, path, via=via, method=method, headers=headers, seconds=seconds)

    with ThreadPoolExecutor(max(1, min(len(wanted), at_once, CROWD))) as crowd:
        return tuple(crowd.map(one, wanted))
