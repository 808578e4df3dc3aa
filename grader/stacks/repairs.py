"""What puts a stack back: everything that the journal says is open, by a run that ends or by `grader repair`."""

from __future__ import annotations

import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import docker
from docker.errors import APIError

from grader.model import Reason
from grader.stacks.base import CouldNotLook
from grader.stacks.dealings import From, Undo, Vantage
from grader.stacks.engine import patience
from grader.stacks.journal import Journal
from grader.stacks.sidecar import CALL
from grader.stacks.values import ServiceFacts, State

REPAIR = "grader repair, when that is out of its way"
REPAIRED = 30.0  # seconds that a service is given to become healthy again
LEFTOVER = 10.0  # seconds that the engine is given to remove a container of the grader's own
SHOWN = 300  # characters of a command's output
TRIES = 3  # attempts at what changes while it is being put back
GOING = (404, 409)  # the engine's codes for what is gone, and for what is just being done to it by somebody else


class Repairs(ABC):
    """The half of a Compose stack that undoes what disturbed it."""

    project: str

    def __init__(self, api: docker.APIClient, journal: Journal) -> None:
        self._api = api
        self.journal = journal
        self._ended = False
        # Held while something is done to a service: what has begun is over before it is undone.
        self._acting = threading.RLock()

    @abstractmethod
    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]: ...

    @abstractmethod
    def at(self, via: Vantage, op: str, *, within: float = CALL, **args: object) -> Any: ...

    @abstractmethod
    def command(
        self, *args: str, seconds: float = 120.0, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]: ...

    @abstractmethod
    def end_command(self) -> None: ...

    @abstractmethod
    def leftovers(self) -> tuple[str, ...]: ...

    def restore(self) -> None:
        self._ended = True
        self.end_command()
        with self._acting:
            self.repair()

    def repair(self) -> tuple[Undo, ...]:
        """Carries out everything that is open in the journal, the newest first; returns what was undone.

        What cannot be undone keeps nothing else from it, stays in the journal, and is said as CouldNotLook at the end.
        Waits for the services it touched: one that was frozen is unhealthy until its next health check. One that does
        not come back is left to the next look at the stack, which will say so. Containers of the grader's own that a
        killed run has left are removed, too.
        """
        entries = self.journal.open_entries()
        undone, troubles = [], []
        for undo in reversed(entries):
            try:
                self.carry_out(undo)
            except CouldNotLook as trouble:
                troubles.append(trouble)
            else:
                undone.append(undo)
        for name in self.leftovers():
            # One that the stack keeps the engine from removing: the report, and the next look, name it.
            with suppress(CouldNotLook), patience(LEFTOVER):
                self._remove(name)
        for undo in reversed(undone):
            try:
                self._bring_home(undo)
            except CouldNotLook as trouble:
                troubles.append(trouble)
        touched = {undo.service for undo in entries}
        for service in self.services(fresh=True):
            if {service.id, self.project} & touched and not service.one_shot:
                with suppress(CouldNotLook):
                    self.wait_ready(service, REPAIRED)
        for undo in undone:  # not before: a repair that is killed while a service starts again is not over
            self.journal.strike(undo)
        if troubles:
            raise CouldNotLook(troubles[0].reason, "; ".join(map(str, troubles)), troubles[0].hint)
        return entries

    def carry_out(self, undo: Undo) -> None:
        """Undoes one disturbance; what is as it was already, or gone for good, is no error.

        CouldNotLook when it cannot be undone, as when somebody else has taken the port of a service that was stopped.
        """
        with self._acting:  # also by a probe that goes on while the run is being ended
            if undo.action == "remove":
                self._remove(undo.service)
            elif undo.action == "up":
                self._up_again(undo)
            else:
                with _told_of(undo):
                    self._put_back(undo)

    def _up_again(self, undo: Undo) -> None:
        count = undo.numbers[0]
        variables = dict(word.split("=", 1) for word in undo.words[count:])
        said = ""
        for _ in range(TRIES):  # the command that was cut off may still be in the middle of a step
            exit_code, said = self.command(*undo.words[:count], variables=variables)
            if not exit_code:
                return
        raise CouldNotLook(Reason.UNREACHABLE, f"`docker compose up` does not end well: {said[-SHOWN:]}")

    def _put_back(self, undo: Undo, tries: int = TRIES) -> None:
        try:
            self._put_back_from(self._state_after_stop(undo), undo)
        except docker.errors.NotFound:
            return
        except APIError as trouble:  # it has changed since the look, by its restart policy for one
            if trouble.status_code not in GOING or tries == 1:
                raise
            self._put_back(undo, tries - 1)

    def _put_back_from(self, state: State, undo: Undo) -> None:
        if undo.action == "unpause" and state == State.PAUSED:
            self._api.unpause(undo.service)
        elif undo.action == "start" and state in (State.EXITED, State.CREATED, State.DEAD):
            self._api.start(undo.service)
        elif undo.action == "continue" and state == State.RUNNING:
            pid, started = undo.numbers
            self._inside(undo.service, "send_signal", pid=pid, started=started, signal=int(signal.SIGCONT))
        elif undo.action == "times" and state == State.RUNNING:
            pid, atime, mtime = undo.numbers
            self._inside(undo.service, "set_times", pid=pid, path=undo.words[0], atime=atime, mtime=mtime)

    def _bring_home(self, undo: Undo) -> None:
        """Gives an instance the addresses back that it had, now that nobody else has them: by a start of its own."""
        if undo.action != "start" or not undo.words:
            return
        with _told_of(undo), suppress(docker.errors.NotFound):
            networks = self._api.inspect_container(undo.service)["NetworkSettings"]["Networks"]
            now = {f"{name} {at['IPAddress'] or at.get('GlobalIPv6Address', '')}" for name, at in networks.items()}
            if not now.issuperset(undo.words):
                self._api.restart(undo.service)

    def _state_after_stop(self, undo: Undo) -> State:
        """The state of an instance; of one that was being stopped, once that is over."""
        until = undo.numbers[0] if undo.action == "start" and undo.numbers else 0
        while True:
            state = State(self._api.inspect_container(undo.service)["State"]["Status"])
            if state is not State.RUNNING or time.time() >= until:
                return state
            time.sleep(0.1)

    def _remove(self, container: str) -> None:
        try:
            self._api.remove_container(container, force=True, v=True)
        except APIError as trouble:
            if trouble.status_code not in GOING:
                raise

    def _as_now(self, service: ServiceFacts) -> ServiceFacts | None:
        """An instance as it is at this moment; None when it was removed."""
        return next((fact for fact in self.services(fresh=True) if fact.id == service.id), None)

    def wait_ready(self, service: ServiceFacts, seconds: float = 60.0) -> ServiceFacts:
        deadline = time.monotonic() + seconds
        while True:
            now = self._as_now(service)
            if now is None:
                raise CouldNotLook(Reason.UNREACHABLE, f"{service.service} was removed while it was being looked at")
            if now.running and now.health in ("", "healthy"):
                return now
            if time.monotonic() > deadline:
                seen = f"{now.state.value} {now.health}".strip()
                raise CouldNotLook(Reason.TIMED_OUT, f"{service.service} is {seen} after {seconds:.0f} s")
            time.sleep(0.1)

    def _inside(self, identity: str, op: str, **args: object) -> Any:
        return self.at(Vantage(From.INSIDE, identity), op, within=CALL, **args)

    @contextmanager
    def _not_ended(self) -> Iterator[None]:
        """Lets one thing at a time be done to the stack, and nothing once the run was ended."""
        with self._acting:
            self._refuse_when_ended()
            yield

    def _refuse_when_ended(self) -> None:
        if self._ended:
            raise CouldNotLook(Reason.UNREACHABLE, "the run was ended")


@contextmanager
def _told_of(undo: Undo) -> Iterator[None]:
    """Says which service the engine does not bring back, and why: often somebody else has taken its port."""
    try:
        yield
    except APIError as trouble:
        why = f"{undo.name} could not be put back ({undo.action}): the engine said: {trouble.explanation}"
        raise CouldNotLook(Reason.UNREACHABLE, why, REPAIR) from trouble
