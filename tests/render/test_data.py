"""The report as JSON and as JUnit."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from grader.model import Report
from grader.render.data import FIELDS, to_json
from grader.render.junit import to_junit
from tests.render import samples, test_since


def data(report: Report = samples.REPORT) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        to_json(report, lambda name: f"labs/x/#{name}", lambda name: ("lab2-sample", "first"))
    )
    return loaded


def test_every_field_of_the_json_report_is_documented_and_none_is_missing() -> None:
    report = data(test_since.REPORT)
    named = set(report) | {f"results[].{key}" for key in report["results"][0]}
    named |= {f"changes[].{key}" for key in report["changes"][0]}
    named |= {f"changes[].texts[].{key}" for key in report["changes"][0]["texts"][0]}

    assert named == set(FIELDS)


def test_changes_are_told_once_with_every_check_that_they_may_explain() -> None:
    report = data(test_since.REPORT)
    results = {result["id"]: result for result in report["results"]}

    assert [(change["checks"], change["compared"]) for change in report["changes"]] == [
        (["debug.debugger-off", "errors.generic"], True),
        (["debug.mode-off"], False),
    ]
    assert report["changes"][0]["texts"][1] == {
        "part": "proxy",
        "name": "proxy, /etc/nginx/conf.d/default.conf",
        "lines": ["  server {", "- server_tokens off;", "+ server_tokens on;"],
    }
    assert results["debug.debugger-off"]["passed_until"] == "2026-09-21T13:13:20+00:00"
    assert results["debug.debugger-off"]["runs_ago"] == 3
    assert (results["stack.up"]["passed_until"], results["stack.up"]["runs_ago"]) == ("", 0)


def test_the_json_report_says_what_was_seen() -> None:
    results = {result["id"]: result for result in data()["results"]}

    assert data()["counts"] == {"pass": 2, "fail": 1, "skip": 4, "unknown": 1}
    assert data()["started"] == "2026-09-21T14:13:20+00:00"
    assert results["debug.debugger-off"]["because"] == samples.LONG
    assert results["debug.mode-off"]["reason"] == "blocked"
    assert results["server.concurrent"]["reason"] == "noisy host"


def test_the_junit_report_counts_what_its_cases_say() -> None:
    suite = ElementTree.fromstring(to_junit(samples.REPORT))

    assert suite.attrib["tests"] == str(len(suite.findall("testcase"))) == "8"
    assert suite.attrib["failures"] == str(len(suite.findall("testcase/failure"))) == "1"
    assert suite.attrib["errors"] == str(len(suite.findall("testcase/error"))) == "1"
    assert suite.attrib["skipped"] == str(len(suite.findall("testcase/skipped"))) == "4"


def test_the_junit_report_says_until_when_a_check_passed() -> None:
    said = to_junit(test_since.REPORT)

    assert "passed until 2026-09-21T13:13:20+00:00, 3 runs ago" in said
    assert said.count("passed until") == 3


def test_the_junit_report_is_well_formed_with_hostile_text() -> None:
    suite = ElementTree.fromstring(to_junit(samples.REPORT))
    case = next(case for case in suite if case.attrib["name"] == "debugger-off")

    assert case.attrib["classname"] == "debug"
    assert "cmd=resource" in (case.find("failure").text or "")  # type: ignore[union-attr]  # it is there, or this fails
