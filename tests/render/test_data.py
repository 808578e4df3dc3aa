"""The report as JSON: what it says. tests/render/test_schema.py holds its form."""

from __future__ import annotations

import json
from typing import Any

from grader.model import Report
from grader.render.data import to_json
from tests.render import samples, test_since


def data(report: Report = samples.REPORT) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        to_json(report, lambda name: f"labs/x/#{name}", lambda name: ("lab2-sample", "first"))
    )
    return loaded


def test_the_json_report_says_what_was_seen() -> None:
    results = {result["id"]: result for result in data()["results"]}

    assert data()["counts"] == {"pass": 2, "fail": 1, "skip": 4, "unknown": 1}
    assert data()["started"] == "2026-09-21T14:13:20+00:00"
    assert results["debug.debugger-off"]["because"] == samples.LONG
    assert results["debug.mode-off"]["reason"] == "blocked"
    assert results["server.concurrent"]["reason"] == "noisy host"


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
