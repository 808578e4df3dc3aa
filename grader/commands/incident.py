"""Finding a cause from its symptom: `grader incident` and what belongs to it."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import click

from grader.commands.shared import FAILED, LabName, the_catalog

if TYPE_CHECKING:
    from grader.gate.stacks import Case
    from grader.incidents import Record
    from grader.model import Result
    from grader.stacks.throwaway import Throwaway

WIDTH = 80  # columns of what somebody says
UP = "stack.stack-up"


@click.command()
@click.argument("what", metavar="[LAB|hint|check|reveal|end]", type=LabName(), required=False)
@click.option("--pick", type=click.IntRange(min=0), help="For instructors: the same incident for a whole room.")
def incident(what: str | None, pick: int | None) -> None:
    """Starts a broken stack and tells you what a visitor met. Then: hint, check, reveal, end."""
    from grader.catalog import root
    from grader.incidents import open_record

    folder = root() / "work"
    record = open_record(folder)
    acts = {"hint": _hint, "check": _check, "reveal": _reveal, "end": _end}
    if what in acts:
        if record is None:
            raise click.UsageError("no incident is open: start one with `grader incident`")
        acts[what](folder, record)
    elif record is not None:
        if what:
            raise click.UsageError(f"{record.project} is still open: `grader incident end` closes it")
        _tell(record)
    else:
        _start(folder, what, pick)


def instead(act: str) -> bool:
    """In the workspace of an open incident `check` and `hint` are the incident's own: the others give it away.

    Returns whether that was done. `diff` is refused: click.UsageError.
    """
    from grader.catalog import root
    from grader.incidents import open_at

    folder = root() / "work"
    record = open_at(folder, Path.cwd())
    if record is None:
        return False
    if act == "diff":
        raise click.UsageError("the difference is the answer to this incident: `grader incident reveal` gives up")
    {"check": _check, "hint": _hint}[act](folder, record)
    return True


def _start(folder: Path, lab: str | None, pick: int | None) -> None:
    from grader.catalog import root
    from grader.gate.stacks import lay_out
    from grader.incidents import Record, choose, incidents, keep, records
    from grader.stacks.throwaway import free_ports

    catalog = the_catalog()
    past = records(folder)
    labs = [catalog.lab(lab).id] if lab else _completed()
    chosen = choose(incidents(root()), labs, past[-1].key if past else "", pick)
    number = max((one.number for one in past), default=0) + 1
    record = Record(number, chosen.key, chosen.lab, time.time(), free_ports())
    case = _case(record)
    lay_out(root(), catalog, case, folder / record.project)
    stack = _stack(folder, record)
    # So that `docker compose` typed in the workspace means this stack, too.
    with (stack.workspace / ".env").open("a", encoding="utf-8") as out:
        out.writelines(f"{name}={value}\n" for name, value in stack.variables.items())
    problem = stack.bring_up(wait=case.settles)
    if problem:
        stack.take_down()
        shutil.rmtree(stack.workspace, ignore_errors=True)
        raise click.ClickException(f"{record.project}: {problem}")
    _tell(keep(folder, replace(record, started=time.time())))


def _tell(record: Record) -> None:
    from grader.catalog import root
    from grader.incidents import incident_of, minutes

    told = incident_of(root(), record)
    since = minutes(time.time() - record.started)
    click.echo(f"Incident {record.number} ({told.lab}), open for {since}")
    click.echo(f"\n{fill(f'{told.told_by}: {told.symptom}', WIDTH)}\n")
    click.echo(f"The site: {_site(record)}\nThe files: work/{record.project}/")
    if exported := _exported(record):
        names = " ".join(exported)
        click.echo(f"First: `unset {names}`. What this terminal has set would win over the incident's own ports.")
    click.echo("Next: find the cause, mend it, `docker compose up -d --build --wait` there,\n`grader incident check`.")


def _exported(record: Record) -> list[str]:
    """Variables of the terminal that say other ports than the incident's `.env`: Compose prefers them."""
    return [name for name, port in record.ports.items() if os.environ.get(name, str(port)) != str(port)]


def _site(record: Record) -> str:
    """Where visitors go: to plain HTTP until the lab about HTTPS, and from then on to the name in the certificate."""
    from grader.catalog import root
    from grader.stacks.throwaway import PLAIN_PORT, TLS_PORT

    secure = (root() / "work" / record.project / "certbot").is_dir()
    port = record.ports[TLS_PORT if secure else PLAIN_PORT]
    return f"https://pinboard.localhost:{port}/ (`grader trust` there)" if secure else f"http://localhost:{port}/"


def _hint(folder: Path, record: Record) -> None:
    from grader.catalog import root
    from grader.incidents import incident_of, next_hint

    click.echo(fill(next_hint(folder, record, incident_of(root(), record)), WIDTH))


def _check(folder: Path, record: Record) -> None:
    """Says solved or not yet, and how many checks are red: their names would be the answer."""
    from grader.gate.stacks import checked, chosen_checks
    from grader.incidents import in_words, keep, solved
    from grader.model import Outcome

    case = _case(record)
    results = checked(case.lab, chosen_checks(the_catalog(), case), _stack(folder, record))
    if not solved(case.fails, results):
        if down := _not_up(case, results):
            click.echo(f"Not yet: {down}. `docker compose up -d --build --wait` says why.")
            sys.exit(FAILED)
        red = sum(result.outcome is Outcome.FAIL for result in results)
        are = "is" if red == 1 else "are"
        click.echo(f"Not yet: {red} of {len(results)} checks {are} red. `grader incident hint` says where to look.")
        sys.exit(FAILED)
    if not record.solved and not record.revealed:
        record = keep(folder, replace(record, solved=time.time()))
    if record.solved:
        click.echo(f"{in_words(record).capitalize()}.")
    else:
        click.echo("It holds again. The cause was revealed before, so it is not recorded as solved.")
    _cause(record)


def _not_up(case: Case, results: tuple[Result, ...]) -> str:
    """What keeps the stack from being up, unless that is the incident: it is no secret, and hides all other answers."""
    from grader.model import Outcome

    up = next((result for result in results if result.check.id == UP), None)
    return up.verdict.because if up and up.outcome is Outcome.FAIL and UP not in case.fails else ""


def _reveal(folder: Path, record: Record) -> None:
    from grader.incidents import keep

    if not record.solved and not record.revealed:
        keep(folder, replace(record, revealed=time.time()))
    _cause(record)


def _end(folder: Path, record: Record) -> None:
    from grader.incidents import keep

    stack = _stack(folder, record)
    stack.take_down()
    shutil.rmtree(stack.workspace, ignore_errors=True)
    keep(folder, replace(record, ended=time.time()))
    click.echo(f"{record.project} is taken down; its record is kept.")


def _cause(record: Record) -> None:
    from grader.catalog import root
    from grader.incidents import incident_of

    click.echo(fill(f"The cause: {incident_of(root(), record).cause}", WIDTH))


def _case(record: Record) -> Case:
    from grader.catalog import root
    from grader.gate.stacks import cases
    from grader.incidents import incident_of

    name = incident_of(root(), record).name
    return next(case for case in cases(root(), the_catalog()) if (case.kind, case.name) == ("mutant", name))


def _stack(folder: Path, record: Record) -> Throwaway:
    from grader.stacks.throwaway import Throwaway

    return Throwaway(folder / record.project, record.project, record.ports)


def _completed() -> list[str]:
    """The labs whose own checks all held when they were last judged."""
    from grader import course
    from grader.catalog import root
    from grader.progress import history, last_known

    found = []
    for lab in the_catalog().labs:
        space = course.find_workspace(root(), lab)
        known = last_known(history(space / course.STATE)) if space else {}
        if lab.checks and all(known.get(name) for name in lab.checks):
            found.append(lab.id)
    return found
