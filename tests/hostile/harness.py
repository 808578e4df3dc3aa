"""Brings one hostile stack up, and has it graded in a process of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.stacks.throwaway import free_port
from tests.hostile import certificates

HERE = Path(__file__).parent
IMAGE = "python:3.13-slim"
LEAVE = 10.0  # seconds that a sidecar of a check that was given up may outlive the grader


@dataclass(frozen=True)
class Hostile:
    """A hostile stack, as stacks.toml has it; `group`, `does` and `happens` are for the page about them.

    `mode` is what server.py does (the name, where nothing is said), `options` are more words for `docker create`,
    `certificate` is the kind of one that it shows, `during` what happens to the project in the middle of the run.
    `verdicts` are the checks that are asked, each without what it needs beside the others, and what must come of them:
    "fail", "unknown (timed out)", "pass or unknown". `says` has to be among the words of one of them. `changes`: the
    stack does not stay as it is, whoever looks at it. `holds`: the engine cannot remove a sidecar while it is there.
    """

    name: str
    group: str
    does: str
    happens: str
    verdicts: dict[str, str]
    mode: str = ""
    says: str = ""
    options: tuple[str, ...] = ()
    during: str = ""
    certificate: str = ""
    changes: bool = False
    holds: bool = False


def table() -> tuple[Hostile, ...]:
    """Every hostile stack, in the order of the table."""
    data = tomllib.loads((HERE / "stacks.toml").read_text(encoding="utf-8"))
    return tuple(Hostile(**{**one, "options": tuple(one.get("options", ()))}) for one in data["stacks"])


@dataclass
class Graded:
    """What came of a run: the grader's own account, what it printed, and the containers before and after."""

    told: dict[str, Any]
    terminal: str
    stderr: str
    before: dict[str, Any]
    after: dict[str, Any]
    left: tuple[str, ...]
    journal: tuple[str, ...]
    elsewhere: str = ""
    reachable: set[str] = field(default_factory=set)

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in json.loads(self.told["json"])["results"]}


# --- bringing up and taking down ------------------------------------------------------------------------------------


def docker(*words: str, check: bool = True) -> str:
    """The output of a docker command."""
    done = subprocess.run(
        ["docker", *words], check=False, capture_output=True, text=True, timeout=120, errors="replace"
    )
    if check and done.returncode:
        raise AssertionError(f"docker {words[0]}: {done.stderr[-500:]}")
    return done.stdout.strip()


@contextmanager
def elsewhere() -> Iterator[str]:
    """A server that is no part of any project; yields the name of its container."""
    name = f"hostile-elsewhere-{secrets.token_hex(3)}"
    docker("run", "-d", f"--name={name}", IMAGE, "python3", "-uc", LISTENER)
    try:
        yield name
    finally:
        docker("rm", "-fv", name, check=False)


LISTENER = """
import socket
server = socket.create_server(("", 80))
while True:
    client, who = server.accept()
    print("somebody", who, client.recv(500), flush=True)
    client.close()
"""


def address_of(container: str) -> str:
    return docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)


def grade(case: Hostile, state: Path, decoy: str) -> Graded:
    """One run of the grader on the stack, which is removed again."""
    project = f"hostile-{case.name}-{secrets.token_hex(3)}"
    with ExitStack() as undo:
        undo.callback(_take_down, project)
        port = free_port()
        if case.during == "port is taken":
            _stranger(project, port)
        _run(case, project, port, address_of(decoy))
        before = _inspected(project)
        meanwhile = case.during if case.during != "port is taken" else ""
        file = state / "told.json"
        file.write_text(
            json.dumps({"project": project, "asks": list(case.verdicts), "during": meanwhile}), encoding="utf-8"
        )
        grader = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.driver", str(file)],
            cwd=HERE.parents[1],
            env={**os.environ, "XDG_STATE_HOME": str(state), "PYTHONPATH": str(HERE.parents[1]), "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        watch = None
        if meanwhile:
            watch = threading.Thread(
                target=_meanwhile, args=(case, project, port, file.with_suffix(".happened")), daemon=True
            )
            watch.start()
        out, err = grader.communicate(timeout=300)
        if watch is not None:
            watch.join(30)
        after = _inspected(project)
        told = json.loads(file.read_text(encoding="utf-8"))
        assert "json" in told, f"the grader did not come to its end: {out[-3000:]!r} {err[-3000:]!r}"
        addresses = {f"127.0.0.1:{port}"} if "--network=host" in case.options else set()
        addresses |= {at for one in (*before.values(), *after.values()) for at in one["addresses"]}
        return Graded(
            told=told,
            terminal=out.decode("utf-8", "replace"),
            stderr=err.decode("utf-8", "replace"),
            before=before,
            after=after,
            left=_left(project, {name[:12] for name in (*before, *after)}),
            journal=tuple(str(path) for path in state.rglob("journal.jsonl")),
            elsewhere=docker("logs", decoy),
            reachable=addresses,
        )


def _left(project: str, but: set[str]) -> tuple[str, ...]:
    """Containers of the grader's own that do not end by themselves, as a sidecar does without its grader."""
    deadline = time.monotonic() + LEAVE
    while True:
        listed = docker("ps", "-aq", f"--filter=label=grader.project={project}", "--filter=label=grader=1").split()
        left = tuple(name for name in listed if name not in but)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)


def _run(case: Hostile, project: str, port: int, decoy: str) -> None:
    labels = [f"--label=com.docker.compose.{key}" for key in (f"project={project}", "service=app")]
    labels.append(f"--label=hostile={project}")
    environment = {"ELSEWHERE": decoy, "OWN_PORT": str(port)}
    if "--network=host" in case.options:
        environment["LISTEN"] = str(port)
    if case.certificate:
        environment["CERTIFICATE"] = certificates.made(case.certificate)
    options = [word.replace("PORT", str(port)).replace("PROJECT", project) for word in case.options]
    own = any(word.startswith(("--network", "-p")) for word in options)
    published = [] if own else [f"-p127.0.0.1:{port}:8000"]
    program = [f"--volume={HERE}:/hostile/tests/hostile:ro", "--workdir=/hostile"]
    bounds = ["--memory=300m", "--pids-limit=300", "--log-opt=max-size=20m", "--ulimit=nofile=4096"]
    variables = [f"--env={name}={value}" for name, value in environment.items()]
    words = [*published, *program, *labels, *bounds, *variables, *options]
    serve = ["python3", "-um", "tests.hostile.server", case.mode or case.name]
    docker("create", f"--name={project}-app-1", *words, IMAGE, *serve)
    docker("start", f"{project}-app-1", check=case.during != "port is taken")
    if case.during != "port is taken":
        _wait_for("ready", project)


def _wait_for(word: str, project: str) -> None:
    """Until the service has said `word`, or has ended."""
    follow = subprocess.Popen(
        ["docker", "logs", "-f", f"{project}-app-1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert follow.stdout is not None
    with follow:
        for line in follow.stdout:
            if word in line:
                break
        follow.kill()


def _meanwhile(case: Hostile, project: str, port: int, happened: Path) -> None:
    """Waits until the service says that it was asked often enough, and then does what `during` says."""
    _wait_for("asked", project)
    if case.during == "stops":
        docker("stop", "-t0", f"{project}-app-1")
    elif case.during == "restarts":
        docker("restart", "-t0", f"{project}-app-1")
    elif case.during in ("is removed", "is replaced", "loses its port"):
        docker("rm", "-f", f"{project}-app-1")
    elif case.during == "is paused":
        docker("pause", f"{project}-app-1")
    if case.during == "is replaced":
        _run(replace(case, options=("--env=TOLD=1",)), project, port, "198.51.100.1")
    if case.during == "loses its port":
        _stranger(project, port)
    happened.touch()


def _stranger(project: str, port: int) -> None:
    """Something of another project on the port."""
    docker("run", "-d", f"--name={project}-other", f"--label=hostile={project}", f"-p127.0.0.1:{port}:80", IMAGE,
           "python3", "-uc", LISTENER)  # fmt: skip


def _take_down(project: str) -> None:
    for label in (f"hostile={project}", f"grader.project={project}"):
        listed = docker("ps", "-aq", f"--filter=label={label}", check=False).split()
        if listed:
            docker("rm", "-fv", *listed, check=False)


def _inspected(project: str) -> dict[str, Any]:
    """What grading must not change of each container: its state, settings, mounts and networks."""
    listed = docker("ps", "-aq", "--no-trunc", f"--filter=label=com.docker.compose.project={project}").split()
    found = {}
    for raw in json.loads(docker("inspect", *listed)) if listed else []:
        state, network = raw["State"], raw["NetworkSettings"]
        ports = [b for bound in (network["Ports"] or {}).values() for b in bound or []]
        found[raw["Id"]] = {
            "state": {key: state[key] for key in ("Status", "Pid", "StartedAt", "ExitCode", "Paused", "OOMKilled")},
            "restarts": raw["RestartCount"],
            "config": raw["Config"],
            "host": raw["HostConfig"],
            "mounts": sorted(json.dumps(mount, sort_keys=True) for mount in raw["Mounts"]),
            "networks": sorted(network["Networks"]),
            "addresses": [f"127.0.0.1:{b['HostPort']}" for b in ports]
            + [at["IPAddress"] for at in network["Networks"].values() if at["IPAddress"]],
        }
    return found
