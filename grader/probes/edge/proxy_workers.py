"""Whose processes speak to clients at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, in_role
from grader.probes.topology import ancestors, below
from grader.stacks.arrivals import doors
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import Process, ServiceFacts, Sockets


@dataclass(frozen=True, slots=True)
class Worker:
    """A process of the proxy. `uid` is its effective user inside the container; `master` when it only starts others."""

    service: str
    pid: int
    name: str
    uid: int
    master: bool


@dataclass(frozen=True, slots=True)
class ProxyProcesses:
    processes: tuple[Worker, ...]


@dataclass(frozen=True)
class ProxyWorkers(Probe[ProxyProcesses]):
    """The processes behind the published ports of the edge: masters that only start others, and those that work."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> ProxyProcesses:
        found: list[Worker] = []
        for service in in_role(stack, "edge"):
            ports = frozenset(door.port for door in doors(stack, service))
            found += crew_of(service, stack.processes(service), stack.sockets(service), ports)
        if not found:
            raise CouldNotLook(Reason.UNREACHABLE, "no process holds a published port of the edge")
        return ProxyProcesses(tuple(found))


def crew_of(
    service: ServiceFacts, processes: tuple[Process, ...], sockets: Sockets, ports: frozenset[int]
) -> list[Worker]:
    """Who holds the published `ports`, and their workers below.

    A worker can be handed connections without holding the socket: then it has its master's name, or a client. What else
    a server's first process has started, such as a script that watches a file, works for nobody outside.
    """
    by_pid = {process.pid: process for process in processes}
    holders = {by_pid[pid] for s in sockets.listening if s.port in ports for pid in s.pids if pid in by_pid}
    tops = {holder for holder in holders if not set(ancestors(holder, by_pid)) & {other.pid for other in holders}}
    busy = {pid for connection in sockets.established if connection.port in ports for pid in connection.pids}
    children = {(top, child) for top in tops for child in below(top, processes)}
    crew = {*holders, *(child for top, child in children if child.name == top.name or child.pid in busy)}
    return [
        Worker(service.service, one.pid, one.name, one.uid, one in tops and bool(below(one, processes)))
        for one in sorted(crew, key=lambda process: process.pid)
        if one.state != "Z"
    ]
