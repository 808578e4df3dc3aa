"""A real server with a real app behind the Stack protocol: no container, but every byte goes over a socket."""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any, TypeVar, cast

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from grader.model import Probe, Role
from grader.probes.http import Entry
from grader.probes.topology import App, Apps
from grader.stacks.base import BODY_CAP, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.exchange import exchange
from grader.stacks.memo import Memo
from grader.stacks.values import ServiceFacts, Socket
from tests.probes.service import SERVICE, process

E = TypeVar("E")
ROOT = Path(__file__).parents[2]
LAYERS = ("labs/app", "labs/lab1-flask-run", "solutions/lab1-flask-run")
OURS = ("pinboard", "bench", "wsgi", "logging_config")


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Says nothing: a test is no place for an access log."""


class Lines(logging.Handler):
    """Keeps what an app logs, where the probe looks for the log of its container."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record) + "\n"


class Local:
    """One service, `app`, whose port is also the edge."""

    project, workspace = "lab", None

    def __init__(self, port: int, log: Lines) -> None:
        self.settings = Settings()
        self._to, self._log, self._memo = Address("127.0.0.1", port), log, Memo()

    def ask(self, probe: Probe[E]) -> E:
        if isinstance(probe, Entry):
            return cast("E", self._to)
        if isinstance(probe, Apps):
            server = process(7)
            app = App(SERVICE, server, (server,), (Socket("127.0.0.1", self._to.port, "", (7,)),), confirmed=True)
            return cast("E", (app,))
        return self._memo.once(cast("Any", probe), lambda: probe.ask(self))

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", ("app",), ""), Role("app", ("app",), ""))

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return (SERVICE,)

    def logs(self, service: ServiceFacts, since: float) -> bytes:
        return self._log.text.encode()

    def exchange(
        self,
        via: Vantage,
        to: Address,
        data: bytes,
        *,
        seconds: float = 10.0,
        cap: int = BODY_CAP,
        head_only: bool = False,
    ) -> Exchange:
        return Exchange(**exchange(to.host, to.port, data, seconds, cap, head_only, to.tls))


@contextmanager
def served(wsgi: Callable[..., Any], logger: logging.Logger | None = None) -> Iterator[Stack]:
    """Serves an app on a free port of 127.0.0.1 for as long as the block runs."""
    lines = Lines()
    propagated = logger is not None and logger.propagate
    if logger is not None:
        logger.addHandler(lines)
        logger.propagate = False
    server = make_server("127.0.0.1", 0, wsgi, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield cast("Stack", Local(server.server_port, lines))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        if logger is not None:  # apps of other tests have the same name, and so the same logger
            logger.removeHandler(lines)
            logger.propagate = propagated


def lay_out(folder: Path, layers: tuple[str, ...] = LAYERS) -> Path:
    """Lays a workspace out below `folder`, of lab 1's reference solution if nothing else is said; returns `folder`."""
    for layer in layers:
        copytree(ROOT / layer, folder / "workspace", dirs_exist_ok=True)
    return folder


@contextmanager
def pinboard(folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Iterator[Flask]:
    """Pinboard, imported afresh from what `lay_out` made."""
    for name, value in {"PINBOARD_DATA": str(folder / "data"), "PINBOARD_BENCH": "1", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(folder / "workspace"))
    _forget()
    try:
        yield importlib.import_module("wsgi").app
    finally:
        _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
