"""Given what pages of metrics said, when the checks judge it, then numbers that lie or leak are red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import metrics, metrics_read
from grader.model import AnyCheck, Outcome
from grader.probes.monitoring.counting import Counted
from grader.probes.monitoring.metrics import Exposed
from grader.probes.monitoring.red import Duration, Mixed, Rise
from grader.probes.monitoring.scraped import Scraped
from grader.probes.monitoring.series import Sprawl, Survived
from grader.probes.monitoring.servers import Target
from grader.probes.monitoring.unpublished import OpenMetrics, Published, Seen

SITE, URL = "https://pinboard.localhost:8443", "http://app:8000/metrics"
PAGE = Exposed("app", URL, 200, "text/plain", "", 300, ("http_requests_total",), ("http_requests_total",), 0)
COUNTED = Counted(
    site=SITE,
    service="app",
    url=URL,
    path="/bench/whoami",
    name="http_requests_total",
    own=True,
    sent=60,
    processes=4,
    workers=4,
    instances=1,
    before=(7.0,) * 8,
    after=(67.0,) * 12,
)
SECONDS = Duration("http_request_duration_seconds", "histogram", 39.0, 1.4, (0.1, 0.5, 1.0))
MIX = Mixed(
    site=SITE,
    service="app",
    url=URL,
    total=Rise("http_requests_total", "", 39.0),
    parts=(Rise("http_requests_total", 'status="200"', 24.0), Rise("http_requests_total", 'status="500"', 10.0)),
    errors=Rise("http_requests_total", 'status="500"', 10.0),
    durations=(SECONDS,),
    gauge="",
    spent=2.0,
)
FEW = Sprawl(SITE, "app", URL, 120, "", "", 0, "", 300, 300)
ALIVE = Survived("app", URL, 1, 9, 4, 3, "", 0.0, 0.0, "", 0.0, 0.0)
CLOSED = OpenMetrics(SITE, (Seen("/metrics", 404, "", False), Seen("//metrics", 403, "", False)), ())
OPENED = replace(CLOSED, seen=(*CLOSED.seen, Seen("/metrics/", 200, "", True)))
TARGET = Target("pinboard", URL, "app", True, "", 2.0, 5.0)
READ = Scraped("", "app", "prometheus", 9090, 9090, (TARGET,), (), 1, "http_requests_total", 7.0, 27.0, 3.0)


def with_target(**changes: object) -> Scraped:
    return replace(READ, targets=(replace(TARGET, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("check", "seen", "outcome", "word"),
    (
        (metrics.metrics_exposed, PAGE, Outcome.PASS, "300 lines"),
        (metrics.metrics_exposed, replace(PAGE, error="the status is 404", status=404), Outcome.FAIL, "404"),
        (metrics.metrics_exposed, replace(PAGE, grown=()), Outcome.FAIL, "nothing on it grew"),
        (metrics.metrics_exposed, replace(PAGE, names=(), grown=()), Outcome.FAIL, "no counter of its own"),
        (metrics.metrics_all_workers, COUNTED, Outcome.PASS, "grew by 60"),
        (metrics.metrics_all_workers, replace(COUNTED, after=(22.0,) * 12), Outcome.FAIL, "grew by 15"),  # V21
        (metrics.metrics_all_workers, replace(COUNTED, before=(7.0, 1.0) * 4), Outcome.FAIL, "7, 1, 7, 1"),
        (metrics.metrics_all_workers, replace(COUNTED, after=(127.0,) * 12), Outcome.FAIL, "grew by 120"),  # twice
        (metrics.metrics_all_workers, replace(COUNTED, after=(187.0,) * 12, instances=3), Outcome.FAIL, "3 instances"),
        (metrics.metrics_all_workers, replace(COUNTED, own=False, after=(70.0, 71.0)), Outcome.PASS, "grew by 63"),
        (metrics.metrics_all_workers, replace(COUNTED, own=False, after=(71.0, 70.0)), Outcome.FAIL, "who is asked"),
        (metrics.metrics_red, MIX, Outcome.PASS, "39 durations of 1.4 s"),
        (metrics.metrics_red, replace(MIX, total=None, parts=()), Outcome.FAIL, "no counter grew"),
        (metrics.metrics_red, replace(MIX, total=Rise("hits_total", "", 29.0)), Outcome.FAIL, "grew by 29"),
        (metrics.metrics_red, replace(MIX, errors=None), Outcome.FAIL, "no counter tells"),
        (metrics.metrics_red, replace(MIX, errors=Rise("x", 'status="5xx"', 3.0)), Outcome.FAIL, "grew by 3"),
        (metrics.metrics_red, replace(MIX, durations=(), gauge="latency_seconds"), Outcome.FAIL, "is a gauge"),
        (metrics.metrics_red, replace(MIX, durations=(replace(SECONDS, seconds=0.4),)), Outcome.FAIL, "0.4 s together"),
        (metrics.metrics_red, replace(MIX, durations=(replace(SECONDS, seconds=1400.0),)), Outcome.FAIL, "1400 s"),
        (
            metrics.metrics_red,
            replace(MIX, durations=(replace(SECONDS, buckets=(5.0, 10.0)),)),
            Outcome.FAIL,
            "5, 10 s",
        ),
        (metrics.metrics_red, replace(MIX, durations=(replace(SECONDS, buckets=()),)), Outcome.PASS, "39"),  # a summary
        (metrics.metrics_survive_worker_death, ALIVE, Outcome.PASS, "none of 3 counters"),
        (metrics.metrics_survive_worker_death, replace(ALIVE, fell="hits_total", was=9.0), Outcome.FAIL, "from 9 to 0"),
        (metrics.metrics_survive_worker_death, replace(ALIVE, stuck="busy", left=1.0), Outcome.FAIL, "stays at 1"),
        (metrics_read.metrics_bounded, FEW, Outcome.PASS, "300 series"),
        (metrics_read.metrics_bounded, replace(FEW, new=10, label="status"), Outcome.PASS, "300 series"),
        (metrics_read.metrics_bounded, replace(FEW, new=120, label="path"), Outcome.FAIL, '120 new values of "path"'),
        (metrics_read.metrics_not_public, CLOSED, Outcome.PASS, "403, 404"),
        (metrics_read.metrics_not_public, OPENED, Outcome.FAIL, "/metrics/ shows metrics"),
        (
            metrics_read.metrics_not_public,
            replace(CLOSED, published=(Published("prometheus", "0.0.0.0", 9090, "Prometheus"),)),
            Outcome.FAIL,
            "opens 0.0.0.0:9090",
        ),
        (metrics_read.prometheus_scrapes, READ, Outcome.PASS, "from 7 to 27 within 3.0 s"),
        (metrics_read.prometheus_scrapes, replace(READ, before=-1.0), Outcome.PASS, "from missing to 27"),
        (metrics_read.prometheus_scrapes, Scraped("no service answers"), Outcome.FAIL, "no service answers"),
        (metrics_read.prometheus_scrapes, replace(READ, targets=()), Outcome.FAIL, "no targets at all"),
        (metrics_read.prometheus_scrapes, with_target(up=False, error="refused"), Outcome.FAIL, "refused"),
        (metrics_read.prometheus_scrapes, with_target(interval=60.0), Outcome.FAIL, "every 60 s"),
        (metrics_read.prometheus_scrapes, with_target(interval=500.0, up=False), Outcome.FAIL, "every 500 s"),
        (metrics_read.prometheus_scrapes, with_target(age=20.0), Outcome.FAIL, "20 s ago"),
        (metrics_read.prometheus_scrapes, replace(READ, instances=3), Outcome.FAIL, "1 of 3 instances"),
        (metrics_read.prometheus_scrapes, replace(READ, after=7.0), Outcome.FAIL, "is 7 in prometheus"),
    ),
)
def test_numbers_that_lie_or_leak_are_red(check: AnyCheck, seen: object, outcome: Outcome, word: str) -> None:
    verdict = check.judge(seen)

    assert verdict.outcome is outcome, verdict.because
    assert word in verdict.because


def test_only_a_target_that_was_read_in_vain_shows_a_fault() -> None:
    tried, untried = with_target(up=False, error="refused"), with_target(up=False)

    for seen, shown in ((tried, '"health":"down"'), (untried, "")):
        for other in (seen, replace(seen, targets=(), others=seen.targets)):
            verdict = metrics_read.prometheus_scrapes.judge(other)
            assert verdict.shows == shown
            assert bool(verdict.not_shown) is not bool(shown)
