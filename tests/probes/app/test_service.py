"""Given sockets and processes, when the app's own are looked at, then who can reach them and whose they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from grader.probes.app.service import Listener, Listens, Owners
from grader.probes.stack.entrance import Identify
from grader.probes.topology import App, Apps
from grader.stacks.base import Stack
from grader.stacks.values import Mount, ServiceFacts, Socket
from tests.probes.service import SERVICE, process

MASTER, WORKER = process(1, 0), process(7)
RUN = Mount("volume", "lab_run", "/run/app", writable=True)
PROXY = replace(SERVICE, id="face", service="proxy", name="lab-proxy-1")


class Beside:
    """A stack whose app has one socket; asking who answers at the edge is an error where that does not matter."""

    def __init__(self, socket: Socket, *others: ServiceFacts, mounts: tuple[Mount, ...] = (), reached: bool = False):
        self._service = replace(SERVICE, mounts=mounts)
        self._others, self._reached, self.asked = others, reached, 0
        self._app = App(self._service, MASTER, (MASTER, WORKER), (socket,), confirmed=True)

    def services(self) -> tuple[ServiceFacts, ...]:
        return (self._service, *self._others)

    def ask(self, probe: object) -> Any:
        if isinstance(probe, Identify):
            self.asked += 1
            return self
        assert isinstance(probe, Apps)
        return (self._app,)

    @property
    def reached(self) -> bool:
        return self._reached


def listener(stack: Beside) -> Listener:
    return Listens().ask(cast("Stack", stack)).listeners[0]


@pytest.mark.parametrize(
    ("address", "loopback"),
    (("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("172.18.0.2", False)),
)
def test_only_loopback_keeps_neighbours_out(address: str, loopback: bool) -> None:
    stack = Beside(Socket(address, 8000, "", (1, 7)))
    assert listener(stack).loopback is loopback
    assert stack.asked == loopback  # the edge is asked only where it can matter


@pytest.mark.parametrize(
    ("mounts", "sharers"),
    (
        ((RUN,), ("proxy",)),
        ((replace(RUN, target="/elsewhere"),), ("proxy",)),
        ((replace(RUN, source="lab_other"),), ()),
        ((), ()),
    ),
)
def test_a_unix_socket_is_shared_by_who_mounts_its_folder(mounts: tuple[Mount, ...], sharers: tuple[str, ...]) -> None:
    unix = Socket("", 0, "/run/app/app.sock", (1, 7))
    stack = Beside(unix, replace(PROXY, mounts=mounts), mounts=(RUN,))
    assert listener(stack).sharers == sharers


def test_loopback_is_fine_when_requests_arrive_all_the_same() -> None:
    stack = Beside(Socket("127.0.0.1", 8000, "", (1, 7)), reached=True)
    assert Listens().ask(cast("Stack", stack)).reached


def test_a_master_is_told_from_those_that_run_the_app() -> None:
    owned = Owners().ask(cast("Stack", Beside(Socket("0.0.0.0", 8000, "", (1, 7)))))
    assert [(one.pid, one.master) for one in owned] == [(1, True), (7, False)]
