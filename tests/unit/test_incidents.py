"""Incidents: which one is chosen, what is kept, what is told, and when one is solved."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.catalog import CourseError, load, root
from grader.commands.incident import incident
from grader.incidents import (
    Incident,
    Record,
    choose,
    in_words,
    incidents,
    keep,
    next_hint,
    open_at,
    open_record,
    records,
    solved,
)
from grader.model import Result, Verdict, failed, passed

PATH = {lab.id for lab in load().labs if lab.id.startswith("lab")}
ONE = Incident("one", "lab1-flask-run", "A visitor", "It is down.", ("a", "b", "c"), "The cause.")
TWO = replace(ONE, name="two")
OTHER = replace(ONE, name="other", lab="lab3-nginx")
RECORD = Record(1, ONE.key, ONE.lab, 100.0, {"PINBOARD_PORT": 8001, "PINBOARD_TLS_PORT": 8002})


def test_only_incidents_of_the_given_labs_are_chosen() -> None:
    assert choose((ONE, OTHER), ["lab3-nginx"], "") is OTHER


def test_the_last_incident_does_not_come_twice_in_a_row() -> None:
    assert {choose((ONE, TWO), [ONE.lab], ONE.key).name for _ in range(20)} == {"two"}


def test_a_pick_gives_everybody_the_same_whatever_they_had_before() -> None:
    assert choose((ONE, TWO), [ONE.lab], TWO.key, 1) is choose((ONE, TWO), [ONE.lab], "", 1)


def test_without_a_completed_lab_the_error_says_what_to_do() -> None:
    with pytest.raises(CourseError, match="name one that you know"):
        choose((ONE,), [], "")


def test_a_record_is_kept_and_replaced_by_its_number(tmp_path: Path) -> None:
    keep(tmp_path, RECORD)
    keep(tmp_path, replace(RECORD, solved=160.0))
    assert records(tmp_path) == (replace(RECORD, solved=160.0),)


def test_an_ended_incident_is_not_open(tmp_path: Path) -> None:
    assert open_record(tmp_path) is None
    keep(tmp_path, RECORD)
    assert open_record(tmp_path) == RECORD
    keep(tmp_path, replace(RECORD, ended=200.0))
    assert open_record(tmp_path) is None


def test_hints_come_one_after_the_other_and_are_counted(tmp_path: Path) -> None:
    keep(tmp_path, RECORD)
    said = [next_hint(tmp_path, records(tmp_path)[0], ONE) for _ in range(4)]
    assert said == ["a", "b", "c", "c"]
    assert records(tmp_path)[0].hints == 3


def test_the_record_does_not_name_what_is_broken(tmp_path: Path) -> None:
    for told in incidents(root()):
        keep(tmp_path, replace(RECORD, key=told.key))
        assert told.name not in (tmp_path / "incidents.json").read_text()


def _result(name: str, verdict: Verdict) -> Result:
    return Result(load().checks[name], verdict, 0.1)


GOOD = passed("it holds")
BAD = failed("it does not", hint="mend it", reproduce="true", shows="^0$")
BROKEN, ELSE = "config.config-from-env", "stack.stack-up"


@pytest.mark.parametrize(
    ("results", "expected"),
    (
        ({BROKEN: GOOD, ELSE: GOOD}, True),
        ({BROKEN: BAD, ELSE: GOOD}, False),
        ({BROKEN: GOOD, ELSE: BAD}, False),
        ({ELSE: GOOD}, False),
    ),
)
def test_solved_is_what_holds_again_while_nothing_else_broke(results: dict[str, Verdict], expected: bool) -> None:
    assert solved(frozenset({BROKEN}), [_result(name, verdict) for name, verdict in results.items()]) is expected


@pytest.mark.parametrize("told", incidents(root()), ids=lambda told: told.name)
def test_a_symptom_names_no_check_and_no_file(told: Incident) -> None:
    raw = tomllib.loads((root() / "tests/mutants" / told.name / "mutant.toml").read_text(encoding="utf-8"))
    words = f"{told.told_by} {told.symptom}".lower()
    given_away = {part for name in raw["fails"] for part in (name, name.split(".")[1])}
    given_away |= {Path(edit["file"]).name.lower() for edit in raw.get("edits", [])}
    assert not [word for word in given_away if word in words]
    assert len(told.hints) == 3


def test_an_incident_is_open_in_its_folder_until_the_cause_is_found_or_told(tmp_path: Path) -> None:
    inside = tmp_path / RECORD.project / "nginx"
    inside.mkdir(parents=True)
    keep(tmp_path, RECORD)
    assert open_at(tmp_path, inside) == RECORD
    assert open_at(tmp_path, tmp_path) is None
    for known in (replace(RECORD, solved=160.0), replace(RECORD, revealed=160.0)):
        keep(tmp_path, known)
        assert open_at(tmp_path, inside) is None


@pytest.mark.parametrize(
    ("record", "said"),
    (
        (RECORD, "open"),
        (replace(RECORD, solved=225.0, hints=1), "solved after 2 min 5 s, with 1 hint"),
        (replace(RECORD, revealed=160.0, hints=3), "given up after 1 min 0 s, with 3 hints"),
        (replace(RECORD, ended=160.0), "ended without a solution"),
    ),
)
def test_what_came_of_an_incident_is_said_in_a_line(record: Record, said: str) -> None:
    assert in_words(record) == said


@pytest.mark.parametrize(("port", "warned"), (("8090", True), ("8001", False)))
def test_who_has_other_ports_in_the_terminal_is_told_to_unset_them(
    monkeypatch: pytest.MonkeyPatch, port: str, warned: bool
) -> None:
    open_one = replace(RECORD, key=incidents(root())[0].key)
    monkeypatch.setattr("grader.incidents.open_record", lambda folder: open_one)
    monkeypatch.setenv("PINBOARD_PORT", port)
    monkeypatch.delenv("PINBOARD_TLS_PORT", raising=False)

    said = CliRunner().invoke(incident, []).output

    assert ("First: `unset PINBOARD_PORT`." in said) is warned
    assert "Next: find the cause" in said


@pytest.mark.parametrize(
    ("name", "says"),
    (
        ("stack.stack-up", "Not yet: incident-1-proxy-1 is created"),
        ("proxy.proxy-in-front", "Not yet: 1 of 1 checks is red."),
    ),
)
def test_a_stack_that_is_not_up_is_said_and_what_is_broken_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    open_one = replace(RECORD, key=next(one.key for one in incidents(root()) if one.lab == "lab3-nginx"))
    down = failed("incident-1-proxy-1 is created", hint="h", reproduce="docker ps", shows="x")
    monkeypatch.setattr("grader.incidents.open_record", lambda folder: open_one)
    monkeypatch.setattr(
        "grader.gate.stacks.checked", lambda lab, checks, stack: (Result(load().checks[name], down, 0.1),)
    )

    ended = CliRunner().invoke(incident, ["check"])

    assert says in ended.output
    assert ended.exit_code == 1


def test_every_break_of_the_path_is_an_incident_or_says_why_it_is_none() -> None:
    neither: list[str] = []
    both: list[str] = []
    for path in sorted((root() / "tests/mutants").glob("*/mutant.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        told = ("incident" in raw) + ("no_incident" in raw)
        if raw["lab"] in PATH and told != 1:
            (both if told else neither).append(path.parent.name)
    assert (neither, both) == ([], [])


@pytest.mark.parametrize("told", incidents(root()), ids=lambda told: told.name)
def test_no_file_of_an_incident_says_that_it_is_one(told: Incident) -> None:
    folder = root() / "tests/mutants" / told.name
    raw = tomllib.loads((folder / "mutant.toml").read_text(encoding="utf-8"))
    texts = [
        path.read_text(encoding="utf-8", errors="replace") for path in (folder / "layer").rglob("*") if path.is_file()
    ]
    texts += [edit["replace"] for edit in raw.get("edits", [])]
    assert texts
    assert [text for text in texts if "mutant" in text.lower() or told.name in text] == []
