"""Breaks the solutions systematically, and lists the breaks that no check noticed: `python -m tests.mutations.run`.

Each break is one edit of one file of a solution, in a stack of its own. The calm checks are asked first; where they
notice nothing, all the others are asked, too. What came of each break is kept in results.json, so that a long run can
be ended and gone on with.

A lab's solution holds lines whose checks come in a later lab: a health check stands there from lab 2, and is judged in
lab 6. So what no calm check of a lab notices is tried again, with all checks, in the solution of the last lab that
still says it: a later lab asks the checks of the earlier ones, too. What nobody notices there either is harmless, and
judged.toml says why, or it shows that a check is missing.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from grader import course
from grader.catalog import Catalog, load, root
from grader.docs_runs import BREAKS, JUDGED, NOBODY, noticed
from grader.gate_stacks import Case, cases, checked, chosen_checks, lay_out
from grader.model import Lab, Outcome, Result
from grader.stacks.throwaway import Throwaway
from tests.mutations.edits import Edit, edits

RESULTS = root() / BREAKS
HEADROOM = "stack.host-headroom"  # says that the machine was busy, and keeps nothing else from being judged
NO_STACK = ("prometheus/rules.test.yml", "compose.elastic.yaml", "elastic/")  # files that no running stack reads


@dataclass(frozen=True, slots=True)
class Break:
    """One edit of the solution of a lab."""

    lab: Lab
    edit: Edit

    @property
    def name(self) -> str:
        return f"{self.lab.id}/{self.edit.name}"


def breaks(base: Path, catalog: Catalog) -> Iterator[Break]:
    """Every edit of every file that a solution adds or replaces."""
    for lab in catalog.labs:
        folder = base / "solutions" / lab.id
        earlier = catalog.before(lab)
        before = course.files(course.layers(base, catalog, earlier[-1], solution=True)) if earlier else {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            file = path.relative_to(folder).as_posix()
            if file.startswith(NO_STACK):
                continue
            old = before[file].read_text(encoding="utf-8") if file in before else ""
            yield from (Break(lab, edit) for edit in edits(file, path.read_text(encoding="utf-8"), old))


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


def try_break(base: Path, catalog: Catalog, one: Break, *, calm: bool = False) -> dict[str, Any]:
    """What noticed a break ("start" when the stack does not come up, else the checks that turned red); what did not
    know is kept, too: on a busy machine that may be what would have noticed. With `calm` only calm checks are asked."""
    begun = time.monotonic()
    case = Case("mutant", "break", one.lab, frozenset())
    with tempfile.TemporaryDirectory(prefix="break-") as folder:
        workspace = Path(folder).resolve() / one.lab.id
        lay_out(base, catalog, case, workspace)
        path = workspace / one.edit.file
        path.write_text(one.edit.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
        started = Throwaway(workspace, f"break-{secrets.token_hex(4)}")
        try:
            trouble = started.bring_up()
            said = {"noticed": ["start"]} if trouble else _said(catalog, case, started, calm=calm)
        finally:
            started.take_down()
    return {**said, "seconds": round(time.monotonic() - begun, 1), "day": time.strftime("%Y-%m-%d")}


def tried(base: Path, catalog: Catalog, one: Break, known: dict[str, Any] | None) -> dict[str, Any]:
    """What came of a break; where nobody noticed it, `later` says what came of it in the last lab that holds it."""
    with tempfile.TemporaryDirectory(prefix="held-") as folder:
        held = held_last(base, catalog, one, Path(folder).resolve())
    found = known if known and sure(known) else try_break(base, catalog, one, calm=held is not None)
    if found["noticed"]:
        return found
    return found | {"later": {"lab": held.lab.id, **try_break(base, catalog, held)} if held else {}}


def sure(said: dict[str, Any]) -> bool:
    """Whether what was noticed says something: a check that could not be judged keeps all that need it from it, too."""
    return not set(said.get("unknown", ())) - {HEADROOM}


def settled(found: dict[str, Any]) -> bool:
    """Nothing is left to be tried."""
    if found["noticed"] or "later" not in found:
        return bool(found["noticed"])
    last = found["later"] or found
    return bool(last["noticed"]) or sure(last)


def _said(catalog: Catalog, case: Case, started: Throwaway, *, calm: bool) -> dict[str, list[str]]:
    """The calm checks first; all the others where these notice nothing, and where they are wanted."""
    results = checked(case.lab, chosen_checks(catalog, case), started)
    if (found := _with(results, Outcome.FAIL)) or calm:
        return {"noticed": found, "unknown": _with(results, Outcome.UNKNOWN)}
    solution = next(c for c in cases(root(), catalog) if c.kind == "solution" and c.lab == case.lab)
    results = checked(case.lab, chosen_checks(catalog, solution), started)
    return {"noticed": _with(results, Outcome.FAIL), "unknown": _with(results, Outcome.UNKNOWN)}


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
    """Why a break that nobody notices is harmless, by its name."""
    path = root() / JUDGED
    return dict(tomllib.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


@click.command()
@click.option("--lab", "words", multiple=True, help="Only the solution of this lab.")
@click.option("--at-once", default=3, show_default=True, help="How many stacks run side by side.")
@click.option("--again", is_flag=True, help="Also what is known already.")
@click.option("--list", "only_list", is_flag=True, help="Only name the breaks.")
def main(words: tuple[str, ...], at_once: int, again: bool, only_list: bool) -> None:
    """Runs every break that is not known yet, and lists those that nobody noticed and nobody judged."""
    catalog = load()
    labs = {catalog.lab(word).id for word in words}
    every = [one for one in breaks(root(), catalog) if not labs or one.lab.id in labs]
    results = known()
    todo = [one for one in every if again or one.name not in results or not settled(results[one.name])]
    if only_list:
        click.echo("\n".join(one.name for one in todo))
        return
    lock = threading.Lock()

    def try_one(one: Break) -> None:
        found = tried(root(), catalog, one, None if again else results.get(one.name))
        with lock:
            results[one.name] = found
            draft = RESULTS.with_suffix(".draft")
            draft.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            draft.replace(RESULTS)
        later = found.get("later", {})
        by = found["noticed"] or [f"{name} ({later['lab']})" for name in later.get("noticed", ())]
        click.echo(f"{found['seconds']:6.1f} s  {one.name}\n          {', '.join(by) or 'NOBODY'}")

    with ThreadPoolExecutor(at_once) as workers:
        list(workers.map(try_one, todo))
    survivors = [one.name for one in every if one.name in results and noticed(results[one.name]) == NOBODY]
    open_ones = [name for name in survivors if name not in reasons()]
    click.echo(f"{len(every)} breaks, {len(survivors)} noticed by nobody, {len(open_ones)} of these not judged:")
    click.echo("\n".join(open_ones))
    sys.exit(1 if open_ones else 0)


if __name__ == "__main__":
    main()
