"""Whose processes face the clients."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.proxy_workers import ProxyProcesses, ProxyWorkers

ROOT = 0


@check(
    "process.proxy-workers-unprivileged",
    title="Proxy worker processes are not root",
    rule=f"No process of the proxy that works for clients has the user id {ROOT}; a master that only starts others may",
    weight=Weight.MAJOR,
    probe=ProxyWorkers(),
    needs=("proxy.proxy-in-front",),
    source="CIS Docker Benchmark 4.1; nginx docs, Core functionality, user",
    fix="look at the user that the proxy gives its workers",
)
def proxy_workers_unprivileged(seen: ProxyProcesses) -> Verdict:
    """The proxy reads what strangers send, so its workers are the first that a hole in it gives away. Only the master
    needs root, to open port 80 and to start workers that cannot."""
    workers = [process for process in seen.processes if not process.master]
    roots = [worker for worker in workers if worker.uid == ROOT]
    masters = {process.service for process in seen.processes if process.master}
    split = next((worker for worker in roots if worker.service in masters), None)
    if split is not None:
        return failed(
            f"{split.name} (process {split.pid} of {split.service}) works for clients as root",
            hint="which user does the configuration give the workers, and what if it names none?",
            reproduce=f"docker compose top {split.service}",
        )
    if roots:
        return passed(f"{roots[0].name} is a single process, and root: allowed, but a user of its own would be better")
    users = ", ".join(f"{worker.name} {worker.pid} is user {worker.uid}" for worker in workers)
    return passed(users or "the proxy has no workers")
