"""Given the answers to requests gone wrong, when they are judged, then one that gives anything away is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.errors import LIMIT, errors_generic
from grader.model import Outcome
from grader.probes.app.errors import ErrorPage, ErrorPages

PAGE = ErrorPage("/bench/boom", "/bench/boom?m=c0ffee", 500, 21, ())
MISSING = ErrorPage("an unknown page", "/c0ffee", 404, 1512, ())


@pytest.mark.parametrize(
    ("pages", "outcome", "word"),
    (
        ((PAGE, MISSING), Outcome.PASS, "404, 500"),
        ((PAGE, replace(MISSING, status=200)), Outcome.PASS, "nothing away"),  # a page for every path
        ((PAGE, replace(MISSING, status=0, length=0)), Outcome.PASS, "nothing away"),  # closed without a word
        ((replace(PAGE, leaks=("a traceback",)), MISSING), Outcome.FAIL, "a traceback"),
        ((PAGE, replace(MISSING, leaks=("the version of a library",))), Outcome.FAIL, "an unknown page"),
        ((replace(PAGE, length=LIMIT + 1),), Outcome.FAIL, "64 KiB"),
        ((replace(PAGE, status=0), replace(MISSING, status=0)), Outcome.UNKNOWN, "none of 2"),
    ),
)
def test_no_page_gives_anything_away(pages: tuple[ErrorPage, ...], outcome: Outcome, word: str) -> None:
    verdict = errors_generic.judge(ErrorPages("http://localhost:8080", pages, boom=True))
    assert verdict.outcome is outcome
    assert word in verdict.because


def test_the_command_provokes_the_same_page() -> None:
    leaky = replace(PAGE, leaks=("the message of the error",))
    verdict = errors_generic.judge(ErrorPages("http://localhost:8080", (leaky,), boom=True))
    assert verdict.reproduce == "curl -s 'http://localhost:8080/bench/boom?m=find-me'"


def test_without_a_bench_it_says_what_it_has_not_seen() -> None:
    verdict = errors_generic.judge(ErrorPages("http://localhost:8080", (MISSING,), boom=False))
    assert verdict.outcome is Outcome.PASS
    assert "was not seen" in verdict.because
