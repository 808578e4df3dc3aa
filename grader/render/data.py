"""The report as JSON, the canonical form: every other output can be made from it.

grader.render.schema says what each field means and may hold; a field that is not said there fails a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from grader import __version__
from grader.model import Change, Outcome, Report, Result, Role
from grader.render.schema import VERSION
from grader.render.tally import LONG
from grader.text import clean


def to_json(report: Report, page: Callable[[str], str], owner: Callable[[str], tuple[str, str]]) -> str:
    """`page` gives a check's page, `owner` the ids of the lab and step that teach it ("" when none does)."""
    return json.dumps(as_data(report, page, owner), indent=2, ensure_ascii=False) + "\n"


def as_data(report: Report, page: Callable[[str], str], owner: Callable[[str], tuple[str, str]]) -> dict[str, Any]:
    return {
        "schema": VERSION,
        "grader": __version__,
        "lab": report.lab.id,
        "stack": clean(report.stack),
        "started": iso(report.started),
        "seconds": round(report.seconds, 1),
        "services": [clean(name) for name in report.services],
        "roles": [_role(role) for role in report.roles],
        "complete": report.complete,
        "counts": {outcome.value: report.count(outcome) for outcome in Outcome},
        "results": [result_data(result, page(result.check.id), *owner(result.check.id)) for result in report.results],
        "changes": _changes(report),
    }


def _role(role: Role) -> dict[str, Any]:
    return {"role": role.name, "services": [clean(name) for name in role.services], "why": clean(role.why, LONG)}


def result_data(result: Result, page: str, lab: str, step: str) -> dict[str, Any]:
    """One result, as it stands in a report."""
    return {
        "id": result.check.id,
        "title": clean(result.check.title, LONG),
        "lab": lab,
        "step": step,
        "weight": result.check.weight.name.lower(),
        "outcome": result.outcome.value,
        "reason": result.verdict.reason.value if result.verdict.reason else "",
        "because": clean(result.verdict.because, LONG),
        "hint": clean(result.verdict.hint, LONG),
        "reproduce": clean(result.verdict.reproduce, LONG),
        "shows": clean(result.verdict.shows, LONG),
        "seconds": round(result.seconds, 2),
        "page": page,
        "passed_until": iso(result.since.at) if result.since else "",
        "runs_ago": result.since.runs if result.since else 0,
    }


def _changes(report: Report) -> list[dict[str, Any]]:
    """The differences, each once, with the checks that they may explain."""
    checks: dict[tuple[Change, ...] | None, list[str]] = {}
    for result in report.results:
        if result.since is not None:
            checks.setdefault(result.since.changes, []).append(result.check.id)
    return [
        {
            "checks": names,
            "compared": changes is not None,
            "texts": [{"part": c.part.value, "name": c.name, "lines": list(c.lines)} for c in changes or ()],
        }
        for changes, names in checks.items()
    ]


def iso(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
