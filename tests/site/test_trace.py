"""The followed request is one request: what it left at each place belongs together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.docs.simulator import TRACE
from tests.site.conftest import REPO


@pytest.fixture(scope="module")
def seen() -> Any:
    return json.loads((REPO / TRACE).read_text(encoding="utf-8"))


def test_both_lines_the_app_and_the_answer_name_the_same_id(seen: dict[str, Any]) -> None:
    lines = [json.loads(seen[place]["line"]) for place in ("edge", "app")]
    assert [line["request_id"] for line in lines] == [seen["id"]] * 2
    assert seen["body"]["request_id"] == seen["id"]
    assert f"X-Request-ID: {seen['id']}" in seen["answer"]


def test_nothing_believes_what_the_visitor_made_up(seen: dict[str, Any]) -> None:
    assert "X-Request-ID: made-up" in seen["sent"]
    assert "X-Forwarded-For: 203.0.113.9" in seen["sent"]
    left = json.dumps([seen[place] for place in ("body", "edge", "app", "answer")])
    assert "made-up" not in left
    assert "203.0.113.9" not in left


def test_the_process_that_answered_is_one_of_gunicorn_s_workers(seen: dict[str, Any]) -> None:
    numbers = [int(process.split()[0]) for process in seen["server"]["processes"]]
    assert seen["body"]["pid"] in numbers[1:]
    assert numbers[0] == 1


def test_each_count_has_grown_by_this_one_request(seen: dict[str, Any]) -> None:
    before, after = ([line.rsplit(" ", 1) for line in seen["metric"][when]] for when in ("before", "after"))
    assert [name for name, _ in before] == [name for name, _ in after]
    assert [float(new) - float(old) for (_, old), (_, new) in zip(before, after, strict=True)] == [1.0, 1.0]


def test_nobody_was_done_before_those_whom_it_asked(seen: dict[str, Any]) -> None:
    times = seen["times_ms"]
    assert times["connected"] <= times["encrypted"] <= times["first_byte"] <= times["done"]
    edge, app = (json.loads(seen[place]["line"]) for place in ("edge", "app"))
    assert app["seconds"] <= float(edge["app_seconds"]) <= edge["seconds"] <= times["done"] / 1000
