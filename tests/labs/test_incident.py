"""Given a stack that somebody broke, when it is mended, then the incident is solved, and nothing of it is left."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.catalog import root
from grader.incidents import incidents
from tests.labs.conftest import docker

pytestmark = pytest.mark.docker

LAB, NAME, FILE = "lab1-flask-run", "hard-coded-config", "pinboard/config.py"


class Project:
    """A copy of the project: incidents are laid out in its folder `work`, and not in that of whoever runs the tests."""

    def __init__(self, base: Path) -> None:
        self.base = base
        for name in ("grader", "labs", "solutions", "tests/mutants", "tests/variants"):
            shutil.copytree(root() / name, base / name, ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def workspace(self) -> Path:
        return self.base / "work/incident-1"

    def grader(self, *words: str, here: bool = False) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "grader", *words],
            cwd=self.workspace if here else self.base,
            env={**os.environ, "PYTHONPATH": str(self.base), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("incident") / "the course")
    yield project
    project.grader("incident", "end")


def test_an_incident_is_met_by_its_symptom_solved_and_removed_without_a_trace(project: Project) -> None:
    of_lab = [one for one in incidents(root()) if one.lab == LAB]
    told = next(one for one in of_lab if one.name == NAME)

    code, said = project.grader("incident", "lab1", "--pick", str(of_lab.index(told)))
    assert code == 0, said
    assert f"{told.told_by}: {told.symptom}" in said
    given_away = {
        path.name for path in project.workspace.rglob("*") if path.is_file() and NAME.encode() in path.read_bytes()
    }
    assert given_away == set()

    assert project.grader("hint", here=True) == (0, told.hints[0])
    code, said = project.grader("check", here=True)
    assert code == 1, said
    assert re.fullmatch(r"Not yet: 1 of \d+ checks is red\. `grader incident hint` says where to look\.", said)
    code, said = project.grader("diff", here=True)
    assert code == 2
    assert "the difference is the answer" in said

    shutil.copy(project.base / "solutions" / LAB / FILE, project.workspace / FILE)
    up = ["docker", "compose", "up", "--detach", "--build", "--wait"]
    subprocess.run(up, cwd=project.workspace, check=True, capture_output=True)  # as typed there: .env says which stack
    code, said = project.grader("check", here=True)
    assert code == 0, said
    assert re.match(r"Solved after \d+ min \d+ s, with 1 hint\. The cause: ", said)

    assert project.grader("incident", "end")[0] == 0
    assert not project.workspace.exists()
    for kind in ("container", "volume", "network"):
        names = "{{.Names}}" if kind == "container" else "{{.Name}}"
        listed = docker(kind, "ls", *(["--all"] if kind == "container" else []), "--format", names)
        assert [name for name in listed.split() if name.startswith("incident-1")] == []
    (record,) = json.loads((project.base / "work/incidents.json").read_text())
    assert record["solved"] > record["started"]
    assert "incident-1 lab1-flask-run, solved after" in project.grader("status")[1]
