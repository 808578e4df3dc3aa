"""Given sockets and processes, when the edge's ports are looked at, then it is known who holds them."""

from __future__ import annotations

import pytest

from grader.probes.edge.proxy_workers import crew_of
from grader.stacks.values import Connection, Process, Published, ServiceFacts, Socket, Sockets, State

EDGE = ServiceFacts(
    "1", "proxy", "p-1", "h", State.RUNNING, 0, 0, False, 0.0, "", "no", "", (), "i", "i", "SIGTERM", 10, "n",
    (Published("0.0.0.0", 8080, 80),), (), (), 0, 0, False, False, False, (), (), False,
)  # fmt: skip


def process(pid: int, ppid: int, uid: int, name: str = "nginx", state: str = "S") -> Process:
    return Process(pid, ppid, state, 1, pid * 10, uid, name, (name,))


def holding(*pids: int, port: int = 80) -> Sockets:
    return Sockets((Socket("0.0.0.0", port, "", pids),), ())


@pytest.mark.parametrize(
    ("processes", "sockets", "expected"),
    (
        # nginx: a master that is root, workers that are not
        ((process(1, 0, 0), process(8, 1, 101)), holding(1, 8), ((1, True), (8, False))),
        # a worker that holds no listening socket works for clients all the same
        ((process(1, 0, 0), process(8, 1, 0)), holding(1), ((1, True), (8, False))),
        # one process
        ((process(1, 0, 1000, "caddy"),), holding(1), ((1, False),)),
        # supervisord and the app beside nginx are not the proxy
        (
            (process(1, 0, 0, "supervisord"), process(5, 1, 0), process(6, 5, 33), process(9, 1, 10001, "gunicorn")),
            holding(5, 6),
            ((5, True), (6, False)),
        ),
        # a dead worker that nobody has reaped works for nobody
        ((process(1, 0, 0), process(8, 1, 0, state="Z")), holding(1), ((1, True),)),
        # a script that the image's entry point started is below nginx, too
        (
            (process(1, 0, 0), process(8, 1, 101), process(20, 1, 0, "40-watch.sh")),
            holding(1, 8),
            ((1, True), (8, False)),
        ),
        # one that has a client works for it, whatever it is called and wherever the socket is
        (
            (process(1, 0, 0, "front"), process(8, 1, 33, "back")),
            Sockets(holding(1).listening, (Connection("172.18.0.3", 80, "172.18.0.1:4711", (8,)),)),
            ((1, True), (8, False)),
        ),
        # another port than the published one
        ((process(1, 0, 0),), holding(1, port=9000), ()),
    ),
)
def test_the_proxy_is_who_holds_the_published_ports_and_all_below(
    processes: tuple[Process, ...], sockets: Sockets, expected: tuple[tuple[int, bool], ...]
) -> None:
    assert (
        tuple((worker.pid, worker.master) for worker in crew_of(EDGE, processes, sockets, frozenset({80}))) == expected
    )


def test_two_published_ports_have_two_masters() -> None:
    ports = frozenset({80, 443})
    processes = (process(1, 0, 0), process(8, 1, 101), process(20, 0, 0), process(28, 20, 101))
    sockets = Sockets((*holding(1, 8).listening, *holding(20, 28, port=443).listening), ())
    assert [worker.pid for worker in crew_of(EDGE, processes, sockets, ports) if worker.master] == [1, 20]
