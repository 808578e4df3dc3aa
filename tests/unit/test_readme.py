"""What the README says about adding a check and a lab is true: the text is taken from it and done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.catalog import root

README = (root() / "README.md").read_text(encoding="utf-8")
LINES = 15
IMPORTS = """from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.http import Get, HttpAnswer
"""


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copy = tmp_path / "a copy"
    for name in ("grader", "labs", "solutions", "docs/_generated", "docs/_recorded", "docs/reference"):
        shutil.copytree(root() / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests/mutants").mkdir(parents=True)
    return copy


def grader(project: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "grader", *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("title", ("Add a check", "Add a lab"))
def test_a_recipe_is_short(title: str) -> None:
    longest = max((block.splitlines() for block in section(title).split("```")), key=len)

    assert len(longest) <= LINES


def test_the_check_of_the_readme_works_as_it_stands(project: Path) -> None:
    code = re.search(r"```python\n(.*?)```", section("Add a check"), re.DOTALL)
    assert code is not None
    (project / "grader/checks/mine.py").write_text(IMPORTS + code.group(1))
    toml = project / "labs/lab3-nginx/lab.toml"
    step = '  "proxy.path-and-method-preserved",'
    toml.write_text(toml.read_text().replace(step, f'{step}\n  "forwarded.no-via",'))

    assert "Responses do not say which proxies they passed" in grader(project, "explain", "no-via")
    gate = grader(project, "dev", "check", "--no-docker")
    assert "forwarded.no-via: no mutant turns it red; add one to tests/mutants" in gate
    assert "forwarded.no-via: no recorded fail; run `grader dev check --record`" in gate
    assert "docs/_generated/lab3-nginx.md: not current; run `grader docs`" in gate


def test_the_lab_of_the_readme_is_found_and_its_keys_are_those_that_are_named(project: Path) -> None:
    named = re.findall(r"`([a-z]+)`", section("Add a lab").partition("lab.toml` with")[2].partition(";")[0])
    values = {"schema": "1", "title": '"Mine"', "after": '"lab3-nginx"', "minutes": "5"}
    values["stack"] = '"compose://compose.yaml"'
    lab = project / "labs/lab4-name"
    lab.mkdir()
    steps = '[[steps]]\nid = "one"\ntitle = "One"\nchecks = []\n'
    (lab / "lab.toml").write_text("\n".join(f"{key} = {values[key]}" for key in named) + "\n" + steps)

    assert "lab4-name          Mine (5 minutes, 0 checks)" in grader(project, "list")


def test_the_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root() / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets
