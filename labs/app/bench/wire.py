"""What arrived over the wire, and where answers point to."""

import hashlib
import logging
from dataclasses import dataclass

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

CHUNK = 64 * 1024  # bytes
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
SHOWN_HEADERS = (
    "Accept",
    "Content-Length",
    "Content-Type",
    "Forwarded",
    "Host",
    "Transfer-Encoding",
    "User-Agent",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto",
    "X-Probe",
    "X-Real-IP",
    "X-Request-ID",
)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


@dataclass(frozen=True, slots=True)
class Body:
    """What is left of a request body after reading it: nothing is stored."""

    length: int  # bytes
    sha256: str


def read_body() -> Body:
    """Read the whole request body."""
    digest = hashlib.sha256()
    length = 0
    while chunk := request.stream.read(CHUNK):
        digest.update(chunk)
        length += len(chunk)
    return Body(length, digest.hexdigest())


def upload() -> ResponseReturnValue:
    """Read everything, store nothing."""
    body = read_body()
    return {"length": body.length, "sha256": body.sha256}


def echo(path: str = "") -> ResponseReturnValue:
    """The request, as it reached the app."""
    body = read_body()
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query_string.decode("latin-1"),
        "length": body.length,
        "sha256": body.sha256,
        "headers": {name: request.headers[name] for name in SHOWN_HEADERS if name in request.headers},
    }


def speaker() -> logging.Logger:
    """The logger of one of the app's modules, or Flask's own: the first may be silent where the second is not."""
    inner = f"{current_app.import_name}."
    modules = [name for name in logging.getLogger().manager.loggerDict if name.startswith(inner)]
    return logging.getLogger(min(modules)) if modules else current_app.logger


def log() -> ResponseReturnValue:
    """One line with `m` through a logger of the app, one bare print with `m` and `-print`."""
    m = request.args.get("m", "")
    level = request.args.get("level", "info").lower()
    if level not in LEVELS:
        return {"error": f"level must be one of {', '.join(LEVELS)}"}, 400
    speaker().log(LEVELS[level], "bench log %s", m)
    print(f"bench print {m}-print")
    return {"level": level, "logged": m, "printed": f"{m}-print"}


def directory() -> ResponseReturnValue:
    """Asked for without its last slash, the framework redirects here."""
    return {"path": request.path}


def away() -> ResponseReturnValue:
    """A redirect to an absolute URL of the app itself."""
    return redirect(url_for("bench.directory", _external=True))


def add(bp: Blueprint) -> None:
    """Add /upload, /echo/, /log, /dir/ and /redirect."""
    bp.add_url_rule("/upload", view_func=upload, methods=["POST"])
    for rule in ("/echo/", "/echo/<path:path>"):
        bp.add_url_rule(
            rule,
            view_func=echo,
            methods=METHODS,
            merge_slashes=False,
            provide_automatic_options=False,
        )
    bp.add_url_rule("/log", view_func=log)
    bp.add_url_rule("/dir/", view_func=directory)
    bp.add_url_rule("/redirect", view_func=away)
