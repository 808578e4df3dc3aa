"""Laying out a workspace never loses what a learner wrote."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from grader import course
from grader.catalog import Catalog, CourseError, load, root
from grader.model import Lab

ONE = Lab("lab1-one", "One", None, 1, "compose://compose.yaml", (), (), frozenset())
TWO = Lab("lab2-two", "Two", "lab1-one", 1, "compose://compose.yaml", (), (), frozenset())
CATALOG = Catalog((ONE, TWO), {})


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A course of two labs in a folder with a space and an accent in its name."""
    root = tmp_path / "my cours é"
    for name, text in {
        "labs/app/app.py": "app",
        "labs/app/__pycache__/app.pyc": "no",
        "labs/lab1-one/compose.yaml": "starter one",
        "labs/lab1-one/lab.toml": "not copied",
        "solutions/lab1-one/compose.yaml": "solved one",
        "labs/lab2-two/nginx.conf": "starter two",
        "solutions/lab2-two/nginx.conf": "solved two",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def wanted(base: Path, lab: Lab, *, solution: bool = False) -> dict[str, Path]:
    return course.files(course.layers(base, CATALOG, lab, solution=solution))


def test_a_workspace_is_the_app_and_every_layer_up_to_the_lab(base: Path) -> None:
    files = {name: path.read_text() for name, path in wanted(base, TWO).items()}

    assert files == {"app.py": "app", "compose.yaml": "solved one", "nginx.conf": "starter two"}


def test_the_solution_is_one_layer_more(base: Path) -> None:
    assert wanted(base, TWO, solution=True)["nginx.conf"].read_text() == "solved two"


def test_starting_twice_changes_nothing(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))

    again = course.start(tmp_path / "w", ONE, wanted(base, ONE))

    assert (again.written, again.kept, again.set_aside) == ((), (), ())


def test_what_was_changed_after_a_moment_is_of_the_lab_or_looks_like_it(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))
    for name in ("gunicorn.conf.py", "jar", "grader.toml", ".grader/notes.py", "old.py", "pinboard/mine.html"):
        (tmp_path / "w" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "w" / name).write_text("x")
    for path in (tmp_path / "w").rglob("*"):
        os.utime(path, (1000.0,) * 2 if path.name in ("old.py", "app.py") else (2000.0,) * 2)

    assert course.newer(tmp_path / "w", 1500.0) == ("compose.yaml", "gunicorn.conf.py", "pinboard/mine.html")
    assert course.newer(tmp_path / "w", 2000.0) == ()


@pytest.mark.parametrize(
    ("folder", "before", "after"),
    (
        ("lab1-one", "A=1\n", "A=1\n"),  # compose.yaml names the project already
        ("lab1-starter", "A=1\n", "A=1\nCOMPOSE_PROJECT_NAME=lab1-starter\n"),
        ("lab1-starter", "", "COMPOSE_PROJECT_NAME=lab1-starter\n"),
        ("_My Läb 1", "A=1", "A=1\nCOMPOSE_PROJECT_NAME=mylb1\n"),
        ("lab1-starter", "COMPOSE_PROJECT_NAME=mine\n", "COMPOSE_PROJECT_NAME=mine\n"),
        ("é", "A=1\n", "A=1\n"),  # no letter that a project may have
    ),
)
def test_a_second_workspace_of_a_lab_is_a_project_of_its_own(
    tmp_path: Path, folder: str, before: str, after: str
) -> None:
    workspace = tmp_path / folder
    course.start(workspace, ONE, {})
    (workspace / ".env").write_text(before)

    course.call_project_by_folder(workspace, ONE)
    course.call_project_by_folder(workspace, ONE)

    assert (workspace / ".env").read_text() == after


def test_what_names_the_project_is_the_course_s_and_does_not_go_along_to_the_next_lab(
    base: Path, tmp_path: Path
) -> None:
    (base / "labs/lab1-one/.env").write_text("A=1\n")
    course.start(tmp_path / "first", ONE, wanted(base, ONE))
    course.call_project_by_folder(tmp_path / "first", ONE)

    again = course.start(tmp_path / "first", ONE, wanted(base, ONE))
    course.call_project_by_folder(tmp_path / "first", ONE)
    course.go_on_from(tmp_path / "first", tmp_path / "lab2-two", TWO)

    assert (again.kept, again.set_aside) == ((), ())
    assert (tmp_path / "first/.env").read_text() == "A=1\nCOMPOSE_PROJECT_NAME=first\n"
    assert (tmp_path / "lab2-two/.env").read_text() == "A=1\n"


def test_start_keeps_what_the_learner_changed_and_names_it(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))
    (tmp_path / "w/compose.yaml").write_text("mine")

    again = course.start(tmp_path / "w", ONE, wanted(base, ONE))

    assert (tmp_path / "w/compose.yaml").read_text() == "mine"
    assert again.kept == ("compose.yaml",)
    assert not (tmp_path / "w/compose.yaml.new").exists()


def test_a_newer_version_of_a_changed_file_is_laid_beside_it(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))
    (tmp_path / "w/compose.yaml").write_text("mine")
    (base / "labs/lab1-one/compose.yaml").write_text("newer starter")

    course.start(tmp_path / "w", ONE, wanted(base, ONE))

    assert (tmp_path / "w/compose.yaml").read_text() == "mine"
    assert (tmp_path / "w/compose.yaml.new").read_text() == "newer starter"


def test_an_untouched_file_follows_the_course(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))
    (base / "labs/lab1-one/compose.yaml").write_text("newer starter")

    assert course.start(tmp_path / "w", ONE, wanted(base, ONE)).written == ("compose.yaml",)
    assert (tmp_path / "w/compose.yaml").read_text() == "newer starter"


def test_reset_sets_the_learners_file_aside_and_never_overwrites_an_earlier_one(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))
    (tmp_path / "w/compose.yaml").write_text("first try")
    course.start(tmp_path / "w", ONE, wanted(base, ONE), replace=True)
    (tmp_path / "w/compose.yaml").write_text("second try")

    laid = course.start(tmp_path / "w", ONE, wanted(base, ONE), replace=True)

    assert laid.set_aside == (("compose.yaml", "compose.yaml.mine-2"),)
    assert (tmp_path / "w/compose.yaml").read_text() == "starter one"
    assert (tmp_path / "w/compose.yaml.mine").read_text() == "first try"
    assert (tmp_path / "w/compose.yaml.mine-2").read_text() == "second try"


def test_going_on_from_the_previous_lab_takes_the_learners_own_files(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "one", ONE, wanted(base, ONE))
    (tmp_path / "one/compose.yaml").write_text("my own solution")
    (tmp_path / "one/compose.yaml.mine").write_text("set aside by an earlier lab")

    course.go_on_from(tmp_path / "one", tmp_path / "two", TWO)
    course.start(tmp_path / "two", TWO, course.files((base / "labs/lab2-two",)), replace=True)

    assert not (tmp_path / "two/compose.yaml.mine").exists()
    assert (tmp_path / "two/compose.yaml").read_text() == "my own solution"
    assert (tmp_path / "two/nginx.conf").read_text() == "starter two"
    assert course.lab_of(tmp_path / "two") == "lab2-two"


def test_another_labs_workspace_is_refused(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))

    with pytest.raises(CourseError, match="is the workspace of lab1-one; choose another folder with --into"):
        course.start(tmp_path / "w", TWO, wanted(base, TWO))


def test_a_file_in_the_place_of_the_workspace_is_refused(base: Path, tmp_path: Path) -> None:
    (tmp_path / "w").write_text("a file")

    with pytest.raises(CourseError, match="is a file"):
        course.start(tmp_path / "w", ONE, wanted(base, ONE))


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".grader").mkdir()
    (tmp_path / ".grader/workspace.json").write_text("{broken")

    with pytest.raises(CourseError, match=r"workspace\.json: cannot be read"):
        course.lab_of(tmp_path)


def test_the_diff_shows_the_way_to_the_reference_and_nothing_when_there(base: Path, tmp_path: Path) -> None:
    course.start(tmp_path / "w", ONE, wanted(base, ONE))
    solution = wanted(base, ONE, solution=True)

    assert "-starter one\n+solved one\n" in course.diff(tmp_path / "w", solution)

    course.start(tmp_path / "w", ONE, solution, replace=True)
    assert course.diff(tmp_path / "w", solution) == ""


def test_a_binary_file_is_named_in_a_diff_and_not_shown(base: Path, tmp_path: Path) -> None:
    (base / "labs/app/picture.png").write_bytes(b"\x89PNG\0\0one")
    course.start(tmp_path / "w", ONE, wanted(base, ONE))
    (tmp_path / "w/picture.png").write_bytes(b"\x89PNG\0\0two")

    assert "picture.png: differs" in course.diff(tmp_path / "w", wanted(base, ONE))


def test_going_on_replaces_what_the_learner_never_changed_and_keeps_what_they_did(base: Path, tmp_path: Path) -> None:
    (base / "labs/lab2-two/compose.yaml").write_text("starter two")
    (base / "labs/lab2-two/app.py").write_text("app two")
    course.start(tmp_path / "one", ONE, wanted(base, ONE))
    (tmp_path / "one/app.py").write_text("my app")

    course.go_on_from(tmp_path / "one", tmp_path / "two", TWO)
    laid = course.start(tmp_path / "two", TWO, course.files((base / "labs/lab2-two",)), replace=True)

    assert (tmp_path / "two/compose.yaml").read_text() == "starter two"
    assert laid.set_aside == (("app.py", "app.py.mine"),)


@pytest.mark.parametrize("lab", [lab.id for lab in load().labs])
def test_what_a_starter_runs_for_certbot_was_given_and_not_left_to_a_solution(lab: str) -> None:
    """Whoever solved the lab before in another way has no file of the reference solution."""
    compose = root() / "labs" / lab / "compose.yaml"
    wanted = (
        set(re.findall(r"/certbot/([\w.-]+\.sh)", compose.read_text(encoding="utf-8"))) if compose.exists() else set()
    )
    given = {path.name for path in (root() / "labs").glob("*/certbot/*.sh")}

    assert wanted - given == set()
