"""Stacks as other people have them: the audit finds the roles, and each verdict is the one that was argued for."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.stacks.throwaway import free_port

pytestmark = pytest.mark.docker
HERE = Path(__file__).parent
IMAGE = "course-outside"
STACKS = sorted(path.parent.name for path in HERE.glob("*/stack.toml"))
PORT = re.compile(r"\$\{([A-Z]+_PORT)")
AUDIT_SECONDS = 120


@dataclass(frozen=True)
class Outside:
    """A stack of this folder that runs, under a name and on ports of its own."""

    folder: Path
    project: str
    environment: dict[str, str]
    told: dict[str, Any]

    def compose(self, *words: str) -> None:
        files = [word for name in self.told.get("files", ()) for word in ("--file", name)]
        command = ["docker", "compose", "--project-name", self.project, *files, *words]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def audit(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [".venv/bin/python", "-m", "grader", "audit", self.project, "--format", "json", *words]
        return subprocess.run(
            command,
            cwd=HERE.parents[1],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=AUDIT_SECONDS,
        )


@pytest.fixture(scope="module")
def image() -> None:
    subprocess.run(["docker", "build", "--quiet", "--tag", IMAGE, str(HERE / "image")], check=True, timeout=600)


@pytest.fixture(params=STACKS)
def outside(request: pytest.FixtureRequest, image: None, tmp_path: Path) -> Iterator[Outside]:
    folder = HERE / request.param
    texts = [path.read_text(encoding="utf-8") for path in folder.iterdir()]
    ports = {name: str(free_port()) for text in texts for name in PORT.findall(text)}
    key = secrets.token_hex(32)
    project = f"outside-{request.param}-{secrets.token_hex(3)}"
    environment = os.environ | ports | {"STORE_KEY": key, "SECRET_KEY": key, "NAME": project}
    told = tomllib.loads((folder / "stack.toml").read_text(encoding="utf-8"))
    stack = Outside(folder, project, environment | {"XDG_STATE_HOME": str(tmp_path)}, told)
    try:
        stack.compose("up", "--detach", "--quiet-pull")
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "1")


def test_the_audit_says_of_a_stack_from_outside_what_is_argued_in_its_file(outside: Outside) -> None:
    told = outside.told
    if "question" in told:
        asked = outside.audit()
        assert (asked.returncode, asked.stdout) == (3, "")
        assert f"which service is the {told['question']}?" in asked.stderr
    roles = ["--role", told["told"]] if "told" in told else []

    done = outside.audit(*roles, *told.get("options", ()))

    report = json.loads(done.stdout)
    found = {role["role"]: role["services"] for role in report["roles"]}
    assert (found["edge"], found["app"]) == (told["edge"], told["app"])
    said = {row["id"]: (row["outcome"], row["because"]) for row in report["results"]}
    red = {name: because for name, (outcome, because) in said.items() if outcome == "fail"}
    assert sorted(red) == sorted(told["red"]), red
    guard = {"stack.host-headroom"}  # a busy machine says so itself
    unknown = {name: because for name, (outcome, because) in said.items() if outcome == "unknown"}
    assert set(unknown) - guard == set(told.get("unknown", ())), unknown
