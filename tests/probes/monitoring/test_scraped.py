"""How long Prometheus is given to read what was asked just now."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from grader.probes.monitoring.scraped import LONGEST, SPARE, _patience
from grader.probes.monitoring.servers import Target

TARGET = Target(job="app", url="http://app:8000/metrics", service="app", up=True, error="", interval=5.0, age=1.0)


@pytest.mark.parametrize(
    ("intervals", "looks", "wanted"),
    (
        ((5.0,), 2, 10.0 + SPARE),
        ((5.0, 15.0), 1, 15.0 + SPARE),
        ((), 1, SPARE),
        ((60.0,), 2, LONGEST),
        ((5.0, 500.0), 1, 0.0),
    ),
)
def test_a_scrape_is_waited_for_unless_it_is_too_rare(intervals: tuple[float, ...], looks: int, wanted: float) -> None:
    targets = tuple(replace(TARGET, interval=interval) for interval in intervals)

    assert _patience(targets, looks, time.monotonic() + LONGEST) == pytest.approx(wanted, abs=0.5)
