"""What every form of the report counts and orders alike."""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import AnyCheck, Outcome, Reason, Report, Result

LONG = 1000  # characters of one text of a verdict; none says more


def in_words(report: Report) -> str:
    """How many results there are of each kind, such as "12 passed, 1 failed"."""
    counts = [
        (report.count(Outcome.PASS), "passed"),
        (report.count(Outcome.FAIL), "failed"),
        (_skips(report, Reason.BLOCKED), "waiting"),
        (report.count(Outcome.UNKNOWN), "could not be judged"),
        (_skips(report, Reason.NOT_APPLICABLE), "not applicable"),
        (_skips(report, Reason.LEFT_OUT), "left out"),
    ]
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing was judged"


def with_outcome(report: Report, outcome: Outcome) -> tuple[Result, ...]:
    """The results of one outcome: what matters most first, else in the order of the course."""
    found = [result for result in report.results if result.outcome is outcome]
    return tuple(sorted(found, key=lambda result: -result.check.weight))


def waiting_for(name: str, checks: Iterable[AnyCheck]) -> tuple[str, ...]:
    """Every one of `checks` that depends on the check `name`, directly or through others."""
    waiting: list[str] = []
    for other in checks:
        if name in other.needs or any(need in waiting for need in other.needs):
            waiting.append(other.id)
    return tuple(waiting)


def is_address(page: str) -> bool:
    """Whether a page can be a link from anywhere: a whole address, and no path within the site."""
    return page.startswith(("http://", "https://"))


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _skips(report: Report, reason: Reason) -> int:
    return sum(1 for r in report.results if r.outcome is Outcome.SKIP and r.verdict.reason is reason)
