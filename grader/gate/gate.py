"""The gate for those who write labs and checks: a check that nobody has seen fail does not count as a check.

On paper: ids, texts, evidence, generated pages. On real stacks: each starter fails exactly its declared set, each
solution passes everything, each mutant turns exactly its declared checks red, each variant stays green.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import click

from grader.catalog import Catalog, CourseError
from grader.gate.evidence import evidence_problems, recorded
from grader.gate.seen import Red, disagreements
from grader.gate.stacks import Case, Outcome, cases, graded_once, misjudged, standing, try_case
from grader.runs import Runs
from grader.stacks.base import CouldNotLook

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
    solutions = {case.lab.id: case for case in every if case.kind == "solution"}
    trial = _Trial(base, catalog, record, sliced, say, ledger)
    problems = _side_by_side(at_once, catalog, chosen, solutions, trial)
    # One after the other, and made anew: what was disturbed, as a renewal nobody noticed, would be found again.
    for case in trial.again:
        problems += trial.tried(case, last=True)
    for case in solutions.values():
        problems += trial.asked(case, last=True)
    reds = chain.from_iterable(trial.red.values())
    for name, why in sorted({(one.check, one.verdict.not_shown) for one in reds if one.verdict.not_shown}):
        say(f"note  {name} is not shown by a command: {why}")
    return problems


@dataclass
class _Trial:
    """What is known of the stacks that were tried so far. What failed on a busy machine is tried once more in quiet."""

    base: Path
    catalog: Catalog
    record: bool
    sliced: bool
    say: Say
    ledger: Path | None
    red: defaultdict[str, list[Red]] = field(default_factory=lambda: defaultdict(list))  # by the id of the lab
    denied: list[Red] = field(default_factory=list)  # those of `red` that a solution was asked for, and did not show
    again: list[Case] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tried(self, case: Case, *, last: bool = False) -> list[str]:
        """The problems of a stack; none yet where it is to be tried again, unless this is the `last` time."""
        outcome = try_case(self.base, self.catalog, case, record=self.record, narrow=self.sliced)
        problems = (*outcome.problems, *outcome.lies)
        with self.lock:
            if outcome.wants_quiet and not last:
                self.again.append(case)
                self._tell("later", case, outcome.seconds, "again in quiet")
                return []
            self.red[case.lab.id] += outcome.reds
            declared = ", ".join(sorted(case.fails)) or "nothing red"
            self._tell("FAIL" if problems else "ok", case, outcome.seconds, declared)
            if self.ledger and outcome.results:
                Runs(self.ledger).put("stack", _entry(case, outcome))
        return [f"{case.name}: {problem}" for problem in problems]

    def asked(self, solution: Case, *, last: bool = False) -> list[str]:
        """Types the commands that showed the faults of a lab's broken stacks into its solution: there they show none.

        What one of them shows while the machine is busy counts only when it does so the `last` time, too.
        """
        owed = [red for red in self.red[solution.lab.id] if red not in self.denied and not red.verdict.not_shown]
        if not owed:
            return []
        begun = time.monotonic()
        try:
            with standing(self.base, self.catalog, solution) as stack:
                graded_once(self.catalog, solution, stack)
                lies = disagreements(stack, owed, there=False)
        except (CourseError, CouldNotLook) as trouble:
            lies = [(red, str(trouble)) for red in owed]
        lying = [red for red, _ in lies]
        with self.lock:
            self.denied += [red for red in owed if red not in lying]
            word = "ok" if not lies else "FAIL" if last else "later"
            wrong = ", ".join(sorted({red.check for red in lying})) or "none"
            self._tell(word, solution, time.monotonic() - begun, f"{len(owed)} commands, wrong: {wrong}")
        return [f"{solution.name}: {problem}" for problem in dict.fromkeys(problem for _, problem in lies) if last]

    def _tell(self, word: str, case: Case, seconds: float, what: str) -> None:
        self.say(f"{word:<5} {case.kind:<9} {case.name:<28} {seconds:6.1f} s  {what}")


def _side_by_side(
    at_once: int, catalog: Catalog, chosen: Sequence[Case], solutions: Mapping[str, Case], trial: _Trial
) -> list[str]:
    """Tries `chosen`, so many at once. As soon as a lab's broken stacks are through, its solution is asked the commands
    that showed their faults: those take long where faults show only in a stack that is disturbed, so such labs come
    first, and their commands before everything that still waits."""
    disturbing = Counter(case.lab.id for case in chosen for name in case.fails if catalog.checks[name].disturbs)
    ordered = sorted(chosen, key=lambda case: -disturbing[case.lab.id])
    broken = [case.lab.id if case.fails else "" for case in ordered]
    waiting = deque(zip(broken, (partial(trial.tried, case) for case in ordered), strict=True))
    left = Counter(broken)
    problems: list[str] = []
    running: dict[Future[list[str]], str] = {}
    with ThreadPoolExecutor(at_once) as workers:
        while waiting or running:
            while waiting and len(running) < at_once:
                lab, job = waiting.popleft()
                running[workers.submit(job)] = lab
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                lab = running.pop(done)
                problems += done.result()
                left[lab] -= 1
                if lab and not left[lab]:
                    waiting.appendleft(("", partial(trial.asked, solutions[lab])))
    return problems


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
        "problems": [*outcome.problems, *outcome.lies],
    }
