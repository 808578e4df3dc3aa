"""`grader audit`: any running stack, asked every check that applies to it. No lab, no bench, no workspace."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from grader.catalog import Catalog, is_elective
from grader.checking import Target
from grader.model import Lab, Outcome, Reason, Report, Step
from grader.show import Show

COURSE_ONLY = frozenset({"stack.contract-endpoints"})  # what only the course's own app has promised


def target(
    catalog: Catalog,
    names: Sequence[str],
    *,
    containers: bool,
    told: tuple[tuple[str, str], ...] = (),
    given: tuple[tuple[str, object], ...] = (),
) -> Target:
    """The project of this name, the one that was started from this folder, or these containers."""
    if containers:
        url, title = f"containers://{','.join(names)}", ", ".join(names)
    else:
        url, title = f"compose://{names[0] if names else Path.cwd()}", names[0] if names else Path.cwd().name
    return Target(stage(catalog, title), None, url, told, given)


def stage(catalog: Catalog, title: str) -> Lab:
    """The labs of the path as the steps of one: what a stack of whatever origin is asked.

    What an elective teaches is a choice: a stack without it is no worse.
    """
    path = [lab for lab in catalog.labs if not is_elective(lab)]
    steps = tuple(Step(lab.id, lab.title, tuple(n for n in lab.checks if n not in COURSE_ONLY)) for lab in path)
    return Lab("audit", title, None, 0, "", (), steps, frozenset())


class Audit(Show):
    """One invocation of `audit`: the report is written at the end, in the order of the course."""

    grows: ClassVar[bool] = False

    def _under_header(self, report: Report) -> str:
        return f"  Commands below: {_naming(report)}\n" if self.target.url.startswith("compose://") else ""

    def _commands_note(self, report: Report) -> str:
        return f"Before the commands: `{_naming(report)}`" if self.target.url.startswith("compose://") else ""

    def _next_step(self, report: Report) -> str:
        again = f"`{self._command(report)}`"
        failures = [result for result in report.results if result.outcome is Outcome.FAIL]
        troubles = [result for result in report.results if result.outcome is Outcome.UNKNOWN]
        if failures:
            worst = max(failures, key=lambda result: result.check.weight).check.id
            first = f"mend {worst} (`grader explain {worst}` says why it matters), then {again} again."
        elif troubles:
            first = troubles[0].verdict.hint or f"`grader explain {troubles[0].check.id}`, then {again} again."
        else:
            first = "nothing that was judged is wrong."
        left = [r for r in report.results if r.verdict.reason is Reason.LEFT_OUT and r.check.disturbs]
        more = f" {len(left)} more would disturb the stack: `--disturb` names them, and asks."
        return first + (more if left else "")

    def _command(self, report: Report) -> str:
        scheme, _, names = self.target.url.partition("://")
        words = ["--containers", *names.split(",")] if scheme == "containers" else [report.stack]
        return shlex.join(["grader", "audit", *words])


def _naming(report: Report) -> str:
    """What lets `docker compose` find a project from any folder."""
    return f"export COMPOSE_PROJECT_NAME={shlex.quote(report.stack)}"
