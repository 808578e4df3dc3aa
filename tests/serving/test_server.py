"""`grader serve` as it is started: behind a real Gunicorn, on this machine only, until it is ended."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from grader.catalog import CourseError
from grader.checking import ENDING
from grader.serving import server as servers
from grader.serving.app import STREAMS
from tests.site.serving import Server


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<h1>Home</h1>")
    (folder / "404.html").write_text("<h1>Lost</h1>")
    return folder


@pytest.fixture(scope="module")
def server(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(pages, tmp_path_factory.mktemp("state"))
    yield started
    started.stop()


def asked(server: Server, path: str, host: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{server.port}", "Connection": "close"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def opened(server: Server) -> tuple[socket.socket, dict[str, Any] | int]:
    """A stream of events, and the first message in it; the status where it is refused."""
    own = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    own.sendall(f"GET /-/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    got = b""
    while b"data: " not in got or not got.endswith(b"\n\n\r\n"):
        got += own.recv(65_536)
        if not got.startswith(b"HTTP/1.1 200"):
            return own, int(got.split()[1])
    return own, json.loads(got.partition(b"data: ")[2].partition(b"\n")[0])


def test_the_site_is_served_to_its_own_host_only(server: Server) -> None:
    assert asked(server, "/") == (200, "<h1>Home</h1>")
    assert asked(server, "/nothing/") == (404, "<h1>Lost</h1>")
    assert asked(server, "/", host="evil.example")[0] == 421


def test_it_listens_on_this_machine_only(server: Server) -> None:
    for address in {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
        if not str(address).startswith("127."):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((str(address), server.port), timeout=5)


def test_a_page_that_was_closed_makes_room_for_another(server: Server) -> None:
    streams = [opened(server) for _ in range(STREAMS)]
    assert all(isinstance(first, dict) for _, first in streams)
    full, status = opened(server)
    assert status == 503
    assert asked(server, "/")[0] == 200  # pages still come
    full.close()

    streams[0][0].close()
    until = time.monotonic() + 20
    own, first = opened(server)
    while first == 503 and time.monotonic() < until:
        own.close()
        time.sleep(0.2)  # it notices at its next word to the closed page; asking all the time would only keep it busy
        own, first = opened(server)
    assert isinstance(first, dict)
    for stream in (own, *(stream for stream, _ in streams[1:])):
        stream.close()
    server.stop()  # the next test finds every place free
    server.start()


@pytest.mark.parametrize("how", (signal.SIGINT, signal.SIGTERM))
def test_it_ends_quickly_as_soon_as_it_has_said_where_it_is(server: Server, how: signal.Signals) -> None:
    server.stop()
    server.start()
    began = time.monotonic()
    code, took = server.stop(how), time.monotonic() - began
    server.start()

    assert code == 0
    assert took < ENDING  # only after that is a server given up that does not end by itself


@pytest.mark.parametrize("how", (signal.SIGINT, signal.SIGQUIT))
def test_a_signal_that_comes_while_a_request_is_given_to_a_thread_is_heard(how: signal.Signals) -> None:
    """The thread pool is locked then, by the very thread that the signal interrupts."""
    own = servers.listening(0)
    served = servers.Server(own, lambda: None)
    worker = ThreadWorker(1, os.getppid(), [own], served, 30, served.cfg, Logger(served.cfg))
    worker.tpool = worker.get_thread_pool()
    worker.method_queue.init()
    numbers = (signal.SIGALRM, signal.SIGINT, signal.SIGQUIT)
    before = [signal.signal(number, worker.handle_quit) for number in numbers]

    def waited(number: int, frame: object) -> None:
        raise TimeoutError("the signal waits for what it has interrupted")

    try:
        served._begun(worker)
        signal.signal(signal.SIGALRM, waited)
        signal.setitimer(signal.ITIMER_REAL, 10)
        with worker.tpool._shutdown_lock:
            os.kill(os.getpid(), how)
        assert not worker.alive
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        worker.method_queue.close()
        worker.tmp.close()
        own.close()


@pytest.mark.parametrize("how", (signal.SIGINT, signal.SIGTERM))
def test_an_open_stream_ends_with_the_server(server: Server, how: signal.Signals) -> None:
    own, first = opened(server)
    assert isinstance(first, dict)
    began = time.monotonic()
    code, took = server.stop(how), time.monotonic() - began
    while own.recv(65_536):
        pass
    own.close()
    server.start()
    assert code == 0
    assert took < ENDING


def test_a_token_is_new_with_every_start(server: Server) -> None:
    def token() -> str:
        own, first = opened(server)
        own.close()
        assert isinstance(first, dict)
        return str(first["token"])

    before = token()
    server.stop()
    server.start()

    assert token() != before


def test_a_port_that_is_taken_is_named_with_another(server: Server) -> None:
    with pytest.raises(CourseError, match=rf"port {server.port} .* grader serve --port {server.port + 1}"):
        servers.listening(server.port)


def test_without_a_built_site_the_next_action_is_said(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="no built site there; `make site` builds it"):
        servers.built(tmp_path / "site", tmp_path)


def test_a_site_that_is_older_than_its_sources_is_said_to_be(pages: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/live.md").write_text("new")
    (tmp_path / "mkdocs.yml").write_text("old")
    os.utime(tmp_path / "mkdocs.yml", (1, 1))
    os.utime(pages / "index.html", (100, 100))
    assert "older than docs/live.md: `make site`" in servers.built(pages, tmp_path)

    os.utime(tmp_path / "docs/live.md", (99, 99))
    assert servers.built(pages, tmp_path) == ""
