"""The published schema is the form of the JSON report: what the grader writes is valid, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from grader.catalog import root
from grader.model import Outcome, Reason, Report
from grader.render import schema
from grader.render.data import to_json
from tests.render import hostile, real, samples, test_since

Data = dict[str, Any]
PUBLISHED = json.loads((root() / "docs/reference/report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(PUBLISHED)


def data(report: Report) -> Data:
    loaded: Data = json.loads(
        to_json(report, lambda name: f"labs/x/#{name}", lambda name: ("lab2-sample", "first")).encode("utf-8")
    )
    return loaded


def test_the_published_schema_is_a_schema_and_current() -> None:
    Draft202012Validator.check_schema(PUBLISHED)

    assert schema.document() == PUBLISHED


@pytest.mark.parametrize(
    "report", (samples.REPORT, samples.ALL_GREEN, test_since.REPORT), ids=("all-kinds", "green", "since")
)
def test_a_report_is_valid(report: Report) -> None:
    VALIDATOR.validate(data(report))


@pytest.mark.parametrize("lab", [lab.id for lab in real.catalog().labs])
@pytest.mark.parametrize("failing", (None, frozenset[str]()), ids=("broken", "solved"))
def test_what_real_stacks_answered_makes_a_valid_report(lab: str, failing: frozenset[str] | None) -> None:
    report = real.report(lab, failing)

    assert len(report.results) > 10
    assert (report.outcome is Outcome.FAIL) is (failing is None)
    VALIDATOR.validate(data(report))


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_no_text_of_a_stack_makes_a_report_invalid(text: str) -> None:
    VALIDATOR.validate(data(hostile.report(text)))


def first(report: Data) -> Data:
    result: Data = report["results"][0]
    return result


@pytest.mark.parametrize(
    "mutate",
    (
        lambda report: report.pop("schema"),
        lambda report: report.update(schema=2),
        lambda report: report.update(seconds=-1),
        lambda report: report.update(seconds="12"),
        lambda report: report.update(started="yesterday"),
        lambda report: report.update(complete=1),
        lambda report: report.update(extra=None),
        lambda report: report["counts"].update(warn=1),
        lambda report: report["counts"].pop("fail"),
        lambda report: report["roles"][0].pop("why"),
        lambda report: report.update(services=[1]),
        lambda report: first(report).pop("id"),
        lambda report: first(report).update(id="No id"),
        lambda report: first(report).update(outcome="passed"),
        lambda report: first(report).update(weight="MAJOR"),
        lambda report: first(report).update(reason="blocked"),
        lambda report: first(report).update(outcome="skip"),
        lambda report: first(report).update(outcome="unknown", reason="bad luck"),
        lambda report: first(report).update(extra=""),
        lambda report: first(report).update(because=None),
        lambda report: first(report).update(passed_until="never"),
        lambda report: report["changes"][0]["texts"][0].update(part="other"),
        lambda report: report["changes"][0]["texts"][0].update(lines=["no sign"]),
    ),
)
def test_a_report_that_was_changed_is_refused(mutate: Callable[[Data], None]) -> None:
    report = data(test_since.REPORT)
    mutate(report)

    assert not VALIDATOR.is_valid(report)


def test_the_words_of_the_schema_are_those_of_the_model() -> None:
    fields = PUBLISHED["properties"]["results"]["items"]["properties"]

    assert fields["outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert fields["reason"]["enum"] == ["", *(reason.value for reason in Reason)]


def test_the_page_names_every_field_with_what_it_holds() -> None:
    page = (root() / "docs/_generated/report.md").read_text(encoding="utf-8")
    report = data(samples.REPORT)

    for name in (*report, *(f"results[].{key}" for key in first(report)), "counts.pass", "roles[].why"):
        assert f"| `{name}` | " in page
