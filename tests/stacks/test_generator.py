"""What runs in the load's sidecar: the slow client, the log of single requests, the control; and counted memory."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.stacks import generator
from grader.stacks.base import CouldNotLook
from grader.stacks.usage import held

VISIT = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Site(http.server.BaseHTTPRequestHandler):
    took: list[float]
    asked: threading.Event

    def do_GET(self) -> None:
        type(self).took.append(time.monotonic())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if len(type(self).took) == 2:
            type(self).asked.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Nothing."""


@pytest.fixture
def site() -> Iterator[tuple[str, int]]:
    Site.took, Site.asked = [], threading.Event()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield "127.0.0.1", server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_slow_client_sends_byte_by_byte_again_and_again(site: tuple[str, int]) -> None:
    begun = time.monotonic()
    slow = generator._Slow(*site, VISIT, 0.2)
    slow.start()
    assert Site.asked.wait(20)
    slow.over.set()
    slow.join(20)
    assert Site.took[0] - begun >= 0.2
    assert (slow.visits >= 1, slow.broken) == (True, 0)


def test_a_slow_client_that_nobody_answers_says_so() -> None:
    slow = generator._Slow("127.0.0.1", 1, VISIT, 0.01)
    slow.start()
    while not slow.broken:
        assert slow.is_alive()
        time.sleep(0.01)
    slow.over.set()
    slow.join(20)
    assert slow.visits == slow.broken


def test_a_slow_client_that_never_started_is_not_waited_for() -> None:
    generator._Slow("127.0.0.1", 1, VISIT, 0.0).join_if_started()


def test_the_log_of_single_requests_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("1795900490968056\t200\t1046054\n1795900490968061\t-1\t3\n")
    assert generator._rows(str(log)) == [[200, 1046054], [-1, 3]]
    assert generator._rows(str(tmp_path / "none")) == []


def test_the_control_is_a_share_of_the_cores() -> None:
    assert 0.0 < generator.spin(0.05) <= 1.0


@pytest.mark.parametrize(
    ("counted", "is_"),
    (
        ({"usage": 100, "stats": {"total_inactive_file": 30, "inactive_file": 10}}, 70),  # cgroup v1
        ({"usage": 100, "stats": {"inactive_file": 10}}, 90),  # cgroup v2
        ({"usage": 100}, 100),
        ({"usage": 5, "stats": {"inactive_file": 10}}, 0),
    ),
)
def test_memory_is_counted_without_the_cache_of_files(counted: dict[str, object], is_: int) -> None:
    assert held(counted) == is_


def test_the_memory_of_a_container_that_ended_is_no_zero() -> None:
    with pytest.raises(CouldNotLook, match="has ended"):
        held({})
