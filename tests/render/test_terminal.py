"""The terminal report, letter by letter; golden files are written anew with UPDATE_GOLDEN=1."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.model import NotShown, Outcome, Reason, Report, Result, Weight, failed, skipped
from grader.render import terminal
from grader.render.live import Group, LiveReport
from grader.render.style import Style
from tests.render import samples

GOLDEN = Path(__file__).parent / "golden"
CHECKS = {result.check.id: result.check for result in samples.RESULTS if result.check is not samples.LEFT_OUT}
GROUPS = (
    Group("Earlier labs", (samples.OLD.id,), earlier=True),
    *(Group(step.title, tuple(name for name in step.checks if name in CHECKS)) for step in samples.LAB.steps),
)


def page(check_id: str) -> str:
    return f"labs/{samples.LAB.id}/#{check_id}"


def whole(style: Style, results: tuple[Result, ...] = samples.RESULTS, report: Report = samples.REPORT) -> str:
    growing = LiveReport(GROUPS, CHECKS, page, style)
    text = terminal.header(report.lab, report.stack, report.roles, report.services, style)
    text += "".join(growing.add(result) for result in results if result.check.id in CHECKS)
    return text + terminal.summary(report, terminal.next_step(report, "`grader start lab3` goes on."), style)


@pytest.mark.parametrize(
    ("name", "style"),
    (("report-80.txt", Style()), ("report-60.txt", Style(width=60)), ("report-colour.txt", Style(colour=True))),
)
def test_the_report_reads_as_its_golden_file(name: str, style: Style) -> None:
    text = whole(style)
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8")

    assert text == (GOLDEN / name).read_text(encoding="utf-8")


def test_a_command_that_does_not_show_a_fault_by_itself_says_so() -> None:
    race = failed("lost", hint="look", reproduce="curl", shows=NotShown("one request in a thousand"))
    text = terminal.line(Result(samples.FAILS, race, 0.1), "page", (), Style())

    assert "shows: not by itself: one request in a thousand\n" in text


def test_no_line_but_a_command_is_longer_than_the_terminal() -> None:
    lines = [line for line in whole(Style()).splitlines() if "see it:" not in line]

    assert max(len(line) for line in lines) <= 80


def test_colours_add_nothing_that_the_words_do_not_say() -> None:
    assert re.sub(r"\x1b\[[0-9;]*m", "", whole(Style(colour=True))) == whole(Style())


def test_what_waits_is_folded_under_its_cause() -> None:
    text = whole(Style())

    assert "2 checks wait for this one: debug.mode-off, errors.generic" in text
    assert text.count("Debug mode is off") == 0


def test_a_step_of_which_nothing_could_be_asked_says_that_it_waits() -> None:
    blocked = [result for result in samples.RESULTS if result.verdict.reason is Reason.BLOCKED]
    later = Group("Later", tuple(result.check.id for result in blocked))
    growing = LiveReport((later,), CHECKS, page, Style())

    text = "".join(growing.add(result) for result in blocked)

    assert [line for line in text.splitlines() if line] == ["Later", "  waits    for what failed in another step"]


def test_steps_are_not_torn_apart_in_whatever_order_results_come() -> None:
    for shift in range(len(samples.RESULTS)):
        turned = (*samples.RESULTS[shift:], *samples.RESULTS[:shift])
        text = whole(Style(), turned)
        for group in GROUPS:
            assert text.count(f"\n{group.title}\n") == 1
        for result in samples.RESULTS:
            if result.outcome is Outcome.PASS and result.check is not samples.OLD:
                assert text.count(result.check.title) == 1


@pytest.mark.parametrize(
    ("report", "says"),
    (
        (samples.REPORT, "mend debug.debugger-off"),
        (samples.ALL_GREEN, "lab2-sample is complete. `grader start lab3` goes on."),
        (Report(samples.LAB, "x", (), (), (), 0.0, 0.1), "`grader list --checks`"),
    ),
)
def test_the_last_line_says_the_one_next_thing(report: Report, says: str) -> None:
    assert says in terminal.next_step(report, "`grader start lab3` goes on.")


@pytest.mark.parametrize(
    ("changed", "says"),
    (
        ((), ""),
        (("Dockerfile",), "Note: Dockerfile changed after the stack was started."),
        (("a.py", "b.py", "c.py", "d.py", "e.py"), "Note: a.py, b.py, c.py and 2 more changed after"),
    ),
)
def test_what_the_stack_may_not_have_yet_is_said_before_the_next_step(changed: tuple[str, ...], says: str) -> None:
    text = terminal.summary(samples.REPORT, "mend it.", Style(), changed)

    assert says in text
    assert text.count("Note:") == bool(changed)
    assert text.rstrip().endswith("Next: mend it.")


def test_a_lab_with_only_minor_failures_is_complete_and_says_what_is_left() -> None:
    minor = samples.check("x.minor", "Minor", Weight.MINOR)
    results = (*samples.ALL_GREEN.results, Result(minor, samples.RESULTS[3].verdict, 0.1))
    report = replace(samples.ALL_GREEN, results=results)

    assert report.complete
    assert "x.minor is the polish that is left" in terminal.next_step(report, "")
    other = replace(results[-1], check=samples.check("x.other", "Other", Weight.MINOR))
    both = replace(report, results=(*results, other))
    assert "x.minor, x.other are the polish that is left" in terminal.next_step(both, "")


def test_a_run_that_left_something_out_never_calls_the_lab_complete() -> None:
    partly = replace(samples.ALL_GREEN, results=samples.RESULTS[:1])
    quick = replace(
        samples.ALL_GREEN,
        results=(*samples.RESULTS[:2], Result(samples.NOT_HERE, skipped("it disturbs", Reason.LEFT_OUT), 0.0)),
    )

    polish = Result(samples.check("x.minor", "Minor", Weight.MINOR), samples.RESULTS[3].verdict, 0.1)
    with_polish = replace(quick, results=(*quick.results, polish))

    for report in (partly, quick, with_polish):
        assert not report.complete
        assert "asks the rest" in terminal.next_step(report, "")


def test_what_only_deep_asks_is_not_owed_and_is_said_to_be_left() -> None:
    slow = replace(samples.NOT_HERE, deep=True)
    results = (*samples.RESULTS[:2], Result(slow, skipped("ask with --deep", Reason.LEFT_OUT), 0.0))
    report = replace(samples.ALL_GREEN, results=results)

    assert report.complete
    assert "complete. `grader check --deep` asks 1 slow check more. Go on." in terminal.next_step(report, "Go on.")
    assert "--deep" not in terminal.next_step(samples.ALL_GREEN, "Go on.")


def test_a_command_in_backquotes_is_never_broken_over_lines() -> None:
    command = "`docker compose up -d --build --wait`"
    for lead in range(40, 80):
        assert command in Style().wrap("x" * lead + f" then {command} and look", "  ")
