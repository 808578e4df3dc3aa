"""Gunicorn with one process in front of the live site: what runs say is kept in memory, so one process has to know all.

The settings are those of grader/site.py, but for what an open stream of events changes: it holds a thread for as long
as the page is open, and it must not be cut off by a worker that is replaced after so many requests.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from grader import events, incidents, ladder, site
from grader.catalog import CourseError, load, root
from grader.checking import ENDING
from grader.ladder import LadderError
from grader.serving.app import STREAMS, Live
from grader.serving.board import Board, Message
from grader.serving.started import Started

ADDRESS = "127.0.0.1"
SPARE = 8  # threads beside those that streams hold
SOURCES = ("docs", "labs", "solutions", "mkdocs.yml")  # what the site is built from


def listening(port: int) -> socket.socket:
    """A socket on this machine only; CourseError when the port is taken. Port 0 takes a free one."""
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        own.bind((ADDRESS, port))
        own.listen(64)
    except OSError as trouble:
        own.close()
        raise CourseError(
            f"port {port} of {ADDRESS} cannot be had ({trouble.strerror}); take another: grader serve --port {port + 1}"
        ) from trouble
    return own


def built(folder: Path, base: Path) -> str:
    """CourseError without a built site; a note when its sources are newer, else ""."""
    index = folder / "index.html"
    if not index.is_file():
        raise CourseError(f"{folder}: no built site there; `make site` builds it")
    made = index.stat().st_mtime
    for name in SOURCES:
        path = base / name
        for source in path.rglob("*") if path.is_dir() else [path]:
            if source.is_file() and "__pycache__" not in source.parts and source.stat().st_mtime > made:
                return f"The site is older than {source.relative_to(base)}: `make site` builds it anew.\n"
    return ""


def records(work: Path) -> Message:
    """What lies beside the workspaces, for the pages. What cannot be read is passed over: its own command says why."""
    found: Message = {}
    with suppress(CourseError):
        found["incidents"] = [incidents.as_data(record) for record in incidents.records(work)]
    with suppress(LadderError):
        found["ladder"] = json.loads(ladder.written(ladder.read(work / ladder.FILE)))
    return found


class Server(BaseApplication):  # type: ignore[misc]  # Gunicorn ships no types
    """Runs until it is ended; then ends what it started. `on_ready` is called once, when it answers.

    Not before: a signal that comes while Gunicorn starts its worker is lost, and the end would wait for a long time.
    """

    def __init__(self, own: socket.socket, on_ready: Callable[[], None]) -> None:
        self._own, self._on_ready = own, on_ready
        self._labs = tuple(lab.id for lab in load().labs)
        self._port = int(own.getsockname()[1])
        self._token = secrets.token_urlsafe(24)
        self._started: Started | None = None
        self._alive: Callable[[], bool] = lambda: True
        super().__init__()

    def load_config(self) -> None:
        for name in self.cfg.settings:
            if hasattr(site, name):
                self.cfg.set(name, getattr(site, name))
        self.cfg.set("bind", f"fd://{self._own.fileno()}")
        self.cfg.set("workers", 1)
        self.cfg.set("threads", STREAMS + SPARE)
        self.cfg.set("max_requests", 0)
        self.cfg.set("max_requests_jitter", 0)
        self.cfg.set("timeout", 60)  # nobody waits behind this one process, and a busy laptop may stand still for long
        self.cfg.set("graceful_timeout", int(ENDING) + 5)  # a check that is ended puts its stack back
        self.cfg.set("loglevel", "warning")
        self.cfg.set("post_worker_init", self._begun)
        self.cfg.set("worker_exit", self._ended)

    def load(self) -> Live:
        """In the worker: the app, and the thread that reads what runs say."""
        board = Board(root(), events.folder(), self._labs)
        board.look()
        threading.Thread(target=board.watch, args=(threading.Event(),), daemon=True).start()
        self._started = Started(board.pressed)
        return Live(
            site.served(site.FOLDER),
            board,
            self._started,
            port=self._port,
            token=self._token,
            alive=lambda: self._alive(),
            records=lambda: records(root() / "work"),
        )

    def _begun(self, worker: Any) -> None:
        for number in (signal.SIGINT, signal.SIGQUIT):
            # Gunicorn's own handler takes a lock of the thread pool. A signal that comes while a request is given to
            # the pool finds it taken, by the very thread that it interrupts, and waits until `graceful_timeout`.
            signal.signal(number, worker.handle_exit)
        parent = os.getppid()
        self._alive = lambda: bool(worker.alive) and os.getppid() == parent
        if worker.age == 1:  # the first one, and not what took its place
            self._on_ready()

    def _ended(self, arbiter: object, worker: Any) -> None:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a terminal tells this process, and then Gunicorn tells it again
        if self._started is not None and self._started.any():
            worker.log.warning("Ending the check that a page started: it puts its stack back first.")
            self._started.end_all()
