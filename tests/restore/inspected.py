"""A stack as `docker inspect` shows it, without what has to be another after any restart, and what differs in two."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Flat = dict[str, str]

# What is not compared, and why. Everything else that `docker inspect` says of a container is.
EXCLUDED = {
    "State.StartedAt": "a service that was started again was started at another time",
    "State.FinishedAt": "… and ended at another time",
    "RestartCount": "the engine counts the starts after a crash, and nobody can count back",
    "State.Pid": "the host gives every process another number",
    "State.Health.Log": "the last five health checks: new ones are made all the time …",
    "State.Health.FailingStreak": "… and one may be late on a busy machine; what they come to, the status, is compared",
    "ExecIDs": "the health check that runs at this very moment",
    "NetworkSettings.SandboxID": "the engine makes a network namespace at every start …",
    "NetworkSettings.SandboxKey": "… and names it anew",
    "NetworkSettings.Networks.*.EndpointID": "… with another end of the cable",
    "NetworkSettings.Networks.*.IPAddress": "the engine gives the lowest free address at every start",
    "NetworkSettings.Networks.*.MacAddress": "it is made from the address",
}
# New containers are what `docker compose up --force-recreate` is for: these belong to one container and not to its
# configuration.
OF_ONE_CONTAINER = {
    "Created": "it was made at another time",
    "GraphDriver.Data": "the folders of its own layer",
    "Config.Labels.com.docker.compose.replace": "Compose notes which container it took the place of",
}
CODE = """
import os, sys
for folder, below, names in os.walk(os.getcwd()):
    below[:] = [name for name in below if name not in ("__pycache__", "proc", "sys")]
    for name in names:
        path = os.path.join(folder, name)
        if path.endswith(".py"):
            print(path, os.lstat(path).st_mtime_ns)
"""


def docker(*words: str) -> str:
    """The output of a docker command that has to succeed."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"docker {' '.join(words[:3])}: {done.stderr.strip()}")
    return done.stdout


def stack_of(project: str, workspace: Path, *, anew: bool = False) -> Flat:
    """Everything that has to be as it was, one value a name. `anew`: its containers may be others of the same kind."""
    listed = docker("ps", "-aq", "--no-trunc", "--filter", f"label=com.docker.compose.project={project}").split()
    raws: list[dict[str, Any]] = json.loads(docker("inspect", *listed)) if listed else []
    found: Flat = {}
    for raw in raws:
        found |= {f"{raw['Name']} {name}": value for name, value in container(raw, anew=anew).items()}
        if raw["Config"]["Labels"].get("com.docker.compose.service") == "app" and raw["State"]["Status"] == "running":
            found |= {f"time of {line.split()[0]}": line.split()[1] for line in _code(raw["Id"]) if not anew}
    for kind in ("network", "volume"):
        names = docker(kind, "ls", "-q", "--filter", f"label=com.docker.compose.project={project}").split()
        found |= {f"{kind} {name}": "there" for name in names}
    found |= {f"container of the grader's: {name}": "there" for name in own_containers(project)}
    return found | {f"file {name}": digest for name, digest in files(workspace, raws)}


def container(raw: Mapping[str, Any], *, anew: bool) -> Flat:
    """What `docker inspect` says of one container, flat, without what is excluded."""
    text = json.dumps(raw)
    if anew:
        text = text.replace(raw["Id"], "<id>").replace(raw["Id"][:12], "<short id>")
    facts = json.loads(text)
    if anew:
        facts["Config"]["Env"].sort()  # Compose writes them in another order each time
    leave_out = {**EXCLUDED, **(OF_ONE_CONTAINER if anew else {})}
    return {name: value for name, value in flat(facts) if not _matches(name, leave_out)}


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A nested value as pairs; a list is one value, in an order of its own where the engine's means nothing."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield name, json.dumps(sorted(value, key=json.dumps) if name == "Mounts" else value, sort_keys=True)
    else:
        yield name, json.dumps(value)


def _matches(name: str, patterns: Mapping[str, str]) -> bool:
    for pattern in patterns:
        before, star, after = pattern.partition("*")
        if (
            name == pattern
            or name.startswith(f"{pattern}.")
            or (star and name.startswith(before) and name.endswith(after))
        ):
            return True
    return False


def own_containers(project: str) -> list[str]:
    """Names and states of the grader's own containers for a project."""
    words = ("--filter", "label=grader=1", "--filter", f"label=grader.project={project}")
    return docker("ps", "-a", *words, "--format", "{{.Names}} ({{.State}})").splitlines()


def files(workspace: Path, raws: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The files of a workspace, but for the grader's own notes and for folders that a service writes to."""
    written = {m["Source"] for raw in raws for m in raw["Mounts"] if m["Type"] == "bind" and m["RW"]}
    for folder, below, names in os.walk(workspace):
        below[:] = [name for name in below if name != ".grader" and str(Path(folder) / name) not in written]
        for name in sorted(names):
            path = Path(folder) / name
            yield str(path.relative_to(workspace)), hashlib.sha256(path.read_bytes()).hexdigest()


def differences(before: Flat, after: Flat) -> list[str]:
    """What is not as it was, in words."""
    names = sorted(before.keys() | after.keys())
    return [
        f"{name}: was {before.get(name, 'not there')[:120]}, is {after.get(name, 'not there')[:120]}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _code(identity: str) -> list[str]:
    return docker("exec", identity, "python3", "-c", CODE).splitlines()
