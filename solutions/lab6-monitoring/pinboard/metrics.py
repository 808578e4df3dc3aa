"""Numbers for Prometheus, at /metrics: how many requests, how many of them failed, how long, how many at once."""

import os
import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from . import dependencies
from .requestlog import MACHINES

bp = Blueprint("metrics", __name__)

# Every combination of label values is a series that Prometheus keeps for days. So a label has few values:
# the rule of a route, never the path (there are as many paths as visitors can think of).
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Seconds. An alert can only compare with a boundary that exists; ours asks for more than one second.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# `registry=None`: each worker writes its numbers to files, and page() adds up the files of all workers.
REQUESTS = Counter("http_requests", "Requests that were answered.", ["method", "route", "status"], registry=None)
SECONDS = Histogram(
    "http_request_duration_seconds", "Time to the answer.", ["method", "route"], buckets=BUCKETS, registry=None
)
BUSY = Gauge("http_requests_in_progress", "Requests under way.", multiprocess_mode="livesum", registry=None)
SIGN_INS = Counter("pinboard_sign_ins", "Attempts to sign in.", ["result"], registry=None)
for result in ("ok", "wrong", "throttled", "unavailable"):
    SIGN_INS.labels(result)  # 0 from the start: a rate needs a number before the first event, too


def register(app: Flask) -> None:
    """Count every request of `app`. First of all parts: what ran before would not be timed."""
    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)
    app.register_blueprint(bp)


def route() -> str:
    """What was asked for, in one of a few words."""
    return request.url_rule.rule if request.url_rule else "unmatched"


def counted() -> bool:
    """Is it a visitor's? The questions of machines would dilute the errors of visitors, or look like them."""
    return route() not in MACHINES


def begin() -> None:
    """Flask calls this before each request."""
    g.counted_from = time.perf_counter()
    if counted():
        BUSY.inc()


def finish(response: Response) -> Response:
    """Flask calls this with every answer, also with the one that our error page gives after an exception."""
    if counted():
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route(), response.status_code).inc()
        SECONDS.labels(method, route()).observe(time.perf_counter() - g.counted_from)
    return response


def end(error: BaseException | None) -> None:
    """Flask calls this at the end of each request, whatever happened."""
    if counted():
        BUSY.dec()


class Now:
    """What is not counted but looked up, each time that Prometheus asks."""

    def collect(self) -> Iterator[Metric]:
        """The dependencies that /readyz asks, too, and which release this is."""
        up = GaugeMetricFamily("pinboard_dependency_up", "1 when it answers.", labels=["dependency"])
        for name, answers in dependencies.state().items():
            up.add_metric([name], answers)
        yield up
        release = {"version": os.environ.get("APP_VERSION", "unknown")}
        yield InfoMetricFamily("pinboard_release", "What is running.", value=release)


@bp.get("/metrics")
def page() -> ResponseReturnValue:
    """What Prometheus reads. Whichever worker answers, the numbers are those of all."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(Now())
    return generate_latest(registry), {"Content-Type": CONTENT_TYPE_LATEST}
