"""Does the stack come up from nothing, by itself? Its containers are made anew; its volumes stay."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from grader.model import Reason
from grader.probes.base import Probe
from grader.probes.http import Entry, send
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.values import State

READY_PATHS = ("/readyz", "/healthz", "/")
IN_A_ROW = 3  # good answers that count as ready
LIMIT = 60.0  # seconds until then
EVERY = 0.25  # seconds between two looks
COMMAND = ("up", "-d", "--no-build", "--force-recreate")
OUTPUT = 300  # characters of the command's output that are kept
VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)[^}]*\}|\$([A-Za-z_]\w*)")  # Compose specification, interpolation

HostPorts = Mapping[tuple[str, int], int]  # service and port inside: port of this machine


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
        path, needed = _ready_path(stack), {name for role in stack.roles() for name in role.services}
        variables = _variables(stack)
        begun = time.monotonic()
        exit_code, output = stack.compose(*COMMAND, seconds=LIMIT, variables=variables)
        stack.forget()
        good = relapses = 0
        last = "nothing published"
        while good < IN_A_ROW and time.monotonic() - begun < LIMIT and (good or not _hopeless(stack, needed)):
            status, last = _look(stack, path)
            relapses += 1 if good and not 200 <= status < 500 else 0
            good = good + 1 if status == 200 else 0
            if good < IN_A_ROW:
                time.sleep(EVERY)
        seconds = round(time.monotonic() - begun, 1)
        stack.found_anew()
        states = tuple(f"{fact.name} is {fact.state.value}" for fact in stack.services() if not fact.running)
        return ColdStart(path, good == IN_A_ROW, seconds, relapses, last, exit_code, output[-OUTPUT:], states)


def _ready_path(stack: Stack) -> str:
    to = stack.ask(Entry())
    path = next((path for path in READY_PATHS if send(stack, to, path).status == 200), "")
    if not path:
        raise CouldNotLook(Reason.UNREACHABLE, f"none of {', '.join(READY_PATHS)} answers 200 before anything was done")
    return path


def _hopeless(stack: Stack, needed: set[str]) -> bool:
    """Whether a service that is needed has ended and nobody will start it again: then nothing is worth waiting for."""
    return any(
        fact.state in (State.EXITED, State.DEAD) and fact.restart_policy == "no"
        for fact in stack.services(fresh=True)
        if fact.service in needed
    )


def _look(stack: Stack, path: str) -> tuple[int, str]:
    try:
        answered = send(stack, stack.ask(Entry()), path, seconds=3)
    except CouldNotLook as nothing_yet:
        stack.forget()
        return 0, str(nothing_yet)
    if answered.status != 200:
        stack.forget()  # a container that starts late has no port yet, or one that does not speak TLS yet
    return answered.status, answered.seen


# --- with the same ports as before ----------------------------------------------------------------------------------


def _variables(stack: Stack) -> dict[str, str]:
    """The variables that put the stack where it is now; NotApplicable when it would come up elsewhere."""
    now = {(fact.service, p.port): p.host_port for fact in stack.services() for p in fact.published}
    variables = port_variables(_config(stack, "--no-interpolate"), now)
    for (service, port), wanted in fixed_ports(_config(stack, variables=variables)).items():
        if now.get((service, port), wanted) != wanted:
            raise NotApplicable(
                f"{service} is on port {now[service, port]}, but `docker compose up` would now put it on {wanted}: "
                "check again with the variables that you started the stack with"
            )
    return variables


def _config(stack: Stack, *options: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    exit_code, text = stack.compose("config", "--format", "json", *options, variables=variables)
    try:
        config = json.JSONDecoder().raw_decode(text[text.index("{") :])[0] if exit_code == 0 else None
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise CouldNotLook(Reason.UNREACHABLE, f"`docker compose config` cannot be read: {text[:OUTPUT]}")
    return config


def port_variables(config: Mapping[str, Any], now: HostPorts) -> dict[str, str]:
    """The variables in `ports:` of a configuration that was not interpolated, with the values that give `now`."""
    found = {}
    for service, port in _ports(config):
        text = f"{port.get('published')}:{port.get('target')}" if isinstance(port, dict) else str(port)
        names = [one or two for one, two in VARIABLE.findall(text)]
        outside, _, inside = VARIABLE.sub("$", text).partition("/")[0].rpartition(":")
        host_port = now.get((service, int(inside) if inside.isdigit() else 0))
        if host_port and outside.rpartition(":")[2] == "$":
            found[names[-1]] = str(host_port)
    return found


def fixed_ports(config: Mapping[str, Any]) -> dict[tuple[str, int], int]:
    """The host ports that an interpolated configuration asks for; 0 leaves the choice to the engine."""
    ports = ((service, port) for service, port in _ports(config) if isinstance(port, dict))
    return {
        (service, int(port["target"])): int(port["published"])
        for service, port in ports
        if str(port.get("published", "")).isdigit() and int(port["published"])
    }


def _ports(config: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, port) for name, service in config.get("services", {}).items() for port in service.get("ports") or ()]
