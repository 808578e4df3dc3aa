"""Working through the labs: list, start, reset, explain, hint, diff, status, trust."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.shared import STACK, CheckId, LabName, lab_here, target_of, the_catalog, the_style

if TYPE_CHECKING:
    from grader.course import Laid


@click.command("list")
@click.argument("lab", type=LabName(), required=False)
@click.option("--checks", is_flag=True, help="The checks of each step, too.")
def list_(lab: str | None, checks: bool) -> None:
    """The labs of the course, and their checks."""
    from grader import words

    catalog = the_catalog()
    if lab or checks:
        chosen = [catalog.lab(lab)] if lab else list(catalog.labs)
        click.echo(words.checks(catalog, chosen, the_style()), nl=False)
    else:
        click.echo(words.labs(catalog, the_style()), nl=False)


@click.command()
@click.argument("lab", type=LabName(), default="lab1")
@click.option("--into", type=click.Path(path_type=Path), help="The folder to lay the lab out in (default: work/LAB).")
@click.option("--solution", is_flag=True, help="The reference solution instead of the starter.")
@click.option("--from", "previous", type=click.Path(path_type=Path), help="Go on from your own previous workspace.")
@click.option("--print-path", is_flag=True, help="Print nothing but the workspace's path, for scripts.")
def start(lab: str, into: Path | None, solution: bool, previous: Path | None, print_path: bool) -> None:
    """Lays a lab out as a Compose project. What you changed is never overwritten."""
    laid = _lay_out(lab, into, solution=solution, previous=previous, replace=False)
    click.echo(f"{laid.workspace}\n" if print_path else _laid_in_words(laid), nl=False)


@click.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--into", type=click.Path(path_type=Path), help="The workspace (default: this folder, or work/LAB).")
def reset(lab: str | None, into: Path | None) -> None:
    """Lays the starter out again. Your versions are kept beside, and named."""
    workspace = into or target_of(lab, None, ()).workspace
    click.echo(_laid_in_words(_lay_out(lab or lab_here().id, workspace, replace=True)), nl=False)


@click.command()
@click.argument("check_id", metavar="CHECK", type=CheckId())
def explain(check_id: str) -> None:
    """What a check asks, why it matters, and which page explains it."""
    from grader import words

    catalog = the_catalog()
    found = catalog.check(check_id)
    owner = catalog.owner(found.id)
    taught = f"{owner[0].id}, {owner[1].title}" if owner else ""
    click.echo(words.explain(found, catalog.page(found.id), taught, the_style()), nl=False)


@click.command()
@click.argument("what", metavar="[STEP|CHECK]", required=False)
def hint(what: str | None) -> None:
    """A hint for the first thing that fails, or for a step. Asking again says more."""
    from grader.advice import hint_for
    from grader.commands.incident import instead

    if not what and instead("hint"):
        return
    click.echo(hint_for(the_catalog(), target_of(None, None, ()), what or "", the_style()), nl=False)


@click.command()
@click.argument("lab", type=LabName(), required=False)
def diff(lab: str | None) -> None:
    """What would turn your workspace into the reference solution."""
    from grader import course
    from grader.catalog import root
    from grader.commands.incident import instead

    if not lab:
        instead("diff")
    catalog = the_catalog()
    target = target_of(lab, None, ())
    if target.workspace is None:
        raise click.UsageError(f"no workspace of {target.lab.id} here: grader start {target.lab.id}")
    wanted = course.files(course.layers(root(), catalog, target.lab, solution=True))
    click.echo(course.diff(target.workspace, wanted) or "Your workspace is the reference solution.\n", nl=False)


@click.command()
def status() -> None:
    """Which labs you have completed, and what failed at the last look."""
    from grader import course, words
    from grader.catalog import root
    from grader.incidents import in_words, records
    from grader.progress import history

    catalog = the_catalog()
    spaces = {lab.id: course.find_workspace(root(), lab) for lab in catalog.labs}
    runs = {name: history(space / course.STATE) for name, space in spaces.items() if space}
    click.echo(words.status(catalog, runs, the_style()), nl=False)
    for record in records(root() / "work"):
        click.echo(f"{record.project:<18} {record.lab}, {in_words(record)}")


@click.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--undo", is_flag=True, help="Take it back: the stores of this machine are as before.")
@click.option("--show", is_flag=True, help="Only print the root (PEM), for `curl --cacert FILE`.")
@STACK
def trust(lab: str | None, undo: bool, show: bool, stack: str | None) -> None:
    """Lets your browser and curl believe a lab's own certificates."""
    from grader.trust import shown, trusted, withdrawn

    act = withdrawn if undo else shown if show else trusted
    click.echo(act(target_of(lab, stack, ())), nl=False)


def _lay_out(
    lab: str, into: Path | None, *, replace: bool, solution: bool = False, previous: Path | None = None
) -> Laid:
    from grader import course
    from grader.catalog import root

    catalog = the_catalog()
    chosen = catalog.lab(lab)
    workspace = into or root() / "work" / chosen.id
    folders = course.layers(root(), catalog, chosen, solution=solution)
    if previous is not None:
        course.go_on_from(previous, workspace, chosen)
        folders, replace = folders[-1:], True
    wanted = course.files(folders)
    if previous is None and "compose.yaml" not in wanted:
        raise click.UsageError(f"the files of {chosen.id} are not in this installation: use the project's own folder")
    laid = course.start(workspace, chosen, wanted, replace=replace)
    course.call_project_by_folder(workspace, chosen)
    return laid


def _laid_in_words(laid: Laid) -> str:
    from grader import words

    return words.laid(laid, _short, the_style())


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
