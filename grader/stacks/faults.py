"""What disturbs a stack: stop, freeze, signal, crash, each undone by the journal whatever happens in between."""

from __future__ import annotations

import signal
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import docker
from docker.errors import APIError, DockerException

from grader.model import Reason
from grader.stacks import sidecar
from grader.stacks.base import CouldNotLook
from grader.stacks.dealings import Stopped, Undo
from grader.stacks.engine import gone
from grader.stacks.journal import Journal
from grader.stacks.meanwhile import meanwhile
from grader.stacks.repairs import Repairs
from grader.stacks.sidecar import CALL
from grader.stacks.values import Process, ServiceFacts

AGAIN = "grader check, when nobody else starts or stops it"
FREEZES = 5  # attempts to freeze a service …
THAWED = 0.2  # … each so many seconds after the last, when runc has thawed it again
UNFROZEN = "unable to freeze"  # as runc says it
ENDS = 2.0  # seconds until the engine has noticed that a service ended
KILLED = 5  # seconds after its grace until a service that is being stopped must have ended
CHANGING = ("send_signal", "set_times")  # what a sidecar does to a service and does not only see


class Faults(Repairs):
    """The disturbing half of a Compose stack."""

    def __init__(self, api: docker.APIClient, journal: Journal) -> None:
        super().__init__(api, journal)
        self.disturbed = False

    @abstractmethod
    def as_found(self) -> tuple[ServiceFacts, ...]: ...

    def signal(self, service: ServiceFacts, process: Process, number: int) -> bool:
        with self._not_ended():
            # Never through the engine: `docker kill --signal` cancels the container's restart policy (moby 11065).
            if process.pid == 1 and number in (signal.SIGKILL, signal.SIGSTOP):  # ignored from its own namespace
                self._signal_first(service, number)
                return True
            who = {"pid": process.pid, "started": process.started}
            try:
                return bool(self._inside(service.id, "send_signal", signal=int(number), **who))
            except CouldNotLook:
                # What ends the first process ends all that share its PID namespace, the sidecar before its answer, too.
                if not self._ends(service):
                    raise
                return True

    def _ends(self, service: ServiceFacts) -> bool:
        """Whether an instance is over, or has begun anew, in a moment."""
        deadline = time.monotonic() + ENDS
        while time.monotonic() < deadline:
            now = self._as_now(service)
            if now is None or not now.running or now.started != service.started:
                return True
            time.sleep(0.1)
        return False

    def crash(self, service: ServiceFacts) -> None:
        with self._not_ended():
            self._signal_first(service, signal.SIGKILL)

    def inside(self, service: ServiceFacts, op: str, **args: object) -> Any:
        if op not in CHANGING:
            return self._inside(service.id, op, **args)
        with self._not_ended():
            return self._inside(service.id, op, **args)

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
        # The engine goes on with a stop when nobody waits for it any more: whoever undoes it has to wait for its end.
        under_way = Undo("start", service.id, service.service, (int(time.time()) + allowed + KILLED,))
        self.journal.add(under_way)
        try:
            self._engine(lambda: self._api.stop(service.id, timeout=allowed))
        finally:
            self.journal.strike(under_way)
        seconds = time.monotonic() - begun
        return Stopped(self._api.inspect_container(service.id)["State"]["ExitCode"], seconds)

    def start(self, service: ServiceFacts) -> None:
        self._engine(lambda: self._api.start(service.id))

    def pause(self, service: ServiceFacts) -> None:
        """Freezes a service. With cgroup v1 that is a game of chance, which a busy machine may lose (runc, 4388)."""
        for left in reversed(range(FREEZES)):
            try:
                self._engine(lambda: self._api.pause(service.id))
            except CouldNotLook as trouble:
                if not left or UNFROZEN not in str(trouble):
                    raise
                time.sleep(THAWED)
            else:
                return

    def unpause(self, service: ServiceFacts) -> None:
        self._engine(lambda: self._api.unpause(service.id))

    @contextmanager
    def disturbing(self, undo: Undo) -> Iterator[None]:
        self._refuse_when_ended()
        if not self.disturbed:
            self._refuse_another_stack()
        self.disturbed = self.disturbed or undo.action != "remove"  # which is about something of the grader's own
        with ExitStack() as kept:
            with self._not_ended():
                kept.enter_context(self.journal.holding(undo, self.carry_out))
            yield

    @contextmanager
    def container_of_ours(self, what: str, image: str, command: list[str] | None, /, **options: Any) -> Iterator[str]:
        """A new container, not started yet, for as long as the block runs; yields its name.

        Its removal is noted before it is made, and it is made before the run can be ended: one that the engine still
        makes while the removal is carried out would stay for ever.
        """
        name = sidecar.new_name()
        with self.disturbing(Undo("remove", name, what)):
            with self._not_ended():
                self._api.create_container(image, command, name=name, **options)
            yield name

    @contextmanager
    def making_anew(self, args: tuple[str, ...], variables: Mapping[str, str]) -> Iterator[None]:
        """While `docker compose` makes containers anew with `args`: it has to begin again when it is cut off."""
        words = (*args, *(f"{name}={value}" for name, value in variables.items()))
        undo = Undo("up", self.project, "the stack", (len(args),), words)
        with self._not_ended():
            self.journal.add(undo)
            yield
            self._refuse_when_ended()  # the command was ended: its undo stays in the journal
            self.journal.strike(undo)

    def _engine(self, action: Callable[[], object]) -> None:
        with self._not_ended():
            try:
                action()
            except APIError as trouble:
                raise CouldNotLook(Reason.UNREACHABLE, f"the engine said: {trouble.explanation}") from trouble
            except DockerException as trouble:
                raise gone(trouble) from trouble

    def _refuse_another_stack(self) -> None:
        """Its addresses and ports may be somebody else's by now."""
        if changed := meanwhile(self.as_found(), self.services(fresh=True)):
            raise CouldNotLook(
                Reason.UNREACHABLE, f"not disturbed, because the stack has changed: {'; '.join(changed)}", AGAIN
            )
