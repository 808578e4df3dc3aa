"""Numbers for Prometheus, at /metrics: a first try."""

import time

from flask import Blueprint, Flask, Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest

bp = Blueprint("metrics", __name__)

REQUESTS = Counter("http_requests", "Requests.", ["method", "path"])
SECONDS = Gauge("http_request_duration_seconds", "How long the last request took.")
SIGN_INS = Counter("pinboard_sign_ins", "Attempts to sign in.", ["result"])  # ok, wrong, throttled, unavailable


def register(app: Flask) -> None:
    """Count every request of `app`."""
    app.before_request(begin)
    app.after_request(finish)
    app.register_blueprint(bp)


def begin() -> None:
    """Flask calls this before each request."""
    g.counted_from = time.perf_counter()


def finish(response: Response) -> Response:
    """Flask calls this after each request."""
    REQUESTS.labels(request.method, request.path).inc()
    SECONDS.set(time.perf_counter() - g.counted_from)
    return response


@bp.get("/metrics")
def page() -> ResponseReturnValue:
    """What Prometheus reads."""
    return generate_latest(), {"Content-Type": CONTENT_TYPE_LATEST}
