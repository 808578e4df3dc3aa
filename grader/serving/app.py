"""The site with live checks in front of it, as a WSGI app that answers to nobody but its own pages.

Every request has to name this server's own Host, so no other site can reach it under a name of its own (DNS
rebinding). What is asked of /-/ has to come from its own pages. What starts or ends something needs the token of this
start as well, which only a page of this origin can read. Nothing here is ever allowed to other origins (no CORS).
"""

from __future__ import annotations

import hmac
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from grader.serving.board import Board, Message
from grader.serving.started import Started

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

STREAMS = 24  # open pages
BODY = 1024  # bytes
BEAT = 2.0  # seconds of silence, after which a stream says that it lives, and notices that the page is gone
RETRY = 300  # milliseconds; browsers drop connections when Docker adds a network, which is what stacks are about
PATIENCE = 0.5  # seconds between two looks whether the server ends
SERVED = "/assets/js/served.js"  # a module of the site, with another answer here
OWN = "same-origin"
FORBIDDEN, GONE = HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND


class Refused(Exception):
    """A request that is not answered: the status and a sentence."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class Live:
    """`alive` says whether the server goes on, `token` is new with every start.

    `records` is what the reader's own files say beside the checks: incidents, and the ladder.
    """

    def __init__(
        self,
        pages: WSGIApplication,
        board: Board,
        started: Started,
        *,
        port: int,
        token: str,
        alive: Callable[[], bool] = lambda: True,
        records: Callable[[], Message] = dict,
    ) -> None:
        self._pages, self._board, self._started = pages, board, started
        self._token, self._alive, self._records = token, alive, records
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
        self._places = threading.BoundedSemaphore(STREAMS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            self._own_host(environ)
            path = environ.get("PATH_INFO", "")
            if path == SERVED:
                self._own_page(environ)
                return _answer(start_response, "export const served = true;\n", "text/javascript")
            if not path.startswith("/-/"):
                return self._pages(environ, start_response)
            self._own_page(environ)
            return self._live(path, environ, start_response)
        except Refused as refused:
            return _answer(start_response, f"{refused}\n", "text/plain", refused.status)

    def _live(self, path: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if path in ("/-/events", "/-/records"):
            if method != "GET":
                raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "This address is for GET.")
            if path == "/-/records":
                return _answer(start_response, json.dumps(self._records()), "application/json")
            return self._events(start_response)
        if path not in ("/-/check", "/-/end"):
            raise Refused(GONE, "There is no such address here.")
        if method != "POST":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "This address is for POST.")
        self._own_action(environ)
        key = _key(environ)
        done = self._start(key) if path == "/-/check" else self._started.end(key)
        if not done:
            other = "A check is running in this workspace already."
            raise Refused(HTTPStatus.CONFLICT, other if path == "/-/check" else "No check that this page started runs.")
        return _answer(start_response, "{}\n", "application/json", HTTPStatus.ACCEPTED)

    def _start(self, key: str) -> bool:
        workspace = self._board.startable(key)
        if workspace is None:
            raise Refused(GONE, "There is no such workspace any more.")
        return self._started.start(key, *workspace)

    def _events(self, start_response: StartResponse) -> Iterable[bytes]:
        if not self._places.acquire(blocking=False):
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{STREAMS} pages are open already: close one.")
        _begin(start_response, HTTPStatus.OK, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
        return Stream(self._board, {"token": self._token}, self._alive, self._places.release)

    def _own_host(self, environ: WSGIEnvironment) -> None:
        if environ.get("HTTP_HOST", "") not in self._hosts:
            known = " or ".join(f"http://{host}/" for host in sorted(self._hosts))
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, f"This server answers as {known} only. Open one of these.")

    def _own_page(self, environ: WSGIEnvironment) -> None:
        """Browsers say where a request comes from; a page of another origin gets nothing."""
        origin = environ.get("HTTP_ORIGIN")
        foreign = origin is not None and origin != f"http://{environ['HTTP_HOST']}"
        if foreign or environ.get("HTTP_SEC_FETCH_SITE", OWN) not in (OWN, "none"):
            raise Refused(FORBIDDEN, "Only pages of this server may ask that.")

    def _own_action(self, environ: WSGIEnvironment) -> None:
        if environ.get("HTTP_ORIGIN") is None:
            raise Refused(FORBIDDEN, "An action has to say which page it comes from (Origin).")
        if not hmac.compare_digest(environ.get("HTTP_X_COURSE_TOKEN", "").encode(), self._token.encode()):
            raise Refused(FORBIDDEN, "The token is not that of this start of the server. Load the page again.")
        if environ.get("CONTENT_TYPE", "").partition(";")[0].strip() != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "An action is JSON.")


class Stream:
    """The events of one page, for as long as it listens; then a WSGI server calls `close`."""

    def __init__(
        self, board: Board, greeting: Message, alive: Callable[[], bool], on_close: Callable[[], None]
    ) -> None:
        self._board, self._alive, self._on_close = board, alive, on_close
        self._messages = board.open(greeting)
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        yield f"retry: {RETRY}\n\n".encode()
        spoke = time.monotonic()
        while self._alive():
            try:
                yield _event(self._messages.get(timeout=PATIENCE))
                spoke = time.monotonic()
            except queue.Empty:
                if not self._board.follows(self._messages):
                    return  # it fell behind: the page asks anew, and gets all of it
                if time.monotonic() - spoke >= BEAT:
                    spoke = time.monotonic()
                    yield b": still here\n\n"

    def close(self) -> None:
        if self._open:
            self._open = False
            self._board.close(self._messages)
            self._on_close()


def _event(message: Message) -> bytes:
    """One line, whatever the texts in it hold: JSON has no line breaks and nothing but ASCII."""
    return b"data: " + json.dumps(message).encode("ascii") + b"\n\n"


def _key(environ: WSGIEnvironment) -> str:
    """The workspace that the body of an action names: {"workspace": KEY}."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or "")
    except ValueError:
        raise Refused(HTTPStatus.LENGTH_REQUIRED, "Say how long the body is.") from None
    if not 0 <= length <= BODY:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {BODY} bytes.")
    try:
        body: Any = json.loads(environ["wsgi.input"].read(length))
        return str(body["workspace"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused(HTTPStatus.BAD_REQUEST, 'Write {"workspace": KEY}.') from None


def _answer(start_response: StartResponse, text: str, kind: str, status: HTTPStatus = HTTPStatus.OK) -> Iterable[bytes]:
    body = text.encode()
    more = [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    _begin(start_response, status, more)
    return [body]


def _begin(start_response: StartResponse, status: HTTPStatus, headers: list[tuple[str, str]]) -> None:
    own = [
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", OWN),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ]
    start_response(f"{status.value} {status.phrase}", [*headers, *own])
