"""Given the processes of the proxy, when they are judged, then a worker must not be root."""

from __future__ import annotations

import pytest

from grader.checks.process import proxy_workers_unprivileged
from grader.model import Outcome
from grader.probes.edge.proxy_workers import ProxyProcesses, Worker

MASTER = Worker("proxy", 1, "nginx", 0, master=True)


def worker(uid: int, service: str = "proxy") -> Worker:
    return Worker(service, 8, "nginx", uid, master=False)


@pytest.mark.parametrize(
    ("processes", "outcome"),
    (
        ((MASTER, worker(101)), Outcome.PASS),
        ((Worker("proxy", 1, "nginx", 101, master=True), worker(101)), Outcome.PASS),  # all unprivileged
        ((worker(1000),), Outcome.PASS),  # Caddy, Traefik
        ((worker(0),), Outcome.PASS),  # a single process: allowed, and said
        ((MASTER, worker(0)), Outcome.FAIL),  # `user root;`
        ((MASTER, worker(101), worker(0)), Outcome.FAIL),
        ((worker(0, "outer"), MASTER, worker(0)), Outcome.FAIL),  # two chained proxies
    ),
)
def test_no_worker_may_be_root(processes: tuple[Worker, ...], outcome: Outcome) -> None:
    assert proxy_workers_unprivileged.judge(ProxyProcesses(processes)).outcome is outcome


def test_a_single_process_that_is_root_is_named() -> None:
    assert "root" in proxy_workers_unprivileged.judge(ProxyProcesses((worker(0),))).because
