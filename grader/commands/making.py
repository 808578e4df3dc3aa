"""For those who write labs, checks and pages: docs, and the gate."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.commands.shared import FAILED, OK, the_catalog


@click.command()
@click.option("--check", "check_only", is_flag=True, help="Change nothing; fail when the pages are not current.")
@click.pass_context
def docs(context: click.Context, check_only: bool) -> None:
    """Writes the generated parts of the site (docs/_generated)."""
    from grader.catalog import root
    from grader.docs.pages import write

    stale = write(root(), the_catalog(), program(context), check=check_only)
    for path in stale:
        click.echo(f"{'not current' if check_only else 'written'}: {path}")
    if check_only and stale:
        click.echo("Run `grader docs` and commit what it writes.", err=True)
        sys.exit(FAILED)


@click.group()
def dev() -> None:
    """For those who write labs and checks."""


@dev.command("check")
@click.option(
    "--docker/--no-docker", default=True, help="Also starters, solutions, mutants and variants on real stacks."
)
@click.option("--only", multiple=True, metavar="NAME", help="Only these stacks: a lab, a mutant, a variant.")
@click.option(
    "--slice",
    "sliced",
    is_flag=True,
    help="Only starters, solutions, and mutants that turn each check red, asked for no more than that.",
)
@click.option("--record", "keep", is_flag=True, help="Write what was seen to tests/evidence.")
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Write down here what came of each stack."
)
@click.option("--at-once", default=7, show_default=True, help="How many stacks run side by side.")
@click.pass_context
def dev_check(
    context: click.Context,
    docker: bool,
    only: tuple[str, ...],
    sliced: bool,
    keep: bool,
    at_once: int,
    ledger: Path | None,
) -> None:
    """The gate: every check has been seen to pass and to fail, and every page says what the checks say."""
    from grader.catalog import root
    from grader.docs.pages import write
    from grader.gate import gate

    if sliced and ledger:
        raise click.UsageError("the ledger is about all that was asked of a stack: leave out --ledger or --slice")
    problems = []
    if docker:
        problems += gate.stacks(
            root(), the_catalog(), only=only, sliced=sliced, record=keep, at_once=at_once, say=click.echo, ledger=ledger
        )
    if ledger:  # a page is made of it
        write(root(), the_catalog(), program(context), check=False)
    # Afterwards: a run with --record writes what this looks for.
    problems += gate.paper(root(), the_catalog(), program(context))
    for problem in problems:
        click.echo(f"FAIL  {problem}")
    click.echo("The gate is open." if not problems else f"{len(problems)} problem(s): the gate is closed.")
    sys.exit(FAILED if problems else OK)


def program(context: click.Context) -> click.Group:
    """The whole program that a command belongs to: its pages describe every command."""
    found = context.find_root().command
    if not isinstance(found, click.Group):
        raise TypeError(f"{found.name} is no group of commands")
    return found
