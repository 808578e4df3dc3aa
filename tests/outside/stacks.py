"""The stacks of this folder: what their files say of them, and how they are brought up and audited."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.stacks.throwaway import free_port

HERE = Path(__file__).parent
REPO = HERE.parents[1]
IMAGE = "course-outside"
OWN = "own-image"  # the course's own image, which tests/labs/test_image.py builds
STACKS = tuple(sorted({path.parent.name for path in HERE.glob("*/stack.toml")} - {OWN}))
PORT = re.compile(r"\$\{([A-Z]+_PORT):-(\d+)")  # a port of the machine, and the one that is usual
BUSY = "stack.host-headroom"  # a busy machine says so itself
BUILD_SECONDS, AUDIT_SECONDS = 600, 180
TIMES = 3  # that an audit is asked, until the machine was quiet enough for each of its verdicts


@dataclass(frozen=True)
class Outside:
    """One stack that runs, under a name and on ports of its own. `told` is what its stack.toml says."""

    folder: Path
    project: str
    environment: dict[str, str]
    told: dict[str, Any]

    @property
    def words(self) -> tuple[str, ...]:
        """What has to be said to the audit of this stack."""
        role = ("--role", self.told["told"]) if "told" in self.told else ()
        return (*role, *self.told.get("options", ()))

    def compose(self, *words: str) -> None:
        files = [word for name in self.told.get("files", ()) for word in ("--file", name)]
        command = ["docker", "compose", "--project-name", self.project, *files, *words]
        subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, check=True)

    def audit(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [".venv/bin/python", "-m", "grader", "audit", self.project, *words],
            cwd=REPO,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=AUDIT_SECONDS,
        )


def audited(stack: Outside) -> str:
    """The audit's JSON, asked again where a verdict is missing only because other tests kept the machine busy."""
    printed = ""
    for _ in range(TIMES):
        done = stack.audit("--format", "json", *stack.words)
        assert done.returncode == 1, done.stderr
        printed = done.stdout
        if all(row["reason"] != "noisy host" or row["id"] == BUSY for row in json.loads(printed)["results"]):
            break
    return printed


def build_image() -> None:
    """The one image that most of them run; quick when it is there."""
    command = ["docker", "build", "--quiet", "--tag", IMAGE, str(HERE / "image")]
    subprocess.run(command, check=True, capture_output=True, timeout=BUILD_SECONDS)


@contextmanager
def running(name: str, state: Path, **variables: str) -> Iterator[Outside]:
    """A stack of this folder, brought up, and removed when the block ends. `state` is where the grader keeps things.

    `variables` are those of its Compose file that have no usual value here.
    """
    folder = HERE / name
    texts = [path.read_text(encoding="utf-8") for path in folder.iterdir()]
    ports = {variable: str(free_port()) for text in texts for variable, _ in PORT.findall(text)}
    key = secrets.token_hex(32)
    project = f"outside-{name}-{secrets.token_hex(3)}"
    environment = os.environ | ports | {"STORE_KEY": key, "SECRET_KEY": key, "NAME": project} | variables
    told = tomllib.loads((folder / "stack.toml").read_text(encoding="utf-8"))
    stack = Outside(folder, project, environment | {"XDG_STATE_HOME": str(state), "COLUMNS": "80"}, told)
    try:
        stack.compose("up", "--detach", "--quiet-pull")
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "1")


def disagreements(stack: Outside, printed: str) -> dict[str, object]:
    """Where the audit's JSON is not what is argued in the stack's file: roles, red checks, and what is unknown."""
    told, report = stack.told, json.loads(printed)
    found = {role["role"]: role["services"] for role in report["roles"]}
    wrong: dict[str, object] = {name: found[name] for name in ("edge", "app") if found[name] != told[name]}
    said = {row["id"]: (row["outcome"], row["because"]) for row in report["results"]}
    for word, argued in (("fail", told["red"]), ("unknown", told.get("unknown", {}))):
        seen = {name: because for name, (outcome, because) in said.items() if outcome == word and name != BUSY}
        wrong |= {name: f"{word}: {because}" for name, because in seen.items() if name not in argued}
        wrong |= {name: f"not {word}, though argued" for name in argued if name not in seen}
    return wrong


def as_usual(stack: Outside, text: str) -> str:
    """What the audit printed, with the project's and the ports' usual names."""
    for path in stack.folder.iterdir():
        for variable, usual in PORT.findall(path.read_text(encoding="utf-8")):
            text = re.sub(rf"\b{stack.environment[variable]}\b", usual, text)
    return text.replace(stack.project, stack.folder.name)
