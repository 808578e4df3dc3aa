"""Breaks that no check of their own lab notices are tried again where a later lab still holds the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.catalog import load, root
from grader.docs_runs import LATER, NOBODY, noticed
from tests.mutations.run import Break, breaks, held_last, known, reasons, settled


@pytest.fixture(scope="module")
def every() -> tuple[Break, ...]:
    return tuple(breaks(root(), load()))


def named(every: tuple[Break, ...], start: str) -> Break:
    return next(one for one in every if one.name.startswith(start))


@pytest.mark.parametrize(
    ("name", "lab"),
    (
        ("lab2-gunicorn/Dockerfile: without `ENV PYTHONUNBUFFERED", "lab6-monitoring"),
        ("lab2-gunicorn/compose.yaml: without `healthcheck:", "lab6-monitoring"),  # its lines there are others
        ('lab2-gunicorn/gunicorn.conf.py: without `accesslog = "-"`', "lab4-https"),  # lab 5 takes it out
    ),
)
def test_a_break_is_tried_again_in_the_last_lab_that_holds_the_line(
    every: tuple[Break, ...], tmp_path: Path, name: str, lab: str
) -> None:
    held = held_last(root(), load(), named(every, name), tmp_path)

    assert held is not None
    assert held.lab.id == lab
    path = tmp_path / lab / held.edit.file
    assert held.edit.applied(path.read_text(encoding="utf-8"))


def test_what_no_later_lab_builds_on_is_tried_once(every: tuple[Break, ...], tmp_path: Path) -> None:
    assert held_last(root(), load(), named(every, "lab6-monitoring/"), tmp_path) is None


def test_a_break_that_a_later_lab_notices_has_not_survived() -> None:
    later = {"noticed": [], "later": {"lab": "lab6-monitoring", "noticed": ["logs.unbuffered"]}}

    assert settled(later)
    assert noticed(later) == LATER
    assert noticed({"noticed": [], "later": {"lab": "lab6-monitoring", "noticed": []}}) == NOBODY
    assert noticed({"noticed": [], "later": {}}) == NOBODY
    assert not settled({"noticed": []})


def test_a_break_that_a_check_could_not_judge_is_tried_again_unless_somebody_noticed() -> None:
    late = ["stack.edge-reachable"]

    assert not settled({"noticed": [], "later": {"lab": "lab6-monitoring", "noticed": [], "unknown": late}})
    assert not settled({"noticed": [], "unknown": late, "later": {}})
    assert settled({"noticed": [], "later": {"lab": "x", "noticed": [], "unknown": ["stack.host-headroom"]}})
    assert settled({"noticed": ["a.a"], "unknown": late})
    assert settled({"noticed": [], "unknown": late, "later": {"lab": "x", "noticed": ["a.a"]}})


def test_what_nobody_notices_is_judged_and_what_somebody_does_is_not() -> None:
    unnoticed = {name for name, found in known().items() if noticed(found) == NOBODY}  # so far
    survivors = {name for name in unnoticed if settled(known()[name])}

    assert survivors <= set(reasons()) <= unnoticed


def test_what_was_run_is_still_a_break_of_a_solution(every: tuple[Break, ...]) -> None:
    assert set(known()) <= {one.name for one in every}
