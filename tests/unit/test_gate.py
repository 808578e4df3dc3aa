"""The gate compares exactly: what is red and was not declared is a problem, and so is the reverse."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.catalog import Catalog, CourseError
from grader.commands.making import dev_check
from grader.gate import gate
from grader.gate.evidence import disagreement, evidence_problems, keep
from grader.gate.gate import slice_of, undeclared
from grader.gate.seen import Red
from grader.gate.stacks import Case, Edit, as_declared, cases, chosen_checks, differences, lay_out
from grader.gate.stacks import Outcome as Tried
from grader.model import (
    Check,
    Lab,
    NotShown,
    Outcome,
    Reason,
    Result,
    Step,
    Verdict,
    Weight,
    failed,
    passed,
    skipped,
    unknown,
)
from grader.plan import Options, plan
from grader.probes.http import Get, HttpAnswer

ANSWER = HttpAnswer(200, (), "x", 1, "", 0.0)
LAB = Lab("lab1-one", "One", None, 1, "compose://compose.yaml", (), (Step("s", "S", ("a.a", "b.b")),), frozenset())
NEXT = Lab("lab2-two", "Two", "lab1-one", 1, "compose://compose.yaml", (), (Step("t", "T", ("c.c",)),), frozenset())


def judge(answer: HttpAnswer) -> Verdict:
    return passed("200") if answer.status == 200 else failed("bad", hint="h", reproduce="curl", shows="bad")


class Kill(Get):
    disturbs = True


def check(name: str, **more: object) -> Check[HttpAnswer]:
    weight, probe = more.pop("weight", Weight.MAJOR), more.pop("probe", Get(f"/{name}"))
    return Check(name, name, "rule", "why", weight, probe, judge, (), "source", "fix", **more)  # type: ignore[arg-type]  # told by name


CATALOG = Catalog((LAB, NEXT), {name: check(name) for name in ("a.a", "b.b", "c.c")})
RED = failed("broken", hint="h", reproduce="curl", shows="bad")


def case(*fails: str, kind: str = "mutant", waived: tuple[str, ...] = ()) -> Case:
    return Case(kind, "sample", LAB, frozenset(fails), frozenset(waived))


def results(**verdicts: Verdict) -> tuple[Result, ...]:
    return tuple(Result(check(f"{name}.{name}"), verdict, 0.1) for name, verdict in verdicts.items())


@pytest.mark.parametrize(
    ("declared", "seen", "problem"),
    (
        (case("a.a"), results(a=RED, b=passed("fine")), ""),
        (case("a.a"), results(a=passed("fine"), b=passed("fine")), "a.a should be red, is pass: fine"),
        (case("a.a"), results(a=RED, b=RED), "b.b is red and should not be: broken"),
        (case("a.a"), results(b=passed("fine")), "a.a is declared red, but was not asked"),
        (case("a.a"), results(a=RED, b=skipped("blocked by a.a", Reason.BLOCKED)), ""),
        (case("a.a"), results(a=unknown(Reason.TIMED_OUT, "late")), "a.a should be red, is unknown: late"),
        (case(kind="solution"), results(a=unknown(Reason.NOISY_HOST, "busy")), "a.a could not be judged"),
        (case(kind="solution"), results(a=skipped("no bench")), "a.a was not judged: no bench"),
        (case(kind="variant", waived=("a.a",)), results(a=skipped("no bench")), ""),
        (case(kind="variant", waived=("a.a",)), results(a=passed("fine")), "a.a should not apply, but passed"),
    ),
)
def test_verdicts_are_compared_with_what_is_declared(declared: Case, seen: tuple[Result, ...], problem: str) -> None:
    found = "; ".join(differences(declared, seen))

    assert (problem in found) if problem else found == ""


def test_a_busy_machine_is_no_problem_of_a_stack_unless_it_kept_a_check_from_being_judged() -> None:
    busy = unknown(Reason.NOISY_HOST, "busy")
    guard = Result(check("g.g", weight=Weight.GUARD), busy, 0.1)

    assert differences(case(kind="solution"), (guard,)) == []
    assert differences(case(kind="solution"), results(a=busy)) == ["a.a could not be judged: noisy host: busy"]


def mutant(base: Path, text: str, name: str = "m") -> Path:
    path = base / "tests/mutants" / name / "mutant.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    (
        ('lab = "lab1-one"\ntitel = "x"\nfails = ["a.a"]\n', "line 2: no key 'titel'; did you mean 'title'?"),
        ('lab = "lab1-one"\nfails = ["a.b"]\n', "no check 'a.b'"),
        ('lab = "lab1-one"\nfails = []\n', "a mutant names what it turns red"),
        ('lab = "lab9"\nfails = ["a.a"]\n', "no lab 'lab9'"),
        ("lab =", "not valid TOML"),
    ),
)
def test_a_mutant_that_does_not_fit_is_refused(tmp_path: Path, text: str, says: str) -> None:
    mutant(tmp_path, text)

    with pytest.raises(CourseError) as refused:
        cases(tmp_path, CATALOG)

    assert says in str(refused.value)


def test_an_edit_has_to_fit_exactly_once(tmp_path: Path) -> None:
    (tmp_path / "labs/app").mkdir(parents=True)
    (tmp_path / "labs/app/app.py").write_text("one two two")
    broken = Case("mutant", "m", LAB, frozenset({"a.a"}), edits=(Edit("app.py", "two", "three"),))

    with pytest.raises(CourseError, match=r"m, app.py: the text to replace is there 2 times, not once"):
        lay_out(tmp_path, CATALOG, broken, tmp_path / "w")


def test_evidence_is_kept_and_judged_again(tmp_path: Path) -> None:
    path = keep(tmp_path, "sample", Result(CATALOG.checks["a.a"], passed("200"), 0.1, ANSWER))

    assert path is not None
    assert path.name == "pass-sample.json"
    assert disagreement(CATALOG.checks["a.a"], path) == ""


def test_evidence_that_the_judge_sees_differently_now_is_a_problem(tmp_path: Path) -> None:
    path = keep(tmp_path, "sample", Result(CATALOG.checks["a.a"], passed("200"), 0.1, ANSWER))
    assert path is not None
    data = json.loads(path.read_text())
    data["value"]["status"] = 500
    path.write_text(json.dumps(data))

    assert disagreement(CATALOG.checks["a.a"], path) == "was pass when it was recorded; the judge says fail: bad"


def test_a_check_that_nobody_has_seen_fail_closes_the_gate(tmp_path: Path) -> None:
    keep(tmp_path, "sample", Result(CATALOG.checks["a.a"], passed("200"), 0.1, ANSWER))

    problems = evidence_problems(tmp_path, CATALOG)

    assert "a.a: no recorded fail; run `grader dev check --record`" in problems
    assert "b.b: no recorded pass; run `grader dev check --record`" in problems


@pytest.mark.parametrize(
    ("name", "verdict", "says"),
    (
        ("sample", RED, ""),
        ("sample", passed("200"), ""),
        ("other", RED, "other does not declare it red; remove the file"),
        ("other", passed("200"), ""),
        ("gone", passed("200"), "no stack has this name; remove the file"),
    ),
)
def test_a_red_that_nobody_declared_is_no_evidence(tmp_path: Path, name: str, verdict: Verdict, says: str) -> None:
    path = keep(tmp_path, name, Result(CATALOG.checks["a.a"], verdict, 0.1, ANSWER))
    assert path is not None

    problems = undeclared(tmp_path, CATALOG, {"sample": case("a.a"), "other": case("b.b")})

    assert problems == ([f"{path.relative_to(tmp_path)}: {says}"] if says else [])


def named(name: str, *fails: str, kind: str = "mutant") -> Case:
    return Case(kind, name, LAB, frozenset(fails))


def test_in_the_slice_a_mutant_answers_for_what_it_declares_and_the_guards() -> None:
    needy, guard = check("b.b"), check("d.d", weight=Weight.GUARD)
    object.__setattr__(needy, "needs", ("a.a",))
    lab = replace(LAB, steps=(Step("s", "S", ("a.a", "b.b", "c.c", "d.d")),))
    catalog = Catalog((lab,), {**CATALOG.checks, "b.b": needy, "d.d": guard})
    broken, solved = (Case(kind, kind, lab, frozenset({"b.b"})) for kind in ("mutant", "solution"))

    assert [c.id for c in chosen_checks(catalog, broken)] == ["a.a", "b.b", "c.c", "d.d"]
    assert [c.id for c in chosen_checks(catalog, broken, narrow=True)] == ["a.a", "b.b", "d.d"]
    assert [c.id for c in chosen_checks(catalog, solved, narrow=True)] == ["a.a", "b.b", "c.c", "d.d"]


def test_the_ledger_of_all_that_was_asked_is_not_written_by_the_slice(tmp_path: Path) -> None:
    said = CliRunner().invoke(dev_check, ["--slice", "--ledger", str(tmp_path / "matrix.json")])

    assert (said.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "leave out --ledger or --slice" in said.output


def test_the_slice_shows_every_check_fail_with_the_fewest_stacks() -> None:
    every = (
        named("start", "a.a", kind="starter"),
        named("solved", kind="solution"),
        named("one", "b.b"),
        named("seen-in-the-starter", "a.a"),
        named("two", "b.b", "c.c"),
        named("also-two", "b.b", "c.c"),
        named("three", "d.d"),
        named("otherwise", kind="variant"),
    )

    assert [case.name for case in slice_of(every)] == ["start", "solved", "two", "three"]


def test_a_lab_asks_its_own_checks_and_those_of_earlier_labs() -> None:
    assert [c.id for c in plan(CATALOG, NEXT, Options()).asked] == ["a.a", "b.b", "c.c"]


def test_only_asks_what_is_named_and_what_that_needs() -> None:
    needy = check("b.b")
    object.__setattr__(needy, "needs", ("a.a",))
    catalog = Catalog((LAB, NEXT), {**CATALOG.checks, "b.b": needy})

    assert [c.id for c in plan(catalog, NEXT, Options(only=("b.b",))).asked] == ["a.a", "b.b"]


def test_what_stands_on_a_broken_check_waits_for_it_also_where_the_one_between_is_left_out() -> None:
    between, last = check("b.b", deep=True), check("c.c")
    object.__setattr__(between, "needs", ("a.a",))
    object.__setattr__(last, "needs", ("b.b", "a.a"))
    catalog = Catalog((LAB, NEXT), {**CATALOG.checks, "b.b": between, "c.c": last})

    assert {c.id: c.needs for c in plan(catalog, NEXT, Options()).asked} == {"a.a": (), "c.c": ("a.a",)}
    assert {c.id: c.needs for c in plan(catalog, NEXT, Options(deep=True)).asked}["c.c"] == ("b.b", "a.a")


def test_the_slow_ones_are_asked_with_deep_and_named_as_left_out_without() -> None:
    catalog = Catalog((LAB, NEXT), {**CATALOG.checks, "b.b": check("b.b", deep=True)})

    chosen = plan(catalog, LAB, Options())

    assert [c.id for c in chosen.left_out] == ["b.b"]
    assert [c.id for c in plan(catalog, LAB, Options(deep=True)).asked] == ["a.a", "b.b"]


def test_a_red_line_that_nobody_can_see_for_themselves_closes_the_gate(tmp_path: Path) -> None:
    path = keep(tmp_path, "sample", Result(CATALOG.checks["a.a"], RED, 0.1, replace(ANSWER, status=500)))
    assert path is not None
    bare = replace(CATALOG.checks["a.a"], judge=lambda answer: Verdict(Outcome.FAIL, "bad", "hint", "curl"))

    assert disagreement(CATALOG.checks["a.a"], path) == ""
    assert disagreement(bare, path) == "a red line without a command, or without what it shows; give failed() both"


class Trials:
    """What the gate does with stacks, in its order; none is brought up. A solution shows what those of `lies` did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *every: Case) -> None:
        self.every, self.done, self.lines = every, [""], [""]
        self.said: dict[str, list[Tried]] = {}
        self.lies: list[str] = []
        monkeypatch.setattr(gate, "cases", lambda base, catalog: self.every)
        monkeypatch.setattr(gate, "try_case", self.tried)
        monkeypatch.setattr(gate, "standing", lambda base, catalog, case: nullcontext(case))
        monkeypatch.setattr(gate, "graded_once", lambda catalog, case, stack: None)
        monkeypatch.setattr(gate, "disagreements", self.asked)

    def tried(self, base: Path, catalog: Catalog, case: Case, **_: object) -> Tried:
        self.done.append(case.name)
        known = self.said.get(case.name)
        return known.pop(0) if known else Tried((), 0.0, reds=tuple(red(case, name) for name in sorted(case.fails)))

    def asked(self, solution: Case, found: list[Red], *, there: bool) -> list[tuple[Red, str]]:
        self.done.append(f"{solution.name}: {', '.join(one.stack for one in found)}")
        lie = self.lies.pop(0) if self.lies else ""
        return [(one, "it shows it") for one in found if one.stack == lie]

    def go(self, *only: str, catalog: Catalog = CATALOG, at_once: int = 1) -> list[str]:
        self.done, self.lines = [], []
        return gate.stacks(
            Path(), catalog, only=only, record=False, at_once=at_once, say=lambda line: self.lines.append(line)
        )


def red(case: Case, name: str, verdict: Verdict = RED) -> Red:
    return Red(case.name, name, verdict, False, {})


def test_the_solution_is_asked_what_the_broken_stacks_were_asked_as_soon_as_they_are_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later, other = Case("solution", "solved-next", NEXT, frozenset()), Case("mutant", "other", NEXT, frozenset({"c.c"}))
    every = (named("solved", kind="solution"), named("a", "a.a"), named("b", "b.b"), named("v", kind="variant"))
    trials = Trials(monkeypatch, *every, later, other)

    assert trials.go() == []
    assert trials.done == ["solved", "a", "b", "solved: a, b", "v", "solved-next", "other", "solved-next: other"]
    assert trials.go("a") == []
    assert trials.done == ["a", "solved: a"]


def test_labs_that_disturb_most_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    later, other = Case("solution", "solved-next", NEXT, frozenset()), Case("mutant", "other", NEXT, frozenset({"c.c"}))
    trials = Trials(monkeypatch, named("solved", kind="solution"), named("a", "a.a"), later, other)

    trials.go(catalog=Catalog((LAB, NEXT), {**CATALOG.checks, "c.c": check("c.c", probe=Kill("/c.c"))}))

    assert trials.done == ["solved-next", "other", "solved-next: other", "solved", "a", "solved: a"]


def test_what_no_command_shows_is_noted_and_the_solution_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = named("broken", "a.a")
    shown = failed("b", hint="h", reproduce="curl", shows=NotShown("one in a thousand"))
    trials = Trials(monkeypatch, named("solved", kind="solution"), broken)
    trials.said["broken"] = [Tried((), 0.0, reds=(red(broken, "a.a", shown),))]

    assert trials.go() == []
    assert trials.done == ["solved", "broken"]
    assert "note  a.a is not shown by a command: one in a thousand" in trials.lines


def test_a_solution_is_asked_again_what_a_stack_showed_that_was_tried_late(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = Trials(monkeypatch, named("busy", "a.a"), named("b", "b.b"), named("solved", kind="solution"))
    trials.said["busy"] = [Tried((), 0.0, results(a=unknown(Reason.NOISY_HOST, "busy")))]

    assert trials.go() == []
    assert trials.done == ["busy", "b", "solved: b", "solved", "busy", "solved: busy"]


@pytest.mark.parametrize(
    ("lies", "problems"), ((["a"], []), (["a", "a"], ["solved: it shows it"]), (["", "a"], []), ([], []))
)
def test_a_command_that_a_solution_shows_beside_others_has_to_do_so_in_quiet_too(
    monkeypatch: pytest.MonkeyPatch, lies: list[str], problems: list[str]
) -> None:
    trials = Trials(monkeypatch, named("solved", kind="solution"), named("a", "a.a"), named("b", "b.b"))
    trials.lies = list(lies)

    assert trials.go() == problems
    assert trials.done == ["solved", "a", "b", "solved: a, b", *(["solved: a"] if lies[:1] == ["a"] else [])]


@pytest.mark.parametrize(("second", "problems"), (((), []), (("it shows nothing",), ["a: it shows nothing"])))
def test_a_command_that_does_not_show_its_fault_beside_others_is_typed_again_in_quiet(
    monkeypatch: pytest.MonkeyPatch, second: tuple[str, ...], problems: list[str]
) -> None:
    trials = Trials(monkeypatch, named("solved", kind="solution"), named("a", "a.a"))
    trials.said["a"] = [Tried((), 0.0, lies=("it shows nothing",)), Tried((), 0.0, lies=second)]

    assert trials.go() == problems
    assert trials.done == ["solved", "a", "a"]


@pytest.mark.parametrize(
    ("declared", "status", "outcome"),
    (
        (case("a.a"), 500, Outcome.FAIL),
        (case("a.a"), 200, Outcome.UNKNOWN),  # nothing red was seen
        (case("b.b"), 500, Outcome.UNKNOWN),  # red, but nobody said that it would be
    ),
)
def test_a_red_line_that_was_declared_needs_no_quiet_machine(declared: Case, status: int, outcome: Outcome) -> None:
    doubted = Result(check("a.a"), unknown(Reason.NOISY_HOST, "bad. But busy"), 0.1, replace(ANSWER, status=status))

    assert as_declared(declared, doubted).outcome is outcome


def test_a_stack_that_a_busy_machine_kept_from_being_judged_is_tried_again_when_the_others_are_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = (named("busy", "a.a"), named("quiet", "a.a"), named("solved", kind="solution"))
    late, noisy = unknown(Reason.TIMED_OUT, "late"), unknown(Reason.NOISY_HOST, "busy")
    said = {"busy": [late, noisy], "quiet": [RED], "solved": [noisy, passed("fine")]}
    tried: list[str] = []

    def trial(base: Path, catalog: Catalog, case: Case, **_: object) -> Tried:
        tried.append(case.name)
        seen = results(a=said[case.name].pop(0))
        return Tried(tuple(differences(case, seen)), 0.0, seen)

    monkeypatch.setattr(gate, "cases", lambda base, catalog: every)
    monkeypatch.setattr(gate, "try_case", trial)

    problems = gate.stacks(Path(), CATALOG, only=(), record=False, at_once=1, say=lambda _: None)

    assert tried == ["busy", "quiet", "solved", "busy", "solved"]
    assert problems == ["busy: a.a should be red, is unknown: busy"]


def test_the_ledger_says_what_came_of_each_stack_the_last_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = {"a": [passed("fine"), RED], "b": [RED, passed("fine")]}
    every = (named("broken", "a.a"), named("solved", kind="solution"))
    monkeypatch.setattr(gate, "cases", lambda base, catalog: every)
    monkeypatch.setattr(
        gate,
        "try_case",
        lambda *_, **__: Tried(("wrong",), 1.23, results(**{name: verdicts.pop(0) for name, verdicts in said.items()})),
    )
    ledger = tmp_path / "matrix.json"

    def run() -> list[dict[str, Any]]:
        gate.stacks(Path(), CATALOG, only=("broken",), record=False, at_once=1, say=lambda _: None, ledger=ledger)
        return list(json.loads(ledger.read_text()))

    first, second = run(), run()

    assert [(entry["stack"], entry["false_pass"], entry["false_fail"]) for entry in first] == [
        ("broken", {"a.a": "fine"}, {"b.b": "broken"})
    ]
    assert [(entry["false_pass"], entry["false_fail"], entry["problems"]) for entry in second] == [({}, {}, ["wrong"])]
    assert (second[0]["pass"], second[0]["fail"], second[0]["seconds"]) == (1, 1, 1.2)
