"""Which stacks are run, and which of their checks: all of a solution's, and of a mutant's those that judge times."""

from __future__ import annotations

import typing
from collections import Counter
from dataclasses import dataclass, is_dataclass
from typing import Any

from grader.catalog import Catalog
from grader.gate.stacks import Case, chosen_checks
from grader.model import AnyCheck, Outcome, Probe, Reason, Result
from grader.plan import bridged, with_needs
from grader.probes.stack.headroom import Baseline


def judges_time(probe: Probe[Any]) -> bool:
    """Whether the answer is a time: it is asked alone for that reason, or brings what a busy machine is known by."""
    if probe.last:  # that one is alone because it comes after everything
        return False
    evidence = typing.get_type_hints(type(probe).ask).get("return")
    types = typing.get_type_hints(evidence) if is_dataclass(evidence) else {}
    measured = evidence is Baseline or any(Baseline in (hint, *typing.get_args(hint)) for hint in types.values())
    return probe.alone or measured


def timed(catalog: Catalog, case: Case) -> frozenset[str]:
    """The declared red checks of a mutant that judge times."""
    return frozenset(name for name in case.fails if judges_time(catalog.checks[name].probe))


def chosen(catalog: Catalog, every: tuple[Case, ...]) -> tuple[Case, ...]:
    """All solutions, and the mutants that break what is judged by a time."""
    return tuple(case for case in every if case.kind == "solution" or (case.kind == "mutant" and timed(catalog, case)))


def wants_host_port(case: Case) -> bool:
    """Whether a stack listens on the host itself, at the port that its files name: a second one beside it cannot."""
    return any("network_mode: host" in edit.replace for edit in case.edits)


def asked(catalog: Catalog, case: Case) -> tuple[AnyCheck, ...]:
    """What is asked of a stack: everything of a solution, of a mutant what judges times and all that this needs."""
    if case.kind == "solution":
        return chosen_checks(catalog, case)
    wanted = with_needs(catalog, tuple(timed(catalog, case)))
    return bridged(catalog, (check for check in catalog.checks.values() if check.id in wanted))


@dataclass(frozen=True, slots=True)
class Seen:
    """One run: checks with what was said of them. `wrong` are false fails and false passes, `unknown` says why.

    `unknown` also holds what was skipped though it was not to be: nothing was found that could be judged.
    """

    wrong: dict[str, str]
    unknown: dict[str, str]
    passed: int
    failed: int
    skipped: int


def seen(catalog: Catalog, case: Case, results: tuple[Result, ...]) -> Seen:
    """Red on a solution is wrong, and so is green on a mutant where red is declared, and red where it is not."""
    declared = timed(catalog, case)
    wrong = {
        result.check.id: f"{result.outcome.value}: {result.verdict.because}"
        for result in results
        if (result.outcome is Outcome.FAIL and result.check.id not in case.fails)
        or (result.outcome is Outcome.PASS and result.check.id in declared)
    }
    unknown = {
        result.check.id: f"{result.verdict.reason}: {result.verdict.because}"
        for result in results
        if result.outcome is Outcome.UNKNOWN
        or (result.verdict.reason is Reason.NOT_APPLICABLE and result.check.id not in case.not_applicable)
    }
    count = Counter(result.outcome for result in results if result.check.id not in unknown)
    return Seen(wrong, unknown, count[Outcome.PASS], count[Outcome.FAIL], count[Outcome.SKIP])
