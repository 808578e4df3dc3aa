"""Commands in a service, bounded in time and output; and in a copy of it, beside a server of the grader's own."""

from __future__ import annotations

import base64
import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any, cast

import docker
from docker.errors import APIError

from grader.model import Reason
from grader.stacks import sidecar
from grader.stacks.base import COMMAND_CAP, CouldNotLook
from grader.stacks.copies import Ours, bounds_like
from grader.stacks.dealings import Ran, Rehearsed
from grader.stacks.sidecar import CALL
from grader.stacks.values import ServiceFacts

NOT_FOUND = 127  # the code of a program that is not there, as in a shell
HEADER = 8  # bytes of a frame's header: stream, three zeros, length


def run(
    api: docker.APIClient, container: str, argv: tuple[str, ...], seconds: float, kill: Callable[[int], None]
) -> Ran:
    """Runs `argv` in a container, as the container's own user and in its own folder. `kill` gets a pid of the host."""
    begun = time.monotonic()
    try:
        made = api.exec_create(container, list(argv))["Id"]
        stream = api.exec_start(made, socket=True)
    except APIError as trouble:
        if trouble.status_code in (404, 409):  # no such container, or one that does not run
            raise CouldNotLook(Reason.UNREACHABLE, f"the engine said: {trouble.explanation}") from trouble
        return Ran(NOT_FOUND, str(trouble.explanation)[:COMMAND_CAP], time.monotonic() - begun)
    raw = cast(
        "socket.socket", getattr(stream, "_sock", stream)
    )  # the SDK hands out a wrapper that cannot be given a time limit
    try:
        output, ended = read_frames(raw, begun + seconds)
    finally:
        stream.close()
        raw.close()
    code = _exit_code(api, made, until=begun + seconds) if ended else None
    if code is None:
        with contextlib.suppress(APIError, CouldNotLook):  # it may have ended in this very moment
            kill(int(api.exec_inspect(made)["Pid"]))
    return Ran(code, output.decode("utf-8", "replace"), round(time.monotonic() - begun, 3))


def read_frames(raw: socket.socket, deadline: float) -> tuple[bytes, bool]:
    """What a command prints, at most COMMAND_CAP bytes; and whether it closed its output before the deadline."""
    buffer, output = bytearray(), bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return bytes(output), False
        raw.settimeout(left)
        try:
            piece = raw.recv(65_536)
        except TimeoutError:
            return bytes(output), False
        except OSError:
            return bytes(output), True
        if not piece:
            return bytes(output), True
        buffer += piece
        while len(buffer) >= HEADER and len(buffer) >= HEADER + (size := int.from_bytes(buffer[4:HEADER], "big")):
            output += buffer[HEADER : HEADER + size][: COMMAND_CAP - len(output)]
            del buffer[: HEADER + size]
        if len(buffer) > 2 * COMMAND_CAP:  # one frame that is larger than what is kept of all
            return bytes(output), False


def _exit_code(api: docker.APIClient, made: str, until: float) -> int | None:
    """The code of a command whose output has ended; None when it goes on without any."""
    while True:
        facts = api.exec_inspect(made)
        if not facts["Running"] and facts["ExitCode"] is not None:
            return int(facts["ExitCode"])
        if time.monotonic() >= until:
            return None
        time.sleep(0.02)


def rehearse(
    api: docker.APIClient,
    project: str,
    service: ServiceFacts,
    argv: tuple[str, ...],
    ports: tuple[int, ...],
    reply: bytes,
    seconds: float,
    ours: Ours,
) -> Rehearsed:
    """Runs `argv` in a copy of a service's container whose network holds nothing but a server that says `reply`.

    The names by which the service may call itself lead to that server.
    """
    names = {name: "127.0.0.1" for name in (service.service, service.name, service.hostname) if name}
    neighbour = sidecar.Sidecar(api, project, "a stand-in for the app", network_mode="none", extra_hosts=names)
    try:
        got = neighbour.call("reply", CALL, ports=list(ports), data=base64.b64encode(reply).decode())
        if sorted(got) != sorted(ports):
            raise CouldNotLook(Reason.NO_PERMISSION, f"the stand-in for {service.service} cannot open its ports")
        ran = _in_copy(api, project, service, argv, neighbour.id, seconds, ours)
        return Rehearsed(ran, tuple(neighbour.call("asked", CALL)))
    finally:
        neighbour.close()


def _in_copy(
    api: docker.APIClient,
    project: str,
    service: ServiceFacts,
    argv: tuple[str, ...],
    neighbour: str,
    seconds: float,
    ours: Ours,
) -> Ran:
    raw = api.inspect_container(service.id)
    config, host = raw["Config"], raw["HostConfig"]
    binds = [f"{m['Source']}:{m['Destination']}:ro" for m in raw["Mounts"] if m["Type"] == "bind"]
    with ours(
        f"a rehearsal of {service.name}",
        raw["Image"],
        list(argv),
        entrypoint="",
        user=config.get("User") or "",
        working_dir=config.get("WorkingDir") or None,
        environment=config.get("Env") or [],
        volumes=[m["Destination"] for m in raw["Mounts"] if m["Type"] == "bind"],
        labels=sidecar.labels_of_copy(project),
        healthcheck={"Test": ["NONE"]},
        host_config=api.create_host_config(binds=binds, network_mode=f"container:{neighbour}", **bounds_like(host)),
    ) as created:
        begun = time.monotonic()
        try:
            api.start(created)
        except APIError as trouble:
            return Ran(NOT_FOUND, str(trouble.explanation)[:COMMAND_CAP], time.monotonic() - begun)
        code = None
        while code is None and time.monotonic() - begun < seconds:
            state: dict[str, Any] = api.inspect_container(created)["State"]
            code = int(state["ExitCode"]) if state["Status"] == "exited" else None
            time.sleep(0.05)
        output = b"".join(api.logs(created, stream=True, follow=False, tail=50))[:COMMAND_CAP]
        return Ran(code, output.decode("utf-8", "replace"), round(time.monotonic() - begun, 3))
