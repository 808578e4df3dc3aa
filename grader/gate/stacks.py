"""Starters, solutions, mutants and variants as real stacks of their own, and what the checks say of each."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader import course
from grader.catalog import Catalog, CourseError
from grader.gate.evidence import keep
from grader.gate.seen import SYMPTOM, Red, disagreements, own_words, reds
from grader.model import AnyCheck, Lab, Reason, Result, Verdict, Weight
from grader.model import Outcome as Verdicts
from grader.plan import Options, bridged, plan, with_needs
from grader.runner import Run, judged
from grader.stacks.base import CouldNotLook, Opening
from grader.stacks.opening import open_stack
from grader.stacks.settings import load
from grader.stacks.throwaway import Throwaway
from grader.text import line_of, nearest

KEYS = {"lab", "title", "symptom", "fails", "not_applicable", "edits", "start_fails", "incident", "no_incident"}
EDIT_KEYS = {"file", "find", "replace"}
FOLDERS = {"mutant": "tests/mutants", "variant": "tests/variants"}


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one file; `find` has to be there exactly once."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True, slots=True)
class Case:
    """A stack to bring up: a lab's starter or solution, or the solution with one named break (or another build)."""

    kind: str  # starter, solution, mutant, variant
    name: str
    lab: Lab
    fails: frozenset[str]
    not_applicable: frozenset[str] = frozenset()
    edits: tuple[Edit, ...] = ()
    layer: Path | None = None
    settles: bool = True  # the stack comes up: `up --wait` must succeed
    title: str = ""  # what is broken, or built differently, in words
    met: str = ""  # a command that meets the symptom of the incident …
    shows: str = ""  # … and what a line of its output matches here, and none on the lab's solution


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case; no problems means that the checks said exactly what was declared."""

    problems: tuple[str, ...]
    seconds: float
    results: tuple[Result, ...] = field(default=())
    reds: tuple[Red, ...] = ()  # what it was declared to fail, with the commands that show it
    lies: tuple[str, ...] = ()  # what is wrong with those commands

    @property
    def wants_quiet(self) -> bool:
        """Whether something kept the machine busy, or answered late: alone on the machine, it may be judged."""
        late = (Reason.NOISY_HOST, Reason.TIMED_OUT)
        return bool(self.lies) or any(r.verdict.reason in late and not _guards_noise(r) for r in self.results)


def cases(base: Path, catalog: Catalog) -> tuple[Case, ...]:
    """Every stack that the gate knows, in the order of the labs."""
    found: list[Case] = []
    for lab in catalog.labs:
        found.append(Case("starter", f"{lab.id}-starter", lab, lab.starter_fails))
        found.append(Case("solution", f"{lab.id}-solution", lab, frozenset()))
    for kind, folder in FOLDERS.items():
        found += [_read(kind, path, catalog) for path in sorted((base / folder).glob(f"*/{kind}.toml"))]
    order = {lab.id: number for number, lab in enumerate(catalog.labs)}
    return tuple(sorted(found, key=lambda case: order[case.lab.id]))


def chosen_checks(catalog: Catalog, case: Case, *, narrow: bool = False) -> tuple[AnyCheck, ...]:
    """Starters and variants answer for what `check` asks, a solution for its slow checks, too.

    A mutant answers for all that is calm and for what it declares: it need not sit through the disturbances that have
    nothing to do with it. When `narrow`, it answers for what it declares, what that needs, and the guards.
    """
    usual = plan(catalog, case.lab, Options())
    if case.kind == "solution":
        return (*usual.asked, *usual.left_out)
    if case.kind != "mutant":
        return usual.asked
    everything = plan(catalog, case.lab, Options(deep=True)).asked
    declared = with_needs(catalog, tuple(case.fails))
    asked_anyway = {catalog.checks[name].probe for name in declared}

    def beside(check: AnyCheck) -> bool:
        return check.weight is Weight.GUARD if narrow else not (check.disturbs or check.deep)

    return bridged(
        catalog,
        (check for check in everything if check.id in declared or check.probe in asked_anyway or beside(check)),
    )


def lay_out(base: Path, catalog: Catalog, case: Case, workspace: Path) -> None:
    """The workspace of a case. CourseError when an edit no longer fits the solution."""
    wanted = course.files(course.layers(base, catalog, case.lab, solution=case.kind != "starter"))
    course.start(workspace, case.lab, wanted)
    if case.layer is not None:
        for name, source in course.files((case.layer,)).items():
            (workspace / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, workspace / name)
    for edit in case.edits:
        path = workspace / edit.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.count(edit.find) != 1:
            raise CourseError(
                f"{case.name}, {edit.file}: the text to replace is there {text.count(edit.find)} times, not once: "
                f"{edit.find!r}"
            )
        path.write_text(text.replace(edit.find, edit.replace), encoding="utf-8")


@contextmanager
def standing(base: Path, catalog: Catalog, case: Case, prefix: str = "gate") -> Iterator[Throwaway]:
    """The stack of a case under a name of its own, for as long as the block runs.

    CourseError when an edit no longer fits the solution, CouldNotLook when the stack does not come up.
    """
    with tempfile.TemporaryDirectory(prefix=f"{prefix}-") as folder:
        workspace = Path(folder).resolve() / case.lab.id
        lay_out(base, catalog, case, workspace)
        stack = Throwaway(workspace, f"{prefix}-{case.name}-{secrets.token_hex(3)}".lower())
        try:
            if problem := stack.bring_up(wait=case.settles):
                raise CouldNotLook(Reason.UNREACHABLE, problem)
            yield stack
        finally:
            stack.take_down()


def try_case(base: Path, catalog: Catalog, case: Case, *, record: bool, narrow: bool = False) -> Outcome:
    """Brings the stack up, runs its checks and the commands of its red lines, and compares both with what it declares.

    `narrow` is that of chosen_checks.
    """
    begun = time.monotonic()
    try:
        with standing(base, catalog, case) as stack:
            results = checked(case.lab, chosen_checks(catalog, case, narrow=narrow), stack)
            results = tuple(as_declared(case, result) for result in results)
            red = reds(case.name, (result for result in results if result.check.id in case.fails), stack)
            red += met(case, stack)
            lies = disagreements(stack, red, there=True)
    except (CourseError, CouldNotLook) as trouble:  # about this stack alone: the others go on
        return Outcome((str(trouble),), time.monotonic() - begun)
    if record:
        for result in results:
            # A mutant's passes say nothing that the solution's do not, and a red that nobody declared proves nothing.
            good = case.kind in ("solution", "variant") and result.outcome is Verdicts.PASS
            if good or (result.outcome is Verdicts.FAIL and result.check.id in case.fails):
                keep(base, case.name, result)
    said = tuple(problem for _, problem in lies)
    return Outcome(tuple(differences(case, results)), time.monotonic() - begun, results, red, said)


def met(case: Case, stack: Throwaway) -> tuple[Red, ...]:
    """The symptom of an incident, as something red with a command that shows it."""
    if not case.met:
        return ()
    symptom = Verdict(Verdicts.FAIL, case.title, reproduce=case.met, shows=case.shows)
    return (Red(case.name, SYMPTOM, symptom, disturbs=True, own=own_words(stack)),)


def as_declared(case: Case, result: Result) -> Result:
    """A result without the doubt that a busy machine cast on it, where red is what was declared.

    A red line on a stack that is broken in just this way needs no quiet: it only confirms what is known of the stack.
    """
    return red_in_noise(result) if result.check.id in case.fails else result


def red_in_noise(result: Result) -> Result:
    """What is in doubt because the machine was busy, as red as its evidence is; everything else as it stands."""
    if result.verdict.reason is Reason.NOISY_HOST and result.evidence is not None:
        verdict = judged(result.check, result.evidence)
        return replace(result, verdict=verdict) if verdict.outcome is Verdicts.FAIL else result
    return result


def differences(case: Case, results: tuple[Result, ...]) -> list[str]:
    """Where the verdicts are not what the case declares; the empty list when they match exactly."""
    problems: list[str] = []
    for result in results:
        name, outcome, because = result.check.id, result.outcome, result.verdict.because
        reason = result.verdict.reason
        if name in case.fails:
            if outcome is not Verdicts.FAIL:
                problems.append(f"{name} should be red, is {outcome.value}: {because}")
        elif outcome is Verdicts.FAIL:
            problems.append(f"{name} is red and should not be: {because}")
        elif outcome is Verdicts.UNKNOWN and not _guards_noise(result):
            problems.append(f"{name} could not be judged: {reason}: {because}")
        elif (reason is Reason.NOT_APPLICABLE and name not in case.not_applicable) or (
            reason is Reason.BLOCKED and not case.fails
        ):
            problems.append(f"{name} was not judged: {because}")
        elif outcome is Verdicts.PASS and name in case.not_applicable:
            problems.append(f"{name} should not apply, but passed: {because}")
    missing = case.fails - {result.check.id for result in results}
    problems += [f"{name} is declared red, but was not asked" for name in sorted(missing)]
    return problems


def misjudged(case: Case, results: tuple[Result, ...]) -> dict[str, dict[str, str]]:
    """Checks that were wrong, with what they said: green on what is declared red, and red on what is not."""
    said = {
        "false_pass": (
            result for result in results if result.outcome is Verdicts.PASS and result.check.id in case.fails
        ),
        "false_fail": (r for r in results if r.outcome is Verdicts.FAIL and r.check.id not in case.fails),
    }
    return {kind: {result.check.id: result.verdict.because for result in these} for kind, these in said.items()}


def _guards_noise(result: Result) -> bool:
    """Whether this only says that the machine was busy: what depends on that says so itself."""
    return result.check.weight is Weight.GUARD and result.verdict.reason is Reason.NOISY_HOST


def checked(lab: Lab, checks: Sequence[AnyCheck], started: Throwaway) -> tuple[Result, ...]:
    """The results of `checks` on a stack of a lab's that is up; nothing of the grader's own is left behind."""
    settings = load(started.workspace)
    stack = open_stack(
        Opening(
            url=f"compose://{started.project}",
            settings=settings,
            state=started.workspace / course.STATE,
            workspace=started.workspace,
            project=started.project,
            named=lab.roles,
            agreed=frozenset({settings.renew} - {""}),  # our own labs' commands, on stacks of our own
            variables=tuple(started.variables.items()),
        )
    )
    try:
        return Run(stack, checks, lambda result: None).go()
    finally:
        stack.restore()
        stack.close()


def graded_once(catalog: Catalog, case: Case, stack: Throwaway) -> None:
    """Asks whether the site answers, and waits for it as the check does: what a report says is typed after a report.

    Without a health check, `up --wait` says of a server that has not begun to listen that it is there.
    """
    checked(case.lab, plan(catalog, case.lab, Options(only=("stack.edge-reachable",))).asked, stack)


def _read(kind: str, path: Path, catalog: Catalog) -> Case:
    text = path.read_text(encoding="utf-8")
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        raise CourseError(f"{path}: not valid TOML: {trouble}") from trouble
    for key in data:
        if key not in KEYS:
            raise CourseError(f"{path}, line {line_of(text, key)}: no key '{key}'{nearest(key, KEYS)}")
    fails = frozenset(data.get("fails", ()))
    waived = frozenset(data.get("not_applicable", ()))
    for name in fails | waived:
        if name not in catalog.checks:
            raise CourseError(f"{path}: no check '{name}'{nearest(name, catalog.checks)}")
    if (kind == "mutant") != bool(fails):
        raise CourseError(f"{path}: a mutant names what it turns red in `fails`, a variant nothing")
    layer = path.parent / "layer"
    return Case(
        kind=kind,
        name=path.parent.name,
        lab=catalog.lab(data["lab"]),
        fails=fails,
        not_applicable=waived,
        edits=tuple(Edit(**{key: str(edit[key]) for key in EDIT_KEYS}) for edit in data.get("edits", ())),
        layer=layer if layer.is_dir() else None,
        settles=not data.get("start_fails", False),
        title=str(data.get("title", "")),
        met=str(data.get("incident", {}).get("met", "")),
        shows=str(data.get("incident", {}).get("shows", "")),
    )
