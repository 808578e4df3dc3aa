"""What does not fit together is refused at start, with file, key and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import catalog
from grader.catalog import CourseError

GOOD = """schema = 1
title = "One"
minutes = 5
stack = "compose://compose.yaml"

[[steps]]
id = "first"
title = "First"
checks = ["stack.stack-up"]
"""


def write(base: Path, text: str, name: str = "lab1-one") -> Path:
    path = base / "labs" / name / "lab.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("word", "ids"),
    (
        ("alerts.alert-delivered", {"alerts.alert-delivered"}),
        ("alert-delivered", {"alerts.alert-delivered"}),
        ("readiness", None),
    ),
)
def test_a_check_is_chosen_by_its_name(word: str, ids: set[str] | None) -> None:
    if ids is None:
        with pytest.raises(CourseError):
            catalog.load().chosen([word], catalog.load().lab("lab6"))
    else:
        assert set(catalog.load().chosen([word], catalog.load().lab("lab6"))) == ids


def test_a_topic_chooses_all_of_its_checks() -> None:
    course = catalog.load()
    for lab in ("lab6", "lab1"):  # in lab 1 none of them is taught yet: then all are meant
        chosen = course.chosen(["alerts"], course.lab(lab))
        assert "alerts.alert-app-down" in chosen
        assert len(chosen) > 3
        assert all(name.startswith("alerts.") for name in chosen)


def test_a_topic_of_a_lab_leaves_out_what_only_later_labs_teach() -> None:
    course = catalog.load()
    early, late = (course.chosen(["session"], course.lab(lab)) for lab in ("lab2", "lab4"))

    assert "session.cookie-secure" not in early
    assert set(early) < set(late)


@pytest.mark.parametrize(
    ("change", "message"),
    (
        (("minutes = 5", "minuets = 5"), "line 3: no key 'minuets'; did you mean 'minutes'?"),
        (('id = "first"', 'idd = "first"'), "line 7: no key 'idd'; did you mean 'id'?"),
        (("stack.stack-up", "stack.stak-up"), "step first: no check 'stack.stak-up'; did you mean 'stack.stack-up'?"),
        (("schema = 1", "schema = 9"), "schema = 9; this grader reads schema = 1"),
        (("minutes = 5", "minutes = "), "not valid TOML"),
        (('title = "One"\n', ""), "the key 'title' is missing"),
        (("minutes = 5", 'minutes = 5\nafter = "lab0-none"'), "after = 'lab0-none': no such lab"),
        (("minutes = 5", 'minutes = 5\nafter = "lab1-one"'), "goes round in a circle"),
        (("minutes = 5", 'minutes = 5\nstarter_fails = ["nope.nope"]'), "starter_fails: no check 'nope.nope'"),
    ),
)
def test_a_lab_that_does_not_fit_is_refused_by_name_and_place(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    write(tmp_path, GOOD.replace(*change, 1))

    with pytest.raises(CourseError) as refused:
        catalog.load(tmp_path)

    assert message in str(refused.value)
    assert "lab1-one" in str(refused.value)


def test_a_check_belongs_to_one_lab_only(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "lab2-two")

    with pytest.raises(CourseError, match=r"'stack.stack-up' belongs to lab1-one already"):
        catalog.load(tmp_path)


@pytest.mark.parametrize("word", ("lab3-nginx", "lab3", "3", "nginx", "LAB3"))
def test_a_lab_answers_to_all_its_names(word: str) -> None:
    assert catalog.load().lab(word).id == "lab3-nginx"


def test_an_unknown_lab_gets_the_nearest_name() -> None:
    with pytest.raises(CourseError, match="no lab 'ngnix'; did you mean 'nginx'"):
        catalog.load().lab("ngnix")


def test_an_unknown_check_gets_the_nearest_name() -> None:
    with pytest.raises(CourseError, match="no check 'debugger-of'; did you mean 'debugger-off'"):
        catalog.load().check("debugger-of")


def test_a_check_answers_to_the_part_after_the_dot() -> None:
    assert catalog.load().check("debugger-off").id == "debug.debugger-off"


def test_every_check_of_the_course_is_taught_in_exactly_one_step() -> None:
    found = catalog.load()

    taught = [name for lab in found.labs for name in lab.checks]
    assert sorted(taught) == sorted(found.checks)
    assert len(taught) >= 119  # none of the catalogue got lost


def test_labs_come_in_the_order_of_the_path() -> None:
    assert [lab.id for lab in catalog.load().labs] == [
        "lab1-flask-run",
        "lab2-gunicorn",
        "lab3-nginx",
        "lab4-https",
        "lab5-logging",
        "lab6-monitoring",
        "central-logging",
    ]


def test_electives_come_after_the_path_wherever_they_branch_off(tmp_path: Path) -> None:
    steps = GOOD.replace('checks = ["stack.stack-up"]', "checks = []")
    write(tmp_path, steps)
    write(tmp_path, steps.replace("minutes = 5", 'minutes = 5\nafter = "lab1-one"'), "apart-two")
    write(tmp_path, steps.replace("minutes = 5", 'minutes = 5\nafter = "lab1-one"'), "lab2-two")
    write(tmp_path, steps.replace("minutes = 5", 'minutes = 5\nafter = "lab2-two"'), "lab3-three")

    found = catalog.load(tmp_path)

    assert [lab.id for lab in found.labs] == ["lab1-one", "lab2-two", "lab3-three", "apart-two"]
    assert found.lab("two").id == "lab2-two"
    assert [before.id for before in found.before(found.lab("apart-two"))] == ["lab1-one"]


def test_every_rule_why_fix_and_source_says_something() -> None:
    for check in catalog.load().checks.values():
        for text in (check.title, check.rule, check.why, check.fix, check.source):
            assert len(text) > 3, check.id
        for word in ("simply", " we ", "We "):
            assert word not in " ".join((check.title, check.rule, check.why, check.fix)), (check.id, word)
