"""What disturbs a stack: stop, freeze, signal, crash, each undone by the journal whatever happens in between."""

from __future__ import annotations

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import docker
from docker.errors import APIError, DockerException

from grader.model import Reason
from grader.stacks import sidecar
from grader.stacks.base import CouldNotLook
from grader.stacks.dealings import Stopped, Undo
from grader.stacks.engine import gone
from grader.stacks.facts import service_facts
from grader.stacks.journal import Journal
from grader.stacks.values import Process, ServiceFacts, State

CALL = 15.0  # seconds that a sidecar's small operations may take
REPAIRED = 30.0  # seconds that a service is given to become healthy again


class Faults(ABC):
    """The disturbing half of a Compose stack."""

    project: str

    def __init__(self, api: docker.APIClient, journal: Journal) -> None:
        self._api = api
        self.journal = journal
        self._ended = False

    @abstractmethod
    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]: ...

    @abstractmethod
    def inside(self, service: ServiceFacts, op: str, **args: object) -> Any: ...

    def signal(self, service: ServiceFacts, process: Process, number: int) -> bool:
        self._refuse_when_ended()
        # Never through the engine: `docker kill --signal` cancels the container's restart policy (moby 11065).
        if process.pid == 1 and number in (signal.SIGKILL, signal.SIGSTOP):  # ignored when sent from its own namespace
            self._signal_first(service, number)
            return True
        return bool(self.inside(service, "send_signal", pid=process.pid, started=process.started, signal=int(number)))

    def crash(self, service: ServiceFacts) -> None:
        self._refuse_when_ended()
        self._signal_first(service, signal.SIGKILL)

    def kill_from_outside(self, service: ServiceFacts, pid: int) -> None:
        """SIGKILLs a process of a service by the pid that it has on the engine's own machine."""
        self._signal_from_outside(service, pid, signal.SIGKILL)

    def _signal_first(self, service: ServiceFacts, number: int) -> None:
        self._signal_from_outside(service, self._api.inspect_container(service.id)["State"]["Pid"], number)

    def _signal_from_outside(self, service: ServiceFacts, pid: int, number: int) -> None:
        outside = sidecar.host_pids(self._api, self.project)
        try:
            if service.id not in str(outside.call("proc_text", CALL, pid=pid, name="cgroup")):
                raise CouldNotLook(Reason.NO_PERMISSION, f"process {pid} is not in the container of {service.service}")
            outside.call("send_signal", CALL, pid=pid, started=0, signal=int(number))
        finally:
            outside.close()

    def stop(self, service: ServiceFacts, grace: int | None = None) -> Stopped:
        allowed = service.stop_grace if grace is None else grace
        begun = time.monotonic()
        self._engine(lambda: self._api.stop(service.id, timeout=allowed))
        seconds = time.monotonic() - begun
        return Stopped(self._api.inspect_container(service.id)["State"]["ExitCode"], seconds)

    def start(self, service: ServiceFacts) -> None:
        self._engine(lambda: self._api.start(service.id))

    def pause(self, service: ServiceFacts) -> None:
        self._engine(lambda: self._api.pause(service.id))

    def unpause(self, service: ServiceFacts) -> None:
        self._engine(lambda: self._api.unpause(service.id))

    def wait_ready(self, service: ServiceFacts, seconds: float = 60.0) -> ServiceFacts:
        deadline = time.monotonic() + seconds
        while True:
            now = next((fact for fact in self.services(fresh=True) if fact.id == service.id), None)
            if now is None:
                raise CouldNotLook(Reason.UNREACHABLE, f"{service.service} was removed while it was being looked at")
            if now.running and now.health in ("", "healthy"):
                return now
            if time.monotonic() > deadline:
                seen = f"{now.state.value} {now.health}".strip()
                raise CouldNotLook(Reason.TIMED_OUT, f"{service.service} is {seen} after {seconds:.0f} s")
            time.sleep(0.1)

    @contextmanager
    def disturbing(self, undo: Undo) -> Iterator[None]:
        self._refuse_when_ended()
        with self.journal.holding(undo, self.carry_out):
            yield

    def restore(self) -> None:
        self._ended = True
        self.repair()

    def repair(self) -> tuple[Undo, ...]:
        """Carries out everything that is open in the journal, the newest first; returns what was undone.

        Waits for the services it touched: one that was frozen is unhealthy until its next health check. One that does
        not come back is left to the next look at the stack, which will say so.
        """
        entries = self.journal.open_entries()
        for undo in reversed(entries):
            self.carry_out(undo)
            self.journal.strike(undo)
        touched = {undo.service for undo in entries}
        for service in self.services(fresh=True):
            if service.id in touched:
                with suppress(CouldNotLook):
                    self.wait_ready(service, REPAIRED)
        return entries

    def carry_out(self, undo: Undo) -> None:
        """Undoes one disturbance; what is as it was already, or gone for good, is no error."""
        try:
            raw = self._api.inspect_container(undo.service)
        except docker.errors.NotFound:
            return
        state = raw["State"]["Status"]
        fact = service_facts(raw, {}, frozenset())
        if undo.action == "unpause" and state == State.PAUSED:
            self._api.unpause(undo.service)
        elif undo.action == "start" and state in (State.EXITED, State.CREATED, State.DEAD):
            self._api.start(undo.service)
        elif undo.action == "remove":
            self._api.remove_container(undo.service, force=True, v=True)
        elif undo.action == "continue" and state == State.RUNNING:
            pid, started = undo.numbers
            self.inside(fact, "send_signal", pid=pid, started=started, signal=int(signal.SIGCONT))
        elif undo.action == "times" and state == State.RUNNING:
            pid, atime, mtime = undo.numbers
            self.inside(fact, "set_times", pid=pid, path=undo.words[0], atime=atime, mtime=mtime)

    def _engine(self, action: Callable[[], object]) -> None:
        self._refuse_when_ended()
        try:
            action()
        except APIError as trouble:
            raise CouldNotLook(Reason.UNREACHABLE, f"the engine said: {trouble.explanation}") from trouble
        except DockerException as trouble:
            raise gone(trouble) from trouble

    def _refuse_when_ended(self) -> None:
        if self._ended:
            raise CouldNotLook(Reason.UNREACHABLE, "the run was ended")
