"""Breaks the solutions systematically, and lists the breaks that no check noticed: `python -m tests.mutations.run`.

Each break is one edit of one file of a solution. It is tried in a stack of its own first, where the calm checks are
asked. About what these do not notice all checks are asked, of several breaks in one stack: where nobody notices
anything, nobody noticed any of them; where somebody does, each half of them is tried again, down to a single one. That
is quick where most are harmless; --only and --together are for those that are not. What came of each break is kept in
results.json, so that a long run can be ended and gone on with.

A lab's solution holds lines whose checks come in a later lab: a health check stands there from lab 2, and is judged in
lab 6. So all checks are asked in the solution of the last lab that still says it: a later lab asks the checks of the
earlier ones, too. What nobody notices there either is harmless, and judged.toml says why, or it shows that a check is
missing.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from grader import course
from grader.catalog import Catalog, load, root
from grader.docs.runs import BREAKS, HEADROOM, JUDGED, NOBODY, noticed
from grader.gate.stacks import Case, checked, chosen_checks, lay_out
from grader.model import Lab, Outcome, Result
from grader.plan import Options, plan
from grader.stacks.throwaway import Throwaway
from tests.mutations.edits import Edit, edits

RESULTS = root() / BREAKS
PROFILE = "    profiles: "  # in the block of a service that comes up only when somebody names its profile
TOGETHER = 4  # breaks in one stack, when all checks are asked
# Files that no running stack reads: the last ones are those of services that come up only when somebody asks for them.
NO_STACK = ("prometheus/rules.test.yml", "compose.elastic.yaml", "elastic/", "report/")


@dataclass(frozen=True, slots=True)
class Break:
    """One edit of the solution of a lab."""

    lab: Lab
    edit: Edit

    @property
    def name(self) -> str:
        return f"{self.lab.id}/{self.edit.name}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A break that no calm check noticed, and where all checks are asked about it."""

    first: Break
    held: Break  # the same edit in the last lab that holds it; often the lab's own


Ask = Callable[[Sequence[Waiting]], dict[str, Any]]


def breaks(base: Path, catalog: Catalog) -> Iterator[Break]:
    """Every edit of every file that a solution adds or replaces, but for services that come up only when asked for."""
    for lab in catalog.labs:
        folder = base / "solutions" / lab.id
        earlier = catalog.before(lab)
        before = course.files(course.layers(base, catalog, earlier[-1], solution=True)) if earlier else {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            file = path.relative_to(folder).as_posix()
            if file.startswith(NO_STACK):
                continue
            old = before[file].read_text(encoding="utf-8") if file in before else ""
            found = edits(file, path.read_text(encoding="utf-8"), old)
            asleep = [
                range(edit.start, edit.end) for edit in found if edit.end - edit.start > 1 and PROFILE in edit.old
            ]
            yield from (Break(lab, edit) for edit in found if not any(edit.start in lines for lines in asleep))


def held_last(base: Path, catalog: Catalog, one: Break, folder: Path) -> Break | None:
    """The same edit in the solution of the last later lab that still holds what it breaks; laid out in `folder`."""
    later = [lab for lab in catalog.labs if one.lab in catalog.before(lab)]
    for lab in sorted(later, key=lambda lab: len(catalog.before(lab)), reverse=True):
        workspace = folder / lab.id
        if not workspace.exists():
            lay_out(base, catalog, Case("solution", lab.id, lab, frozenset()), workspace)
        path = workspace / one.edit.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        same = [edit for edit in edits(one.edit.file, text) if edit.code == one.edit.code]
        if same:
            return Break(lab, same[0])
    return None


def overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits of one text change the same lines, or lines that touch."""
    return one.file == other.file and one.start <= other.end and other.start <= one.end


def crowding(edit: Edit, group: Sequence[Waiting]) -> tuple[int, int]:
    """How little an edit fits into a group: how many of the group are in its file, and how many there are."""
    return sum(other.held.edit.file == edit.file for other in group), len(group)


def groups(waiting: Sequence[Waiting], size: int) -> tuple[tuple[Waiting, ...], ...]:
    """Breaks of one solution in as few stacks as they fit in, spread so that few of a stack are in the same file."""
    found: list[list[Waiting]] = [[] for _ in range(-(-len(waiting) // size))]
    for one in waiting:
        fit = [g for g in found if len(g) < size and not any(overlap(one.held.edit, o.held.edit) for o in g)]
        if fit:
            min(fit, key=partial(crowding, one.held.edit)).append(one)
        else:
            found.append([one])
    return tuple(tuple(group) for group in found)


def one_by_one(group: Sequence[Waiting], ask: Ask) -> Iterator[tuple[Waiting, dict[str, Any]]]:
    """What came of each break of a group: that of the whole group where nobody noticed it, else that of its halves."""
    said = ask(group)
    if len(group) == 1 or (not said["noticed"] and sure(said)):
        yield from ((one, said | {"together": len(group)}) for one in group)
        return
    half = len(group) // 2
    yield from one_by_one(group[:half], ask)
    yield from one_by_one(group[half:], ask)


def try_edits(base: Path, catalog: Catalog, lab: Lab, edits: Sequence[Edit], *, calm: bool) -> dict[str, Any]:
    """What noticed these edits of a solution ("start" when the stack does not come up, else the checks that turned
    red). What did not know is kept, too: on a busy machine that may be what would have noticed."""
    begun = time.monotonic()
    case = Case("mutant", "break", lab, frozenset())
    with tempfile.TemporaryDirectory(prefix="break-") as folder:
        workspace = Path(folder).resolve() / lab.id
        lay_out(base, catalog, case, workspace)
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):  # the lines above keep their numbers
            path = workspace / edit.file
            path.write_text(edit.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
        started = Throwaway(workspace, f"break-{secrets.token_hex(4)}")
        try:
            if started.bring_up():
                said = {"noticed": ["start"]}
            else:
                everything = plan(catalog, lab, Options(deep=True)).asked  # also what earlier labs disturb
                asked = chosen_checks(catalog, case) if calm else everything
                results = checked(lab, asked, started)
                said = {"noticed": _with(results, Outcome.FAIL), "unknown": _with(results, Outcome.UNKNOWN)}
        finally:
            started.take_down()
    return {**said, "seconds": round(time.monotonic() - begun, 1), "day": time.strftime("%Y-%m-%d")}


def sure(said: dict[str, Any]) -> bool:
    """Whether what was noticed says something: a check that could not be judged keeps all that need it from it, too."""
    return not set(said.get("unknown", ())) - {HEADROOM}


def settled(found: dict[str, Any]) -> bool:
    """Nothing is left to be tried."""
    if found["noticed"] or "later" not in found:
        return bool(found["noticed"])
    last = found["later"] or found
    return bool(last["noticed"]) or sure(last)


def _with(results: tuple[Result, ...], outcome: Outcome) -> list[str]:
    """The checks with this outcome; what each said is told, because a break may be noticed for a wrong reason."""
    found = [result for result in results if result.outcome is outcome]
    for result in found:
        click.echo(f"          {outcome.value} {result.check.id}: {result.verdict.because}")
    return sorted(result.check.id for result in found)


def known() -> dict[str, dict[str, Any]]:
    """What earlier runs found, by the name of the break."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.is_file() else {}


def reasons() -> dict[str, str]:
    """Why a break that nobody notices is harmless, or why nobody can tell, by its name."""
    path = root() / JUDGED
    return dict(tomllib.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


class Trials:
    """The breaks that are still to be tried, and what came of all so far: every answer is written down at once."""

    def __init__(self, base: Path, catalog: Catalog, *, again: bool) -> None:
        self._base, self._catalog, self._again = base, catalog, again
        self.results, self._judged = known(), reasons()
        self._lock = threading.Lock()

    def open(self, some: Sequence[Break]) -> list[Break]:
        """Those that are not known, and not judged either: a check may have a good reason not to know."""
        return [one for one in some if self._again or not self._done(one.name)]

    def _done(self, name: str) -> bool:
        found = self.results.get(name, {})
        return bool(found) and (settled(found) or ("later" in found and name in self._judged))

    def ask_calm(self, one: Break) -> None:
        if self._again or one.name not in self.results or not sure(self.results[one.name]):
            self._keep(one, try_edits(self._base, self._catalog, one.lab, (one.edit,), calm=True))

    def waiting(self, some: Sequence[Break]) -> list[Waiting]:
        """Those that no calm check noticed, each as the solution holds it that is asked all checks."""
        quiet = [one for one in some if not self.results[one.name]["noticed"]]
        with tempfile.TemporaryDirectory(prefix="held-") as folder:
            resolved = Path(folder).resolve()
            return [Waiting(one, held_last(self._base, self._catalog, one, resolved) or one) for one in quiet]

    def ask_all(self, group: Sequence[Waiting]) -> None:
        for one, said in one_by_one(group, self._asked_all):
            late = one.held.lab != one.first.lab
            calm = self.results[one.first.name]
            self._keep(one.first, calm | {"later": {"lab": one.held.lab.id, **said}} if late else said | {"later": {}})

    def _asked_all(self, some: Sequence[Waiting]) -> dict[str, Any]:
        edits_held = [one.held.edit for one in some]
        return try_edits(self._base, self._catalog, some[0].held.lab, edits_held, calm=False)

    def _keep(self, one: Break, found: dict[str, Any]) -> None:
        with self._lock:
            self.results[one.name] = found
            draft = RESULTS.with_suffix(".draft")
            draft.write_text(json.dumps(self.results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            draft.replace(RESULTS)
        later = found.get("later", {})
        by = found["noticed"] or [f"{name} ({later['lab']})" for name in later.get("noticed", ())]
        nobody = "NOBODY" if "later" in found else "no calm check"
        click.echo(f"{later.get('seconds', found['seconds']):6.1f} s  {one.name}\n          {', '.join(by) or nobody}")


@click.command()
@click.option("--lab", "words", multiple=True, help="Only the solution of this lab.")
@click.option("--at-once", default=2, show_default=True, help="How many stacks run side by side.")
@click.option("--only", "parts", multiple=True, help="Only breaks whose name holds this.")
@click.option("--together", default=TOGETHER, show_default=True, help="How many breaks share a stack at most.")
@click.option("--again", is_flag=True, help="Also what is known already.")
@click.option("--list", "only_list", is_flag=True, help="Only name the breaks.")
def main(
    words: tuple[str, ...], at_once: int, parts: tuple[str, ...], together: int, again: bool, only_list: bool
) -> None:
    """Runs every break that is not known yet, and lists those that nobody noticed and nobody judged."""
    base, catalog = root(), load()
    labs = {catalog.lab(word).id for word in words}
    of_labs = [one for one in breaks(base, catalog) if not labs or one.lab.id in labs]
    every = [one for one in of_labs if not parts or any(part in one.name for part in parts)]
    trials = Trials(base, catalog, again=again)
    todo = trials.open(every)
    if only_list:
        click.echo("\n".join(one.name for one in todo))
        return
    with ThreadPoolExecutor(at_once) as workers:
        list(workers.map(trials.ask_calm, todo))
        waiting = trials.waiting(todo)
        for lab in catalog.labs:
            list(workers.map(trials.ask_all, groups([one for one in waiting if one.held.lab == lab], together)))
    results = trials.results
    survivors = [one.name for one in every if one.name in results and noticed(results[one.name]) == NOBODY]
    open_ones = [name for name in survivors if name not in reasons()]
    click.echo(f"{len(every)} breaks, {len(survivors)} noticed by nobody, {len(open_ones)} of these not judged:")
    click.echo("\n".join(open_ones))
    sys.exit(1 if open_ones else 0)


if __name__ == "__main__":
    main()
