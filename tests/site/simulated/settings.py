"""What was measured for the worker simulator, and with which requests."""

from __future__ import annotations

import random
from dataclasses import dataclass

TIMEOUT = 10  # seconds: as gunicorn.conf.py of lab 2's solution says
Request = tuple[float, float, float]  # at, seconds, hold


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to serve one schedule. `buffered`: behind the Nginx of lab 3."""

    name: str
    title: str
    workers: int
    threads: int
    schedule: str
    buffered: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Requests that arrive at random, with a fixed seed, so that each setting gets the very same ones.

    `rate` in requests per second, `mean` seconds of service; `slow_rate` slow clients per second, each of which takes
    `hold` seconds to send its headers.
    """

    seed: int
    lasts: float
    rate: float
    mean: float
    slow_rate: float = 0.0
    hold: float = 0.0

    def requests(self) -> list[Request]:
        """In the order of their arrival."""
        chance = random.Random(self.seed)
        quick = [
            (at, min(4 * self.mean, max(0.05, chance.expovariate(1 / self.mean))), 0.0)
            for at in _moments(chance, self.rate, self.lasts)
        ]
        slow = [(at, self.mean, self.hold) for at in _moments(chance, self.slow_rate, self.lasts)]
        return sorted((round(at, 3), round(seconds, 3), hold) for at, seconds, hold in quick + slow)


def _moments(chance: random.Random, rate: float, lasts: float) -> list[float]:
    moments: list[float] = []
    at = chance.expovariate(rate) if rate else lasts
    while at < lasts:
        moments.append(at)
        at += chance.expovariate(rate)
    return moments


SCHEDULES = {
    "still": Schedule(seed=1, lasts=40, rate=1, mean=0.3),
    "calm": Schedule(seed=2, lasts=50, rate=3, mean=0.4),
    "rush": Schedule(seed=3, lasts=30, rate=8, mean=0.4),
    "slow": Schedule(seed=4, lasts=50, rate=3, mean=0.4, slow_rate=0.5, hold=5),
    "stuck": Schedule(seed=5, lasts=50, rate=3, mean=0.4, slow_rate=0.25, hold=20),
}

# The parameters of the model come from this one alone. It is not among those that the model is judged by.
CALIBRATION = Setting("calibration", "Two workers, hardly any load", 2, 1, "still")
SETTINGS = (
    Setting("one-worker", "One worker", 1, 1, "calm"),
    Setting("two-workers", "Two workers", 2, 1, "calm"),
    Setting("four-workers", "Four workers, a rush", 4, 1, "rush"),
    Setting("four-threads", "One worker with four threads, a rush", 1, 4, "rush"),
    Setting("eight-threads", "One worker with eight threads, a rush", 1, 8, "rush"),
    Setting("two-by-four", "Two workers with four threads, a rush", 2, 4, "rush"),
    Setting("four-by-eight", "Four workers with eight threads, a rush", 4, 8, "rush"),
    Setting("slow-clients", "Four workers and slow clients", 4, 1, "slow"),
    Setting("slow-threads", "One worker with four threads and slow clients", 1, 4, "slow"),
    Setting("slow-behind-nginx", "Four workers behind Nginx, and slow clients", 4, 1, "slow", buffered=True),
    Setting("stuck-clients", "Four workers and clients slower than the timeout", 4, 1, "stuck"),
)
