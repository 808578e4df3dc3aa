"""Looking at a running stack: check, audit, plan, record, repair."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.shared import (
    EXIT_CODES,
    I_KNOW,
    ONLY,
    ROLE,
    STACK,
    LabName,
    lab_here,
    roles_told,
    target_of,
    the_catalog,
    the_style,
    write,
)
from grader.report_options import report_options, shown_and_written

if TYPE_CHECKING:
    from grader.checking import Target


@click.command(epilog=EXIT_CODES)
@click.argument("lab", type=LabName(), required=False)
@click.option("--quick", is_flag=True, help="Nothing that disturbs the stack.")
@click.option("--deep", is_flag=True, help="The slow checks, too.")
@ONLY
@click.option("--watch", is_flag=True, help="Again whenever a file or a container changes.")
@report_options
@STACK
@ROLE
@click.option("--yes", is_flag=True, help="Agree to a repair, and to the commands of grader.toml.")
@I_KNOW
def check(
    lab: str | None,
    quick: bool,
    deep: bool,
    only: tuple[str, ...],
    watch: bool,
    form: str | None,
    output: tuple[Path, ...],
    site: str,
    stack: str | None,
    role: tuple[str, ...],
    yes: bool,
    i_know: bool,
) -> None:
    """Checks a lab's running stack: what passes, what fails, and why."""
    from grader.commands.incident import instead
    from grader.plan import Options

    if not (lab or only or stack) and instead("check"):
        return
    shown, files = shown_and_written(form, output)
    target = target_of(lab, stack, role)
    _looking_at(target, shown)
    from grader.show import Show  # takes long to load, as the checks do

    catalog = the_catalog()
    options = Options(quick, deep, catalog.chosen(only, target.lab), i_know)
    show = Show(catalog, target, options, shown, files, style=the_style(), write=write, site=site, yes=yes)
    sys.exit(show.watch() if watch else show.once())


@click.command(epilog=EXIT_CODES)
@click.argument("names", metavar="[PROJECT]", nargs=-1)
@click.option("--containers", is_flag=True, help="The names are containers, not a Compose project.")
@click.option("--disturb", is_flag=True, help="Also stop, kill and freeze things, and put them back; asks first.")
@click.option("--deep", is_flag=True, help="The slow checks, too.")
@ONLY
@report_options
@ROLE
@click.option("--host", multiple=True, metavar="NAME", help="The site's host name, when it is not localhost.")
@click.option("--entry", metavar="URL", help="Where the site is: http://127.0.0.1:8080, or http://SERVICE:PORT inside.")
@click.option("--slow-path", metavar="PATH", help="A page that takes a second, to see requests side by side.")
@click.option("--yes", is_flag=True, help="Agree to a repair, and to what --disturb does.")
@I_KNOW
def audit(
    names: tuple[str, ...],
    containers: bool,
    disturb: bool,
    deep: bool,
    only: tuple[str, ...],
    form: str | None,
    output: tuple[Path, ...],
    site: str,
    role: tuple[str, ...],
    host: tuple[str, ...],
    entry: str | None,
    slow_path: str | None,
    yes: bool,
    i_know: bool,
) -> None:
    """Asks any running stack every check that applies. Without a PROJECT, that of this folder."""
    from grader import audit as audits
    from grader import words
    from grader.plan import Options
    from grader.plan import plan as planned

    if containers != bool(names) and (containers or len(names) > 1):
        raise click.UsageError("name the containers after --containers" if containers else "one project at a time")
    catalog = the_catalog()
    given = (("hosts", host), ("entry", entry), ("slow_path", slow_path))
    told = tuple((key, value) for key, value in given if value)
    target = audits.target(catalog, names, containers=containers, told=roles_told(role), given=told)
    options = Options(not disturb, deep, catalog.chosen(only, target.lab), i_know)
    if disturb and not yes:
        click.echo(words.disturbances(planned(catalog, target.lab, options)), nl=False, err=True)
        click.confirm("Go on?", abort=True, err=True)
    shown, files = shown_and_written(form, output)
    _looking_at(target, shown)
    show = audits.Audit(catalog, target, options, shown, files, style=the_style(), write=write, site=site, yes=yes)
    sys.exit(show.once())


@click.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--quick", is_flag=True)
@click.option("--deep", is_flag=True)
def plan(lab: str | None, quick: bool, deep: bool) -> None:
    """What `check` would ask, in which order, and what disturbs."""
    from grader import words
    from grader.plan import Options
    from grader.plan import plan as planned

    catalog = the_catalog()
    chosen = catalog.lab(lab) if lab else lab_here()
    click.echo(words.plan(planned(catalog, chosen, Options(quick, deep)), the_style()), nl=False)


@click.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("recording.json"))
@click.option("--quick", is_flag=True, help="Nothing that disturbs the stack.")
@STACK
def record(lab: str | None, output: Path, quick: bool, stack: str | None) -> None:
    """Keeps every answer of a run in a file. `--stack recorded://FILE` judges them without a stack."""
    from grader.plan import Options
    from grader.show import RECORDING, Show

    catalog = the_catalog()
    target = target_of(lab, stack, ())
    show = Show(catalog, target, Options(quick), "", ((RECORDING, output),), style=the_style(), write=write)
    sys.exit(show.once())


@click.command()
@click.argument("lab", type=LabName(), required=False)
@STACK
def repair(lab: str | None, stack: str | None) -> None:
    """Puts back what a run that was killed left disturbed."""
    from grader.advice import repaired
    from grader.checking import ENDING, alone

    target = target_of(lab, stack, ())
    with alone(target, ENDING):
        click.echo(repaired(target), nl=False)


def _looking_at(target: Target, shown: str) -> None:
    """Says at once that something happens: the checks and what they need of others take longer to load."""
    if shown == "terminal":
        write(the_style().paint(f"Looking at {target.word} …", "dim") + "\n")
