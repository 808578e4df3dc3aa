"""Which Compose project is meant, and the plain words for when it is not there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shlex import quote

import docker

from grader.model import Reason
from grader.stacks.base import CouldNotLook
from grader.stacks.facts import PROJECT, WORKING_DIR

COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
UP = "docker compose up -d --build"


def find_project(api: docker.APIClient, word: str, workspace: Path | None, usual: str) -> str:
    """The name of the project that `word` (the part after compose://) or the workspace means.

    A workspace's project is the one that was started from that folder, whatever it is called.
    """
    running = _projects(api)
    if word and not word.endswith((".yaml", ".yml")):
        return _by_name_or_folder(word, running)
    if workspace is None:
        raise CouldNotLook(
            Reason.UNREACHABLE, f"no workspace of {usual or 'this lab'} here", hint=f"grader start {usual}".strip()
        )
    here, mine = _started_from(workspace, running)
    if usual in mine or len(mine) == 1:
        return usual if usual in mine else mine[0]
    if mine:
        raise _several(mine, here)
    if usual in running:
        raise CouldNotLook(
            Reason.UNREACHABLE,
            f"a stack called {usual} is running, but it was started from {running[usual]}, not from {here}",
            hint=f"end it with `docker compose -p {usual} down`, or grade it with --stack compose://{usual}",
        )
    raise _not_started(workspace, usual)


def _projects(api: docker.APIClient) -> dict[str, str]:
    """The folder that each Compose project on the engine was started from."""
    found: dict[str, str] = {}
    for container in api.containers(all=True, filters={"label": PROJECT}):
        labels = container.get("Labels") or {}
        if labels[PROJECT]:  # a copy of the grader's own has it empty
            found.setdefault(labels[PROJECT], labels.get(WORKING_DIR, ""))
    return found


def _by_name_or_folder(word: str, running: dict[str, str]) -> str:
    if word in running:
        return word
    missed = f"no Compose project '{word}' is running"
    if "/" in word:
        here, mine = _started_from(Path(word), running)
        if len(mine) == 1:
            return mine[0]
        if mine:
            raise _several(mine, here)
        missed = f"no Compose project was started from {here}"
    known = ", ".join(sorted(running)) or "none"
    raise CouldNotLook(Reason.UNREACHABLE, f"{missed} (running: {known})", hint="docker compose ls")


def _started_from(folder: Path, running: dict[str, str]) -> tuple[str, list[str]]:
    """The folder without links in its path, and the projects that were started from there."""
    here = str(folder.resolve())
    return here, sorted(name for name, started_from in running.items() if started_from == here)


def _several(mine: list[str], here: str) -> CouldNotLook:
    return CouldNotLook(
        Reason.UNREACHABLE,
        f"{len(mine)} stacks were started from {here}: {', '.join(mine)}",
        hint=f"say which one: `--stack compose://{mine[0]}`, or `grader audit {mine[0]}`",
    )


def _not_started(workspace: Path, usual: str) -> CouldNotLook:
    """Why a workspace has no stack: no Compose file, a broken one, or it was not started."""
    if not any((workspace / name).is_file() for name in COMPOSE_FILES):
        return CouldNotLook(
            Reason.UNREACHABLE, f"{workspace} has no compose.yaml", hint=f"grader reset {usual} brings it back"
        )
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"], cwd=workspace, capture_output=True, check=False, timeout=20
    )
    if done.returncode:
        return CouldNotLook(
            Reason.UNREACHABLE,
            "the Compose file cannot be read: " + done.stderr.decode("utf-8", "replace"),
            hint=f"cd {quote(str(workspace))} && docker compose config",
        )
    return CouldNotLook(
        Reason.UNREACHABLE,
        f"the stack of {workspace.name} is not started",
        hint=f"cd {quote(str(workspace))} && {UP}",
    )
