"""Given the program that a sidecar is sent, when it runs as it does there, then it answers whatever it is asked."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from grader.stacks import agent
from grader.stacks.agent import AT_ONCE
from grader.stacks.dealings import Address
from grader.stacks.sidecar import LOADER, PIDS, program
from tests.probes.listening import NAME, head_of, listening, server_context
from tests.probes.site import response


class Talk:
    """A conversation with a sidecar's program, as grader.stacks.sidecar leads it through the engine."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-u", "-c", LOADER]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._say(program())

    def _say(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def ask(self, number: int, op: str, **args: object) -> None:
        self._say(json.dumps({"id": number, "op": op, "args": args}).encode() + b"\n")

    def reply(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def exchange(self, number: int, to: Address) -> None:
        data = base64.b64encode(b"GET / HTTP/1.1\r\n\r\n").decode()
        place = {"address": to.host, "port": to.port, "tls": to.tls}
        self.ask(number, "exchange", **place, data=data, seconds=60.0, cap=2**16, head_only=False)


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    with talk.process:
        yield talk
        assert talk.process.stdin is not None
        talk.process.stdin.close()  # an agent ends with its input
        assert talk.process.wait(10) == 0


@pytest.mark.parametrize("tls", (False, True))
def test_the_program_makes_exchanges_with_nothing_but_python(talk: Talk, tls: bool) -> None:
    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(response(200, b"hello"))

    with listening(serve, tls=server_context() if tls else None) as to:
        talk.exchange(7, to)
        answer = talk.reply()
    assert answer["id"] == 7
    assert base64.b64decode(answer["value"]["raw"]) == response(200, b"hello")
    assert answer["value"]["tls"] == ("TLSv1.3" if to.tls == NAME else "")


def test_what_cannot_be_done_is_an_answer_too(talk: Talk) -> None:
    talk.ask(1, "fly")
    assert talk.reply() == {"id": 1, "error": "KeyError: 'fly'"}


def test_more_requests_than_a_sidecar_may_have_threads_wait_for_their_turn(talk: Talk) -> None:
    """A stack that stands still must not take the sidecar down with it: then nobody could say so."""
    many, over = AT_ONCE + 40, threading.Event()

    def serve(connection: socket.socket) -> None:
        head_of(connection)
        over.wait(60)
        connection.sendall(response(204))

    assert AT_ONCE < PIDS
    with listening(serve) as to:
        for number in range(many):
            talk.exchange(number, to)
        over.set()
        replies = [talk.reply() for _ in range(many)]
    assert {answer["id"] for answer in replies} == set(range(many))
    assert all(base64.b64decode(answer["value"]["raw"]) == response(204) for answer in replies)


def test_it_tells_how_long_processes_have_worked(talk: Talk) -> None:
    talk.ask(1, "worked", pids=[os.getpid(), 2**22])  # the second is no process
    before = talk.reply()["value"]
    deadline = time.process_time() + 0.2
    while time.process_time() < deadline:
        pass
    talk.ask(2, "worked", pids=[os.getpid()])

    assert talk.reply()["value"] - before >= 0.1 * os.sysconf("SC_CLK_TCK")


def test_of_a_table_that_is_cut_off_only_whole_rows_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site with many visitors has thousands of connections that are over and still in the table."""
    with socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0)):
        row = 150  # characters of one, as the kernel writes it
        for cap in range(row, 3 * row, 7):
            monkeypatch.setattr(agent, "FILE_CAP", cap // 4)
            assert {len(columns) >= 10 for columns in agent.table("tcp")} <= {True}
        monkeypatch.setattr(agent, "FILE_CAP", 10 * row)
        assert agent.table("tcp")
