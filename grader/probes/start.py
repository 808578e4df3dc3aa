"""Does the stack come up from nothing, by itself? Its containers are made anew; its volumes stay."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe
from grader.probes.http import Entry, send
from grader.stacks.base import CouldNotLook, NotApplicable, Stack, State

READY_PATHS = ("/readyz", "/healthz", "/")
IN_A_ROW = 3  # good answers that count as ready
LIMIT = 60.0  # seconds until then
EVERY = 0.25  # seconds between two looks
COMMAND = ("up", "-d", "--no-build", "--force-recreate")


@dataclass(frozen=True, slots=True)
class ColdStart:
    """How `docker compose up` with new containers went.

    `ready` is whether IN_A_ROW good answers came, `seconds` until then or until it was hopeless, `relapses` the errors
    after the first good one, `last` what was seen last, `exit_code` and the end of `output` those of the command.
    """

    path: str
    ready: bool
    seconds: float
    relapses: int
    last: str
    exit_code: int
    output: str
    states: tuple[str, ...]


@dataclass(frozen=True)
class Recreate(Probe[ColdStart]):
    """Recreates every container with one command and waits for the site."""

    disturbs: ClassVar[bool] = True
    seconds: ClassVar[float] = 25.0

    def ask(self, stack: Stack, /) -> ColdStart:
        path = _ready_path(stack)
        _refuse_other_ports(stack)
        begun = time.monotonic()
        exit_code, output = stack.compose(*COMMAND, seconds=LIMIT)
        stack.forget()
        good = relapses = 0
        last = "nothing published"
        while good < IN_A_ROW and time.monotonic() - begun < LIMIT and (good or not _hopeless(stack)):
            status, last = _look(stack, path)
            relapses += 1 if good and not 200 <= status < 500 else 0
            good = good + 1 if status == 200 else 0
            if good < IN_A_ROW:
                time.sleep(EVERY)
        seconds = round(time.monotonic() - begun, 1)
        states = tuple(f"{fact.name} is {fact.state.value}" for fact in stack.services(fresh=True) if not fact.running)
        return ColdStart(path, good == IN_A_ROW, seconds, relapses, last, exit_code, output[-300:], states)


def _ready_path(stack: Stack) -> str:
    to = stack.ask(Entry())
    path = next((path for path in READY_PATHS if send(stack, to, path).status == 200), "")
    if not path:
        raise CouldNotLook(Reason.UNREACHABLE, f"none of {', '.join(READY_PATHS)} answers 200 before anything was done")
    return path


def _hopeless(stack: Stack) -> bool:
    """Whether nothing runs and nothing will be started again: then nobody need wait any longer."""
    lasting = [fact for fact in stack.services(fresh=True) if not fact.one_shot]
    return all(fact.state in (State.EXITED, State.DEAD) and fact.restart_policy == "no" for fact in lasting)


def _look(stack: Stack, path: str) -> tuple[int, str]:
    try:
        answered = send(stack, stack.ask(Entry()), path, seconds=3)
    except CouldNotLook as nothing_yet:
        stack.forget()
        return 0, str(nothing_yet)
    if not answered.status:
        stack.forget()  # a container that starts late has no port yet
    return answered.status, answered.seen


def _refuse_other_ports(stack: Stack) -> None:
    """A stack that was started with other variables would come up on another port, or not at all."""
    exit_code, text = stack.compose("config", "--format", "json")
    try:
        services = json.loads(text[text.index("{") :])["services"] if exit_code == 0 else {}
        wanted = {
            (name, int(port["target"]), int(port["published"]))
            for name, service in services.items()
            for port in service.get("ports", [])
            if str(port.get("published", "")).isdigit() and int(port["published"])
        }
    except (ValueError, KeyError, TypeError) as trouble:
        raise CouldNotLook(Reason.UNREACHABLE, f"`docker compose config` could not be read: {trouble}") from trouble
    there = {(fact.service, p.port): p.host_port for fact in stack.services() for p in fact.published}
    for name, inside, outside in sorted(wanted):
        if there.get((name, inside), outside) != outside:
            raise NotApplicable(
                f"{name} is published on port {there[name, inside]}, but `docker compose up` would now take {outside}: "
                "check again with the variables that you started the stack with"
            )
