"""Serves the built site: a WSGI app of static files, and the settings of the Gunicorn in front of it.

`gunicorn --config python:grader.site grader.site:app` serves the folder `site` of the project, or SITE_DIR.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.headers import Headers
    from wsgiref.types import StartResponse, WSGIEnvironment

FOLDER = Path(os.environ.get("SITE_DIR") or Path(__file__).resolve().parents[1] / "site")

# --- Gunicorn -------------------------------------------------------------------------------------------------------

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = 2
threads = 4
timeout = 10
graceful_timeout = 8
max_requests = 500
max_requests_jitter = 50
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not a shared temporary file
control_socket_disable = True

# --- the app --------------------------------------------------------------------------------------------------------


def not_found(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The site's own 404 page for whatever is no file of it."""
    page = FOLDER / "404.html"
    body = page.read_bytes() if page.is_file() else b"Not found."
    start_response("404 Not Found", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def keep_assets(headers: Headers, path: str, url: str) -> None:
    """Pages are asked for anew, so that an update is seen; what they are made of is kept for an hour."""
    headers["Cache-Control"] = "no-cache" if path.endswith(".html") else "max-age=3600, public"


app = WhiteNoise(not_found, root=str(FOLDER), index_file=True, add_headers_function=keep_assets)
