"""Grader-owned containers beside a stack: one that shares a service's namespaces, or a client on its network."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import secrets
import socket
import threading
from importlib import resources
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound

from grader.model import Reason
from grader.stacks.base import CouldNotLook
from grader.stacks.engine import patience
from grader.stacks.facts import PROJECT

LABEL = "grader"
FOR = "grader.project"  # whose stack a container of ours was made for: several stacks may be graded on one machine
IMAGE = os.environ.get("GRADER_SIDECAR_IMAGE", "python:3.13-slim")
LOAD_IMAGE = "grader-load:1"  # the same with a load generator in it: scripts/load/Dockerfile
MEMORY = "128m"
PIDS = 96
REPLY_CAP = 8 * 1024 * 1024  # bytes of one answer
START = 10.0  # seconds that the engine gets to start one: a process of the service may stop it before it is one of ours
CLOSE = 5.0  # … and to remove it
# What the engine says when the container that a sidecar is to stand beside has ended, or ends just then.
ENDED = ("not running", "non running", "namespace path")
CALL = 15.0  # seconds that a sidecar's small operations may take
# KILL to signal processes of another user; SYS_PTRACE to read /proc/PID/fd and /proc/PID/root; DAC_OVERRIDE to
# connect to a unix socket that belongs to the app's user. A client gets none of them.
BESIDE_CAPS = ("KILL", "SYS_PTRACE", "DAC_OVERRIDE", "FOWNER")

# What a sidecar runs, each after what it imports. The loader gives the modules the names that they have here; they
# come as the first line of input, so that a learner who lists processes sees a short command line.
MODULES = ("connection", "exchange", "agent", "stub", "lines", "search", "generator")
LOADER = """
import json, sys, types
for name, source in json.loads(sys.stdin.readline()):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
agent = sys.modules["grader.stacks.agent"]
for more in ("stub", "lines", "search", "generator"):
    agent.OPERATIONS.update(sys.modules["grader.stacks." + more].OPERATIONS)
agent.main()
"""


def labels(project: str) -> dict[str, str]:
    """What every container of the grader's own carries."""
    return {LABEL: "1", FOR: project}


def labels_of_copy(project: str) -> dict[str, str]:
    """The same for a container of the learner's own image: one that Compose built says whose project it is."""
    return labels(project) | {PROJECT: ""}


def new_name() -> str:
    """A name for a container of ours: chosen before it is made, so that its removal can be noted before that."""
    return f"grader-{secrets.token_hex(6)}"


def program() -> bytes:
    """The line that the loader reads: name and source of each module."""
    folder = resources.files("grader.stacks")
    sources = [(f"grader.stacks.{name}", folder.joinpath(f"{name}.py").read_text(encoding="utf-8")) for name in MODULES]
    return json.dumps(sources).encode() + b"\n"


class Sidecar:
    """A running agent (grader.stacks.agent) and the conversation with it; safe to use from several threads."""

    def __init__(
        self,
        api: docker.APIClient,
        project: str,
        name: str,
        *,
        image: str = IMAGE,
        caps: tuple[str, ...] = (),
        **host: Any,
    ) -> None:
        self._api = api
        self._name = name
        try:
            config = api.create_host_config(
                auto_remove=True,
                cap_drop=["ALL"],
                cap_add=list(caps),
                mem_limit=MEMORY,
                pids_limit=PIDS,
                read_only=True,
                security_opt=["no-new-privileges"],
                **host,
            )
            self.id: str = api.create_container(
                image,
                ["python3", "-I", "-u", "-c", LOADER],
                entrypoint="",
                user="0",
                stdin_open=True,
                host_config=config,
                labels=labels(project),
                working_dir="/",
            )["Id"]
        except ImageNotFound as trouble:
            raise CouldNotLook(
                Reason.UNREACHABLE,
                f"the image of the grader's own sidecar, {image}, is not on this machine",
                hint=f"in the project's folder: scripts/images {image}"
                if image == LOAD_IMAGE
                else f"docker pull {image}, or `make images` without a registry",
            ) from trouble
        except APIError as trouble:
            raise CouldNotLook(Reason.UNREACHABLE, f"no sidecar for {name}: {trouble.explanation}") from trouble
        self._socket = api.attach_socket(self.id, params={"stdin": 1, "stdout": 1, "stream": 1})
        # The SDK hands out a read-only wrapper; the socket below it is the one that can be written to.
        self._raw = getattr(self._socket, "_sock", self._socket)
        self._raw.settimeout(None)
        self._ids = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._lock = threading.Lock()
        self._lost = ""
        try:
            with patience(START):
                api.start(self.id)
            self._raw.sendall(program())
        except CouldNotLook as trouble:
            self.close()
            raise CouldNotLook(
                trouble.reason, f"no sidecar for {name}: {trouble}; does a process in there stop others?"
            ) from trouble
        except (APIError, OSError) as trouble:
            self.close()
            why = str(trouble.explanation if isinstance(trouble, APIError) else trouble)
            if any(word in why for word in ENDED):
                raise CouldNotLook(Reason.UNREACHABLE, f"{name} does not run, so nobody can look into it") from trouble
            raise CouldNotLook(Reason.UNREACHABLE, f"no sidecar for {name}: {why}") from trouble
        threading.Thread(target=self._read, name=f"sidecar {name}", daemon=True).start()

    def call(self, op: str, seconds: float, /, **args: object) -> Any:
        """One operation's answer. CouldNotLook when the sidecar is gone, too late, or could not do it."""
        number = next(self._ids)
        answer: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        line = json.dumps({"id": number, "op": op, "args": args}).encode() + b"\n"
        with self._lock:
            if self._lost:
                raise self._gone()
            self._waiting[number] = answer
            try:
                self._raw.sendall(line)
            except OSError as trouble:
                raise self._gone() from trouble
        try:
            reply = answer.get(timeout=seconds)
        except queue.Empty:
            raise CouldNotLook(Reason.TIMED_OUT, f"the sidecar of {self._name} did not answer `{op}` in time") from None
        finally:
            self._waiting.pop(number, None)
        if reply is None:
            raise self._gone()
        if "error" in reply:
            raise CouldNotLook(Reason.UNREACHABLE, f"{self._name}, {op}: {reply['error']}")
        return reply["value"]

    @property
    def lost(self) -> bool:
        return bool(self._lost)

    def address(self, network: str) -> str:
        return str(self._api.inspect_container(self.id)["NetworkSettings"]["Networks"][network]["IPAddress"])

    def close(self) -> None:
        """Removes the container. One that is gone already (its PID namespace ended) is no error.

        One that the engine cannot remove now is left to the check that asks what is left behind.
        """
        try:
            with patience(CLOSE):
                self._api.remove_container(self.id, force=True)
        except CouldNotLook:
            pass
        except APIError as trouble:
            if trouble.status_code not in (404, 409):  # gone, or going
                raise
        with contextlib.suppress(OSError):  # the engine may have closed it first
            self._raw.shutdown(socket.SHUT_RDWR)  # the reader wakes up and ends
        # The SDK hangs the whole response on the socket. Closed after it, it would complain at the end of the program.
        response = getattr(self._socket, "_response", None)
        if response is not None:
            response.close()
        self._socket.close()
        self._raw.close()

    def _gone(self) -> CouldNotLook:
        return CouldNotLook(
            Reason.UNREACHABLE, f"the grader's sidecar beside {self._name} is gone; it ends with what it stands beside"
        )

    def _read(self) -> None:
        """Takes the engine's frames apart (8 bytes of header: stream, length) and hands answers to who waits."""
        buffer = bytearray()
        try:
            while True:
                header = self._exactly(8)
                length = int.from_bytes(header[4:8], "big")
                data = self._exactly(length)
                if header[0] != 1:  # standard error: an agent that fails to start says so here
                    continue
                buffer += data
                if b"\n" not in data and len(buffer) <= REPLY_CAP:
                    continue
                if len(buffer) > REPLY_CAP:
                    raise OSError("an answer too long to be one of ours")
                *lines, rest = bytes(buffer).split(b"\n")
                buffer = bytearray(rest)
                for line in lines:
                    reply = json.loads(line)
                    waiting = self._waiting.get(reply["id"])
                    if waiting is not None:
                        waiting.put(reply)
        except (OSError, ValueError, EOFError) as trouble:
            with self._lock:
                self._lost = str(trouble) or "closed"
                for waiting in list(self._waiting.values()):
                    waiting.put(None)

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            chunk = self._raw.recv(count - len(data))
            if not chunk:
                raise EOFError("closed")
            data += chunk
        return bytes(data)


def beside(api: docker.APIClient, project: str, container: str, name: str) -> Sidecar:
    """A sidecar that sees the processes and sockets of `container`."""
    mode = f"container:{container}"
    return Sidecar(api, project, name, caps=BESIDE_CAPS, pid_mode=mode, network_mode=mode)


def client(api: docker.APIClient, project: str, network: str, image: str = IMAGE) -> Sidecar:
    """A sidecar with an address of its own on `network`, and no rights at all."""
    return Sidecar(api, project, f"a client on {network}", image=image, network_mode=network)


def host_pids(api: docker.APIClient, project: str) -> Sidecar:
    """A sidecar that can signal a service's PID 1 from outside its namespace: the only way to crash it."""
    return Sidecar(api, project, "the host's processes", caps=("KILL",), pid_mode="host", network_mode="none")
