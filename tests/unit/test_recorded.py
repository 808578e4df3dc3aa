"""A run can be kept and judged again without a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.model import Check, Outcome, Reason, Result, Role, Verdict, Weight, failed, passed, skipped
from grader.probes.http import Get, HttpAnswer
from grader.recording import recording
from grader.runner import Run
from grader.stacks.base import CouldNotLook, Opening, Settings, Stack
from grader.stacks.codec import decode, encode
from grader.stacks.opening import open_stack

ANSWER = HttpAnswer(200, (("Server", "nginx"),), "hello", 5, "ab" * 32, 0.01)


def judge(answer: HttpAnswer) -> Verdict:
    return passed("200") if answer.status == 200 else failed("no", hint="h", reproduce="curl", shows="bad")


def check(name: str, probe: Get) -> Check[HttpAnswer]:
    return Check(name, name, "rule", "why", Weight.MAJOR, probe, judge, (), "source", "fix")


GOT = check("a.got", Get("/"))
SKIPPED = check("a.skipped", Get("/other"))
UNASKED = check("a.unasked", Get("/never"))


def reopened(tmp_path: Path, text: str) -> Stack:
    (tmp_path / "r.json").write_text(text)
    return open_stack(Opening(f"recorded://{tmp_path / 'r.json'}", Settings(), tmp_path))


def test_a_recording_is_judged_as_the_run_was(tmp_path: Path) -> None:
    results = (
        Result(GOT, passed("200"), 0.1, ANSWER),
        Result(SKIPPED, skipped("no meaning here"), 0.1),
    )
    stack = reopened(tmp_path, recording("demo", (), (Role("app", ("web",), "it listens"),), results))

    again = {result.check.id: result for result in Run(stack, [GOT, SKIPPED, UNASKED], lambda result: None).go()}

    assert stack.roles() == (Role("app", ("web",), "it listens"),)
    assert again["a.got"].evidence == ANSWER
    assert again["a.got"].outcome is Outcome.PASS
    assert again["a.skipped"].verdict == skipped("no meaning here")
    assert again["a.unasked"].verdict.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("text", ("", "{}", "[1]", '{"schema": 99}', '{"schema": 1, "project": "x"}'))
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(CouldNotLook, match=r"r\.json: not a recording"):
        reopened(tmp_path, text)


@pytest.mark.parametrize("url", ("compose", "ssh://host", "", "recorded:/x"))
def test_an_address_without_a_known_scheme_is_refused_with_the_known_ones(tmp_path: Path, url: str) -> None:
    with pytest.raises(CouldNotLook, match=r"write compose://… or containers://… or recorded://…"):
        open_stack(Opening(url, Settings(), tmp_path))


def test_evidence_survives_the_way_to_json_and_back() -> None:
    assert decode(encode(ANSWER)) == ANSWER


@pytest.mark.parametrize(
    "data",
    (
        {"type": "os:system", "value": "x"},
        {"type": "grader.probes.http:send", "value": {}},
        {"type": "grader.probes.http:HttpAnswer", "value": {"status": "many"}},
    ),
)
def test_only_evidence_of_ours_is_built_from_a_recording(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not a type|no such evidence|does not fit"):
        decode(data)
