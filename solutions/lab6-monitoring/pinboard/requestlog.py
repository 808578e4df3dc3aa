"""Each request gets an id, and leaves one line in the log."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

from logging_config import request_id

log = logging.getLogger(__name__)

# What the proxy's ids look like. It writes over what clients send, and only it can reach the app; what looks
# different all the same is not believed: an id is copied into every line.
ID = re.compile(r"[0-9a-f]{32}")
MACHINES = ("/healthz", "/readyz", "/metrics")  # asked every few seconds, for ever


def register(app: Flask) -> None:
    """Begin and end each request of `app` here."""
    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)


def begin() -> None:
    """Take over the proxy's id, or make one."""
    given = request.headers.get("X-Request-ID", "")
    request_id.set(given if ID.fullmatch(given) else uuid.uuid4().hex)
    g.begun = time.monotonic()


def end(response: Response) -> Response:
    """One line for what was asked and answered. Not the query: people send tokens in it."""
    quiet = request.path in MACHINES and response.status_code < 400
    log.log(
        logging.DEBUG if quiet else logging.INFO,
        "request",
        extra={
            "client": request.remote_addr,
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "seconds": round(time.monotonic() - g.begun, 3),
        },
    )
    return response


def forget(error: BaseException | None) -> None:
    """The thread goes on to another request."""
    request_id.set(None)
