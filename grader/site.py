"""Serves the built site: a WSGI app of static files, and the settings of the Gunicorn in front of it.

`gunicorn --config python:grader.site grader.site:app` serves the folder `site` of the project, or SITE_DIR.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
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
    text = page.read_text(encoding="utf-8") if page.is_file() else "Not found."
    body = text.encode()
    kind, length = ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))
    start_response("404 Not Found", [kind, length, ("Content-Security-Policy", policy(text))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def policy(page: str) -> str:
    """What a page may load: from its own origin only, and of scripts within it those that were built into it."""
    digests = {hashlib.sha256(script.encode()).digest() for script in INLINE.findall(page)}
    known = " ".join(sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))
    return (
        f"default-src 'self'; script-src 'self' {known}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def guard(headers: Headers, path: str, url: str) -> None:
    """Pages are asked for anew, so that an update is seen; what they are made of is kept for an hour."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    if path.endswith(".html"):
        headers["Cache-Control"] = "no-cache"
        headers["Content-Security-Policy"] = policy(Path(path).read_text(encoding="utf-8"))
    else:
        headers["Cache-Control"] = "max-age=3600, public"


def served(folder: Path) -> WhiteNoise:
    """The files of a built site; no other origin may read them."""
    return WhiteNoise(not_found, root=str(folder), index_file=True, add_headers_function=guard, allow_all_origins=False)


app = served(FOLDER) if FOLDER.is_dir() else not_found
