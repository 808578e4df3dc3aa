"""`grader measure` without a stack: what bad input gets, and that the ladder is shown without measuring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.ladder import Figures, Row, written
from grader.measuring import file_of
from grader.probes.stage import FIXED
from tests.typed import grader
from tests.unit.test_cli import NO_ENGINE

GOT = Figures(50.0, 100.0, 300.0, 0)
ROW = Row("lab2-gunicorn", "2026-01-02T03:04:05+00:00", "gunicorn", GOT, GOT, 84.0, 0.0, 0.9, 2)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "my labs é" / "lab2"
    done = grader("start", "lab2", "--into", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_takes_twenty_seconds_at_most() -> None:
    assert 2 * (FIXED.warm_up + FIXED.seconds) + 2 < 20


def test_all_labs_of_a_folder_share_one_ladder(workspace: Path) -> None:
    assert file_of(workspace) == workspace.parent.resolve() / ".grader" / "ladder.json"
    assert file_of(workspace.parent / "lab3") == file_of(workspace)


def test_a_lab_without_a_load_names_those_that_have_one(tmp_path: Path) -> None:
    done = grader("measure", "lab4", cwd=tmp_path)
    said = " ".join(done.stderr.split())
    assert (done.returncode, "lab4-https has no load of its own: labs 1, 2 and 3 have" in said) == (2, True)
    assert "grader measure lab3" in said


def test_a_folder_that_is_no_workspace_asks_which_lab(tmp_path: Path) -> None:
    done = grader("measure", cwd=tmp_path)
    assert (done.returncode, "which lab?" in done.stderr) == (2, True)


def test_without_an_engine_it_says_what_to_start(workspace: Path) -> None:
    done = grader("measure", cwd=workspace, DOCKER_HOST=NO_ENGINE)
    assert (done.returncode, "no Docker engine answers" in done.stderr, "Next: " in done.stderr) == (3, True, True)


def test_the_ladder_is_shown_without_measuring(workspace: Path) -> None:
    file_of(workspace).parent.mkdir()
    file_of(workspace).write_text(written([ROW]))
    shown = grader("measure", "--ladder", cwd=workspace, DOCKER_HOST=NO_ENGINE)
    assert (shown.returncode, "lab2  Gunicorn" in shown.stdout) == (0, True)
    data = grader("measure", "--ladder", "--format", "json", cwd=workspace, DOCKER_HOST=NO_ENGINE)
    assert json.loads(data.stdout)["rows"][0]["alone"]["throughput"] == 50.0


def test_a_ladder_that_cannot_be_read_is_said_before_the_work(workspace: Path) -> None:
    file_of(workspace).parent.mkdir()
    file_of(workspace).write_text("{")
    for words in (("measure",), ("measure", "--ladder")):
        done = grader(*words, cwd=workspace, DOCKER_HOST=NO_ENGINE)
        said = " ".join(done.stderr.split())
        assert (done.returncode, "is no ladder of this grader" in said, "Move it away" in said) == (2, True, True)
