"""The app makes the id of each request, and tells it to the proxy in its answer."""

import logging
import time
import uuid

import structlog
from flask import Flask, Response, g, request

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Begin and end each request of `app` here."""
    app.before_request(begin)
    app.after_request(end)


def begin() -> None:
    """A new id, whatever the client says."""
    structlog.contextvars.clear_contextvars()
    g.request_id = str(uuid.uuid4())
    g.begun = time.monotonic()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def end(response: Response) -> Response:
    """One line for each request."""
    took = round((time.monotonic() - g.begun) * 1000, 1)
    about = {"client": request.remote_addr, "method": request.method, "path": request.path}
    log.info("request", extra={**about, "status": response.status_code, "seconds": took / 1000})
    response.headers["X-Request-ID"] = g.request_id
    return response
