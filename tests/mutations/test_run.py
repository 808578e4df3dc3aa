"""Breaks that no check of their own lab notices are tried again where a later lab still holds the line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.catalog import load, root
from grader.docs.runs import LATER, NOBODY, noticed
from tests.mutations import run
from tests.mutations.edits import Edit
from tests.mutations.run import (
    Break,
    Trials,
    Waiting,
    breaks,
    groups,
    held_last,
    known,
    one_by_one,
    overlap,
    reasons,
    settled,
)


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


def test_a_service_that_no_stack_of_the_gate_starts_is_not_broken(every: tuple[Break, ...]) -> None:
    solution = (root() / "solutions/lab6-monitoring/compose.yaml").read_text(encoding="utf-8")

    assert "grafana:" in solution
    assert [one.name for one in every if "GF_" in one.name or "grafana" in one.name] == []


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


def test_a_break_that_a_check_has_a_reason_not_to_know_is_done_when_it_is_judged(
    every: tuple[Break, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = every[:2]
    late = {"noticed": [], "unknown": ["alerts.alert-app-down"], "later": {}}
    monkeypatch.setattr(run, "known", lambda: {one.name: late, other.name: late})
    monkeypatch.setattr(run, "reasons", lambda: {one.name: "Rules are computed once a minute."})

    assert Trials(root(), load(), again=False).open((one, other)) == [other]


def test_what_nobody_notices_is_judged_and_what_somebody_does_is_not() -> None:
    unnoticed = {name for name, found in known().items() if noticed(found) == NOBODY}  # so far
    survivors = {name for name in unnoticed if settled(known()[name])}

    assert survivors <= set(reasons()) <= unnoticed


def test_what_was_run_is_still_a_break_of_a_solution(every: tuple[Break, ...]) -> None:
    assert set(known()) <= {one.name for one in every}


def alike(number: int, file: str = "a.conf") -> Waiting:
    """A break of one line; ten lines lie between one and the next."""
    one = Break(load().lab("lab3"), Edit(file, "drop", number * 10, number * 10 + 1, f"x{number};\n", ""))
    return Waiting(one, one)


def asked(group: list[Waiting], bad: set[Waiting], unsure: frozenset[int] = frozenset()) -> tuple[list[int], set[str]]:
    """How many were asked about at a time, and which of them were noticed, when the checks notice `bad`."""
    sizes: list[int] = []

    def ask(some: Sequence[Waiting]) -> dict[str, Any]:
        sizes.append(len(some))
        unknown = ["a.b"] if len(some) in unsure else []
        return {"noticed": ["a.a"] if bad & set(some) else [], "unknown": unknown}

    found = {one.first.name for one, said in one_by_one(group, ask) if said["noticed"]}
    return sizes, found


def test_breaks_that_nobody_notices_together_are_asked_about_once() -> None:
    assert asked([alike(n) for n in range(4)], set()) == ([4], set())


def test_of_breaks_that_are_noticed_together_each_half_is_asked_about_again() -> None:
    four = [alike(n) for n in range(4)]

    assert asked(four, {four[2]}) == ([4, 2, 2, 1, 1], {four[2].first.name})


def test_what_could_not_be_judged_together_is_asked_about_in_halves() -> None:
    assert asked([alike(n) for n in range(4)], set(), frozenset({4})) == ([4, 2, 2], set())


def test_breaks_of_one_stack_do_not_touch_and_lie_in_different_files() -> None:
    block, inside = Edit("a.conf", "drop", 3, 9, "", ""), Edit("a.conf", "drop", 5, 6, "", "")
    apart = groups([alike(n, file) for file in ("a.conf", "b.conf") for n in range(3)], size=2)

    assert overlap(block, inside)
    assert not overlap(alike(1).held.edit, alike(2).held.edit)
    assert [{one.held.edit.file for one in group} for group in apart] == [{"a.conf", "b.conf"}] * 3
    lab = load().lab("lab3")
    both = [Waiting(Break(lab, edit), Break(lab, edit)) for edit in (block, inside)]
    assert len(groups(both, size=4)) == 2
