"""The gate for those who write labs and checks: a check that nobody has seen fail does not count as a check.

On paper: ids, texts, evidence, generated pages. On real stacks: each starter fails exactly its declared set, each
solution passes everything, each mutant turns exactly its declared checks red, each variant stays green.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import click

from grader.catalog import Catalog, CourseError
from grader.gate.evidence import evidence_problems, recorded
from grader.gate.seen import Red
from grader.gate.stacks import Case, Outcome, cases, misjudged, try_case
from grader.runs import Runs

Say = Callable[[str], None]


def paper(base: Path, catalog: Catalog, commands: click.Group) -> list[str]:
    """What can be seen without Docker: a list of problems, each naming thing, place and repair."""
    from grader.docs.pages import write

    problems: list[str] = []
    taught = {name for lab in catalog.labs for name in lab.checks}
    for check in catalog.checks.values():
        if check.id not in taught:
            problems.append(f"{check.id}: no lab teaches it; name it in a step of a lab.toml")
        empty = [word for word in ("title", "rule", "why", "fix", "source") if not getattr(check, word).strip()]
        problems += [f"{check.id}: its {word} is empty; write it beside the judge" for word in empty]
    for lab in catalog.labs:
        problems += [f"labs/{lab.id}/lab.toml, step {s.id}: no hints; write three" for s in lab.steps if not s.hints]
    problems += evidence_problems(base, catalog)
    every = {case.name: case for case in cases(base, catalog)}
    problems += undeclared(base, catalog, every)
    seen_to_fail = {name for case in every.values() for name in case.fails}
    guards = {check.id for check in catalog.checks.values() if check.weight == 0}
    for name in sorted(set(catalog.checks) - seen_to_fail - guards):
        problems.append(f"{name}: no mutant turns it red; add one to tests/mutants")
    problems += [f"{path}: not current; run `grader docs`" for path in write(base, catalog, commands, check=True)]
    return problems


def undeclared(base: Path, catalog: Catalog, every: Mapping[str, Case]) -> list[str]:
    """Recordings of no stack that there is, and recorded failures that their stack does not declare."""
    problems: list[str] = []
    for check in catalog.checks.values():
        for path in recorded(base, check):
            outcome, _, stack = path.stem.partition("-")
            if stack not in every:
                problems.append(f"{path.relative_to(base)}: no stack has this name; remove the file")
            elif outcome == "fail" and check.id not in every[stack].fails:
                problems.append(f"{path.relative_to(base)}: {stack} does not declare it red; remove the file")
    return problems


def slice_of(every: Sequence[Case]) -> tuple[Case, ...]:
    """Starters, solutions, and so few mutants that each check is still seen to fail.

    For every day: the rest shows other breaks of the same rules, and that what is built differently passes.
    """
    found = [case for case in every if case.kind in ("starter", "solution")]
    mutants = [case for case in every if case.kind == "mutant"]
    unseen = {name for case in mutants for name in case.fails} - {name for case in found for name in case.fails}
    while unseen:
        found.append(max(mutants, key=lambda case: len(case.fails & unseen)))
        unseen -= found[-1].fails
    return tuple(case for case in every if case in found)


def stacks(
    base: Path,
    catalog: Catalog,
    *,
    only: Sequence[str],
    sliced: bool = False,
    record: bool,
    at_once: int,
    say: Say,
    ledger: Path | None = None,
) -> list[str]:
    """Brings every stack up and compares what it fails with what it declares. Evidence is kept with `record`.

    What came of each stack replaces what `ledger` says of it, for the page about all of them.
    `only` names labs and stacks, all of them when it is empty. `sliced` takes no more stacks than
    slice_of does, and asks a mutant no more than what it declares: that the rest stays green is for the whole matrix.
    """
    every = cases(base, catalog)
    known = {word for case in every for word in (case.name, case.lab.id)}
    for word in only:
        if word not in known:
            raise CourseError(f"no starter, solution, mutant or variant '{word}' (see labs/ and tests/mutants)")
    chosen = [case for case in every if not only or {case.name, case.lab.id} & set(only)]
    chosen = list(slice_of(chosen)) if sliced else chosen
    lock = threading.Lock()
    red: list[Red] = []
    denied: list[Red] = []  # those of `red` that a solution was asked for, and did not show
    again: list[Case] = []
    labs = {case.name: case.lab.id for case in every}

    def owed(case: Case) -> tuple[Red, ...]:
        """The red lines whose commands a solution has still to be asked: they must show nothing there."""
        return tuple(one for one in red if labs[one.stack] == case.lab.id and one not in denied)

    def tried(case: Case, *, asked: bool = True, last: bool = False) -> list[str]:
        """The problems of a case; none yet where it is to be tried again in quiet, unless this is the `last` time."""
        elsewhere = owed(case) if case.kind == "solution" else ()
        asked = asked and case in chosen
        if not asked and not elsewhere:
            return []
        outcome = try_case(base, catalog, case, record=record, asked=asked, narrow=sliced, elsewhere=elsewhere)
        with lock:
            if outcome.wants_quiet and not last:
                again.append(case)
                say(f"later {case.kind:<9} {case.name:<28} {outcome.seconds:6.1f} s  the machine was busy")
                return []
            red.extend(outcome.reds)
            denied.extend(elsewhere)
            say(_line(case, outcome))
            if ledger and outcome.results:
                Runs(ledger).put("stack", _entry(case, outcome))
        return [f"{case.name}: {problem}" for problem in outcome.problems]

    with ThreadPoolExecutor(at_once) as workers:
        jobs = _lab_by_lab(workers, catalog, every, chosen, tried)
    problems = [job.result() for job in jobs]
    # One after the other, and made anew: what was disturbed, as a renewal nobody noticed, would be found again.
    problems += [tried(case, last=True) for case in sorted(again, key=lambda case: case.kind == "solution")]
    problems += [tried(case, asked=False, last=True) for case in every if case.kind == "solution"]
    for name, why in sorted({(one.check, one.verdict.not_shown) for one in red if one.verdict.not_shown}):
        say(f"note  {name} is not shown by a command: {why}")
    return [problem for listed in problems for problem in listed]


def _lab_by_lab(
    workers: ThreadPoolExecutor,
    catalog: Catalog,
    every: Sequence[Case],
    chosen: Sequence[Case],
    tried: Callable[[Case], list[str]],
) -> list[Future[list[str]]]:
    """Has every lab's broken stacks tried, and then its solution, which is asked the commands that showed the faults.

    Those commands take long where the faults show only in a stack that is disturbed. Such labs come first, and a
    solution behind the next lab's stacks: so no lane has to wait for it, and none is left alone with it at the end.
    """
    disturbing = Counter(case.lab.id for case in chosen for name in case.fails if catalog.checks[name].disturbs)

    def solved(case: Case, broken: Sequence[Future[list[str]]]) -> list[str]:
        wait(broken)
        return tried(case)

    jobs: list[Future[list[str]]] = []
    waiting: list[tuple[Case, Sequence[Future[list[str]]]]] = []
    for lab in sorted(catalog.labs, key=lambda lab: -disturbing[lab.id]):
        here = [case for case in every if case.lab == lab]
        broken = [workers.submit(tried, case) for case in here if case in chosen and case.kind != "solution"]
        jobs += [*broken, *(workers.submit(solved, *one) for one in waiting)]
        waiting = [(case, broken) for case in here if case.kind == "solution"]
    return [*jobs, *(workers.submit(solved, *one) for one in waiting)]


def _entry(case: Case, outcome: Outcome) -> dict[str, Any]:
    counts = Counter(result.outcome.value for result in outcome.results)
    shown = sum(not red.verdict.not_shown for red in outcome.reds)
    return {
        "stack": case.name,
        "kind": case.kind,
        "lab": case.lab.id,
        "seconds": round(outcome.seconds, 1),
        **{name: counts[name] for name in ("pass", "fail", "unknown", "skip")},
        **misjudged(case, outcome.results),
        "commands": shown,
        "problems": list(outcome.problems),
    }


def _line(case: Case, outcome: Outcome) -> str:
    word = "FAIL" if outcome.problems else "ok"
    red = ", ".join(sorted(case.fails)) or "nothing red"
    return f"{word:<5} {case.kind:<9} {case.name:<28} {outcome.seconds:6.1f} s  {red}"
