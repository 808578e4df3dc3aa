"""Given ports that lead somewhere, when they are tried, then only one that connects to the app is a side door."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from grader.probes.edge import sidedoors
from grader.probes.edge.sidedoors import host_addresses, reaches
from grader.probes.topology import App
from grader.stacks.base import Stack
from grader.stacks.dealings import Address
from grader.stacks.values import Connection, ServiceFacts, Socket, Sockets
from tests.probes.absences import MASTER, Absent, facts


class Listener:
    """A port of this machine. What connects to it is, or is not, what the app's instance sees arriving."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.accepted: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.accepted.append(self.server.accept()[0])
            except OSError:  # closed: the test is over
                return

    def peers(self) -> list[str]:
        """Who is connected and has not hung up."""
        return [f"peer:{number}" for number, one in enumerate(list(self.accepted)) if not _closed(one)]

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for one in self.accepted:
            one.close()


def _closed(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False


class Seen(Absent):
    def __init__(self, listener: Listener, *, direct: bool, visitors: int = 0) -> None:
        super().__init__()
        self._listener, self._direct, self._visitors = listener, direct, visitors

    def sockets(self, service: ServiceFacts) -> Sockets:
        peers = self._listener.peers() if self._direct else []
        peers += [f"visitor:{number}" for number in range(self._visitors)]
        return Sockets((), tuple(Connection("172.18.0.2", 8000, peer, (1,)) for peer in peers))


@pytest.fixture
def listener() -> Iterator[Listener]:
    there = Listener()
    yield there
    there.close()


@pytest.mark.parametrize(
    ("direct", "visitors", "expected"),
    (
        (True, 0, True),
        (True, 3, True),  # others are connected to the app too
        (False, 0, False),  # a proxy, or another service: nothing arrives before a request
        (False, sidedoors.HELD, False),  # connections that stay are the proxy's own
    ),
)
def test_a_door_is_direct_when_connections_arrive_at_the_app_and_leave_with_us(
    listener: Listener, direct: bool, visitors: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen(listener, direct=direct, visitors=visitors)
    monkeypatch.setattr(sidedoors, "ARRIVE", 1.0 if expected else 0.1)
    assert reaches(cast("Stack", seen), (seen.app(),), Address("127.0.0.1", listener.port)) is expected


def test_a_port_that_nobody_listens_on_is_no_door(listener: Listener) -> None:
    seen = Seen(listener, direct=True)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert not reaches(cast("Stack", seen), (seen.app(),), Address("127.0.0.1", port))


def test_a_server_on_the_hosts_network_is_tried_where_it_is_bound_or_everywhere() -> None:
    stack = Absent().stack
    assert host_addresses(stack, "192.0.2.7") == ("192.0.2.7",)
    assert host_addresses(stack, "0.0.0.0")[-1] == "172.18.0.1"  # the host, as the stack's network sees it


def test_loopback_on_the_hosts_network_is_no_door() -> None:
    app = App(
        replace(facts("app", ""), network_mode="host"),
        MASTER,
        (MASTER,),
        (Socket("127.0.0.1", 8000, "", (1,)),),
        confirmed=True,
    )
    assert sidedoors._on_host(Absent().stack, (app,)) == ()
