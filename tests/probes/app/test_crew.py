"""Who does the work is seen in processes and sockets: not in names, not in counts, and never in what was adopted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import pytest

from grader.model import Reason
from grader.probes.app.crew import crew, full, is_gone, members, reach, replaced, settled, supervised
from grader.probes.http import client_on
from grader.probes.topology import App, Apps, find_app
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import HOST, Address
from grader.stacks.values import Process, ServiceFacts, Socket, State
from tests.probes.service import SERVICE, process

MASTER = process(1, 0)
WORKERS = (process(8), process(9), process(10))
ADOPTED = process(30, argv=("sleep", "60"))  # an orphan: its parent is now the master, which is PID 1
SOCKET = Socket("0.0.0.0", 8000, "", (1, 8, 9, 10))


def app_of(processes: Iterable[Process], *sockets: Socket) -> App:
    app = find_app(SERVICE, tuple(processes), sockets or (SOCKET,), 0)
    assert app is not None
    return app


class Running:
    """A stack with one service and the processes that it is given."""

    def __init__(self, app: App, processes: Iterable[Process], service: ServiceFacts = SERVICE) -> None:
        self._app, self._processes, self._service = app, tuple(processes), service

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return (self._service,)

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        if not self._processes:
            raise CouldNotLook(Reason.UNREACHABLE, "the sidecar is gone")
        return self._processes

    def forget(self) -> None:
        """The processes that are asked for again are the same."""

    def ask(self, probe: object) -> object:
        return (self._app,) if isinstance(probe, Apps) else Address("127.0.0.1", 8080)


def running(app: App, *processes: Process, service: ServiceFacts = SERVICE) -> Stack:
    return cast("Stack", Running(app, processes, service))


APP = app_of((MASTER, *WORKERS))


def test_an_adopted_orphan_is_no_worker() -> None:
    assert app_of((MASTER, *WORKERS, ADOPTED)).workers == WORKERS
    now = crew(running(APP, MASTER, *WORKERS, ADOPTED), APP)
    assert now is not None
    assert now.members == members(WORKERS)


def test_a_single_process_is_its_own_worker_whatever_it_adopted() -> None:
    alone = app_of((MASTER, ADOPTED), Socket("0.0.0.0", 8000, "", (1,)))

    assert alone.workers == (MASTER,)
    with pytest.raises(NotApplicable, match="no master"):
        supervised(running(alone, MASTER))
    assert supervised(running(APP, MASTER, *WORKERS)) == APP


def test_workers_that_do_not_hold_the_socket_are_known_by_their_master_s_name() -> None:
    assert app_of((MASTER, *WORKERS, ADOPTED), Socket("0.0.0.0", 8000, "", (1,))).workers == WORKERS


@pytest.mark.parametrize(
    ("processes", "is_replaced"),
    (
        ((MASTER, *WORKERS), False),  # still there
        ((MASTER, *WORKERS[1:]), False),  # gone, and nobody new
        ((MASTER, *WORKERS[1:], process(20)), True),
        ((MASTER, process(8, started=99), *WORKERS[1:]), True),  # another process with the same pid
        ((MASTER, process(8, state="Z"), *WORKERS[1:]), False),  # dead, and not yet reaped
        ((MASTER, *WORKERS[1:], ADOPTED), False),  # as many below the master, but one does not serve
        ((process(1, 0, started=77), process(8), process(9), process(10)), False),  # a new server with old workers
        ((process(1, 0, started=77), process(21), process(22), process(23)), True),  # all of it was started again
        ((), False),  # the instance is down
    ),
)
def test_a_worker_is_replaced_when_it_is_gone_and_all_are_there_again(
    processes: tuple[Process, ...], is_replaced: bool
) -> None:
    now = replaced(running(APP, *processes), APP, members(WORKERS), WORKERS[0])

    assert (now is not None) is is_replaced


def test_a_server_that_never_settles_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.probes.app.crew.STEADY", 0.0)
    monkeypatch.setattr("grader.probes.app.crew.SETTLES", 0.0)
    late = process(20)

    with pytest.raises(CouldNotLook, match="came and went"):
        settled(running(APP, MASTER, *WORKERS, late))


def test_a_service_that_does_not_run_has_no_crew() -> None:
    stopped = running(APP, MASTER, *WORKERS, service=replace(SERVICE, state=State.EXITED))

    assert crew(stopped, APP) is None
    assert full(stopped, APP, members(WORKERS)) is None
    assert is_gone(stopped, APP, WORKERS[0]) is None  # nobody knows: it may come back


def test_the_app_is_spoken_to_from_a_place_that_outlives_it() -> None:
    beside = client_on("lab_default"), Address("172.18.0.2", 8000)
    through_the_edge = HOST, Address("127.0.0.1", 8080)

    assert reach(running(APP), APP) == beside
    on_a_socket = replace(APP, listening=(Socket("", 0, "/run/app.sock", (1,)),))
    assert reach(running(on_a_socket), on_a_socket) == through_the_edge
    on_loopback = replace(APP, listening=(Socket("127.0.0.1", 8000, "", (1,)),))
    assert reach(running(on_loopback), on_loopback) == through_the_edge
