"""The report as JSON, the canonical form: every other output can be made from it.

docs/reference/report.md says what each field means.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from grader import __version__
from grader.model import Change, Outcome, Report, Result

SCHEMA = 1

# What each field means; a field that is not said here fails a test.
FIELDS = {
    "schema": "version of this form; a change that could break a reader raises it",
    "grader": "version of the grader",
    "lab": "id of the lab",
    "stack": "name of the stack: its Compose project",
    "started": "when the run began, ISO 8601 in UTC",
    "seconds": "how long the run took",
    "services": "names of the services, running or not",
    "roles": "list of `role`, `services`, `why`: what the grader takes each service for",
    "complete": "true when no blocker and no major is open",
    "counts": "number of results for each outcome",
    "results": "list of results, in the order of the course",
    "results[].id": "the check's permanent id",
    "results[].title": "what must hold",
    "results[].lab": "id of the lab that teaches it",
    "results[].step": "id of the step that teaches it",
    "results[].weight": "`blocker`, `major`, `minor` or `guard`",
    "results[].outcome": "`pass`, `fail`, `skip` or `unknown`",
    "results[].reason": "for `skip` and `unknown`: why, from a closed list; else empty",
    "results[].because": "what was seen",
    "results[].hint": "where to look next",
    "results[].reproduce": "a command that shows the same",
    "results[].seconds": "how long its probe took; 0 when another check had asked it already",
    "results[].page": "page and anchor where the course explains it, relative to the site",
    "results[].passed_until": "for `fail`: when it passed for the last time, ISO 8601 in UTC; empty when it never did",
    "results[].runs_ago": "how many runs ago that was; 1 is the run before, 0 when it never passed",
    "changes": "list: what is configured otherwise since checks that fail now passed for the last time",
    "changes[].checks": "ids of the checks that passed under the same configuration then",
    "changes[].compared": "false when the configuration of then or of now is not known",
    "changes[].texts": "list of texts that differ, the most telling first",
    "changes[].texts[].part": "`compose`, `running`, `proxy`, `server`, `packages` or `image`",
    "changes[].texts[].name": "the service, and what of it",
    "changes[].texts[].lines": "each begins with `-` (gone), `+` (new), `~` (only a secret value in it differs) or "
    "a space (the block that the next one stands in)",
}


def to_json(report: Report, page: Callable[[str], str], owner: Callable[[str], tuple[str, str]]) -> str:
    """`page` gives a check's page, `owner` the ids of the lab and step that teach it ("" when none does)."""
    return json.dumps(as_data(report, page, owner), indent=2, ensure_ascii=False) + "\n"


def as_data(report: Report, page: Callable[[str], str], owner: Callable[[str], tuple[str, str]]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "grader": __version__,
        "lab": report.lab.id,
        "stack": report.stack,
        "started": iso(report.started),
        "seconds": round(report.seconds, 1),
        "services": list(report.services),
        "roles": [{"role": r.name, "services": list(r.services), "why": r.why} for r in report.roles],
        "complete": report.complete,
        "counts": {outcome.value: report.count(outcome) for outcome in Outcome},
        "results": [_result(result, page(result.check.id), *owner(result.check.id)) for result in report.results],
        "changes": _changes(report),
    }


def _result(result: Result, page: str, lab: str, step: str) -> dict[str, Any]:
    return {
        "id": result.check.id,
        "title": result.check.title,
        "lab": lab,
        "step": step,
        "weight": result.check.weight.name.lower(),
        "outcome": result.outcome.value,
        "reason": result.verdict.reason.value if result.verdict.reason else "",
        "because": result.verdict.because,
        "hint": result.verdict.hint,
        "reproduce": result.verdict.reproduce,
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
