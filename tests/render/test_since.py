"""What stands under a check that has passed before; the golden file is written anew with UPDATE_GOLDEN=1."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.model import Change, Part, Result, Since, failed
from grader.render.live import Group, LiveReport
from grader.render.since import NOTHING, UNKNOWN, since, when
from grader.render.style import Style
from tests.render import samples

GOLDEN = Path(__file__).parent / "golden" / "since-80.txt"
AT = samples.REPORT.started - 3600
CHANGES = (
    Change(
        Part.COMPOSE,
        "app, as Compose resolves it",
        ("~ environment.SECRET_KEY: [another value]", "- stop_grace_period: 10s", "+ stop_grace_period: 1s"),
    ),
    Change(
        Part.PROXY,
        "proxy, /etc/nginx/conf.d/default.conf",
        ("  server {", "- server_tokens off;", "+ server_tokens on;"),
    ),
    Change(Part.IMAGE, "proxy, image", ("- lab-proxy 5344d3a17a66", "+ lab-proxy 4ab6a1cd9de1")),
)
SINCE = Since(AT, 3, CHANGES, ".grader/passed/changed.diff")
REPORT = replace(
    samples.REPORT,
    results=(
        samples.RESULTS[0],
        replace(samples.RESULTS[3], since=SINCE),
        Result(samples.WAITS_TOO, samples.RESULTS[3].verdict, 0.1, since=replace(SINCE, runs=1)),
        Result(samples.WAITS, failed("on", hint="look", reproduce="curl", shows="on"), 0.1, since=Since(AT, 2, None)),
    ),
)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The reader's clock stands still, in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(time, "time", lambda: samples.REPORT.started)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def shown(*results: Result) -> str:
    names = tuple(result.check.id for result in results)
    checks = {result.check.id: replace(result.check, needs=()) for result in results}
    growing = LiveReport((Group("Switch the debugger off", names),), checks, lambda name: f"labs/#{name}", Style())
    return "".join(growing.add(result) for result in results)


def test_since_when_and_what_changed_reads_as_its_golden_file() -> None:
    text = shown(*REPORT.results[1:])
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")

    assert text == GOLDEN.read_text(encoding="utf-8")
    assert max(len(line) for line in text.splitlines() if "see it:" not in line) <= 80


def test_the_same_changes_are_shown_once_and_named_afterwards() -> None:
    text = shown(*REPORT.results[1:])

    assert text.count("+ server_tokens on;") == 1
    assert "changed since: the lines under debug.debugger-off" in text


def test_a_check_that_never_passed_says_nothing_of_it() -> None:
    assert "passed: until" not in shown(samples.RESULTS[3])


def test_without_a_change_the_reader_is_sent_elsewhere() -> None:
    text = " ".join(since(replace(SINCE, changes=()), "", Style()).split())

    assert f"changed since: {NOTHING}" in text


def test_an_unknown_past_is_never_told_as_no_change() -> None:
    text = since(replace(SINCE, changes=None, runs=1), "", Style())

    assert UNKNOWN in text
    assert "in the run before this one" in text
    assert NOTHING[:20] not in text


def many(count: int) -> tuple[str, ...]:
    return tuple(f"+ line {number}" for number in range(count))


@pytest.mark.parametrize(
    ("sizes", "counts"),
    (
        ((20,), [8]),
        ((20, 20, 20), [4, 2, 2]),
        ((3, 20), [3, 5]),
        ((1, 1, 1, 1), [1, 1, 1, 1]),
        ((2, 2, 2, 2, 2), [2, 2, 2, 2]),
    ),
)
def test_a_few_lines_are_shown_and_the_rest_is_counted_and_found_in_a_file(
    sizes: tuple[int, ...], counts: list[int]
) -> None:
    changes = tuple(Change(Part.PROXY, f"file {number}", many(size)) for number, size in enumerate(sizes))
    text = since(replace(SINCE, changes=changes), "", Style())
    parts = text.split("file ")[1:]

    assert [part.count("+ line") for part in parts] == counts
    hidden = sum(sizes) - sum(counts)
    assert (f"… and {hidden} more lines: .grader/passed/changed.diff" in text) == bool(hidden)


def test_what_only_says_that_something_is_new_gives_way_to_what_is_new() -> None:
    changes = (Change(Part.PROXY, "proxy", many(9)), Change(Part.IMAGE, "image", many(2)))
    text = since(replace(SINCE, changes=changes), "", Style())

    assert text.count("+ line") == 8
    assert "image" not in text
    assert "… and 3 more lines" in text


def test_a_block_is_never_named_without_a_line_of_it() -> None:
    lines = (*many(7), "  location / {", "- one", "+ two")
    text = since(replace(SINCE, changes=(Change(Part.PROXY, "proxy", lines),)), "", Style())

    assert "location / {" not in text
    assert "… and 3 more lines" in text


def test_hostile_lines_cannot_leave_their_place() -> None:
    lines = ("+ a\x1b[2Jb\x1b]0;title\x07", "+ " + "x" * 500, "+ \u202eevil")
    text = since(replace(SINCE, changes=(Change(Part.PROXY, "p\nq", lines),)), "", Style())

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_time_of_another_year_says_so() -> None:
    assert when(0.0) == "1 Jan 1970 00:00"
    assert when(samples.REPORT.started) == "21 Sep 14:13"
