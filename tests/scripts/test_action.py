"""The GitHub Action: its form, and its steps run for real as a runner does. GitHub itself is not here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from grader.catalog import root
from tests.labs.conftest import Running, running
from tests.scripts.test_committed_files import project_files

ACTION: dict[str, Any] = yaml.safe_load((root() / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{ *([a-z.-]+) *\}\}")
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # what a runner makes of `shell: bash`
REPORTS = {"report.html", "report.md", "report.json", "junit.xml"}


def test_it_has_the_form_of_a_composite_action() -> None:
    assert set(ACTION) == {"name", "description", "inputs", "outputs", "runs"}
    assert set(ACTION["runs"]) == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    for given in ACTION["inputs"].values():
        assert set(given) <= {"description", "required", "default"}
        assert ("required" in given) != ("default" in given)
    for step in STEPS:
        assert set(step) <= {"name", "id", "shell", "env", "run"}
        assert step["shell"] == "bash"


def test_every_expression_names_an_input_or_an_output_that_there_is() -> None:
    used = {name for step in STEPS for value in step.get("env", {}).values() for name in EXPRESSION.findall(value)}
    given = {f"inputs.{name}" for name in ACTION["inputs"]}
    script = next(step["run"] for step in STEPS if step.get("id") == "audit")

    assert used == given
    for name, output in ACTION["outputs"].items():
        assert EXPRESSION.findall(output["value"]) == [f"steps.audit.outputs.{name}"]
        assert f'echo "{name}=' in script


def test_the_step_that_audits_comes_last() -> None:
    assert [step.get("id") for step in STEPS] == [*[None] * (len(STEPS) - 1), "audit"]


def test_the_page_names_every_input_output_and_report() -> None:
    page = (root() / "docs/reference/pipeline.md").read_text(encoding="utf-8")

    for name in ACTION["inputs"]:
        assert f"\n| `{name}` | " in page
    for name in (*ACTION["outputs"], *REPORTS):
        assert f"`{name}`" in page


def test_no_input_is_put_into_a_script() -> None:
    assert [step["name"] for step in STEPS if "${{" in step["run"]] == []


class Runner:
    """What of a runner the action can notice: its own copy, a folder to work in, and the files it writes to."""

    def __init__(self, folder: Path) -> None:
        self.action = folder / "_actions" / "owner" / "repo" / "v1"
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        for file in project_files():
            place = self.action / file.relative_to(root())
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)

    def run(self, step: dict[str, Any], **inputs: str) -> subprocess.CompletedProcess[str]:
        given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()} | inputs
        for name in ("summary", "output"):
            (self.work / name).write_text("")
        script = self.work / "script.sh"
        script.write_text(step["run"])
        variables = {
            name: EXPRESSION.sub(lambda found: given[found[1].removeprefix("inputs.")], value)
            for name, value in step.get("env", {}).items()
        }
        return subprocess.run(
            [*BASH, str(script)],
            cwd=self.work,
            env={
                **os.environ,
                **variables,
                "XDG_STATE_HOME": str(self.work / "state"),
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_STEP_SUMMARY": str(self.work / "summary"),
                "GITHUB_OUTPUT": str(self.work / "output"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def audit(self, **inputs: str) -> tuple[int, dict[str, str], str]:
        """Exit code, outputs and summary of the step that audits."""
        done = self.run(next(step for step in STEPS if step.get("id") == "audit"), **inputs)
        outputs = dict(line.split("=", 1) for line in (self.work / "output").read_text().splitlines())
        return done.returncode, outputs, (self.work / "summary").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner on which all steps but the last have been run: the grader is installed from the locks."""
    made = Runner(tmp_path_factory.mktemp("runner"))
    for step in STEPS[:-1]:
        done = made.run(step)
        assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture(scope="module")
def lab2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("action") / "lab 2", "lab2")


@pytest.mark.docker
def test_it_writes_the_summary_the_reports_and_the_exit_code(runner: Runner, lab2: Running) -> None:
    project = lab2.stack.project

    code, outputs, summary = runner.audit(project=project, options="--only debug\n--role app=app", reports="my reports")

    reports = {path.name: path.read_text(encoding="utf-8") for path in (runner.work / "my reports").iterdir()}
    assert code == 0, summary
    assert outputs == {"exit-code": "0", "reports": "my reports"}
    assert set(reports) == REPORTS
    assert summary == reports["report.md"]
    assert summary.startswith("## ✅ ")
    assert json.loads(reports["report.json"])["stack"] == project


@pytest.mark.docker
def test_what_fails_ends_the_step_with_its_code_and_still_leaves_the_reports(runner: Runner, lab2: Running) -> None:
    code, outputs, summary = runner.audit(project=lab2.stack.project, options="--only proxy.proxy-in-front")

    assert code == 1
    assert outputs["exit-code"] == "1"
    assert summary.startswith("## ❌ ")
    assert {path.name for path in (runner.work / "grader-reports").iterdir()} == REPORTS


@pytest.mark.docker
def test_a_stack_that_is_not_there_is_said_and_leaves_no_report_of_an_earlier_run(runner: Runner) -> None:
    (runner.work / "grader-reports").mkdir(exist_ok=True)
    (runner.work / "grader-reports/report.md").write_text("## all fine\n")

    code, outputs, summary = runner.audit(project="$(touch injected); nobody")

    assert code == 3
    assert outputs["exit-code"] == "3"
    assert summary == "The grader could not look at the stack; the log of this step says why.\n"
    assert not (runner.work / "injected").exists()
