"""Putting a stack under load: measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grader.commands.shared import LabName, lab_here, target_of, the_catalog, the_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.ladder import Row


@click.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--ladder", "only_show", is_flag=True, help="Show what was measured so far, and measure nothing.")
@click.option("--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", show_default=True)
def measure(lab: str | None, only_show: bool, form: str) -> None:
    """Puts the stack of lab 1, 2 or 3 under a fixed load. Your ladder gets a row.

    Eight clients ask for pages as fast as they are answered, for six seconds; then again, with one slow client among
    them. All of it takes less than 20 seconds, and the load generator is removed afterwards.
    """
    from grader import course, ladder, measuring
    from grader.catalog import root
    from grader.stacks.base import CouldNotLook

    try:
        if only_show:
            place = course.find_workspace(root(), the_catalog().lab(lab) if lab else None)
            rows = ladder.read(measuring.file_of(place))
        else:
            chosen = the_catalog().lab(lab) if lab else lab_here()
            if chosen.id not in ladder.STAGES:
                raise click.UsageError(
                    f"{chosen.id} has no load of its own: labs 1, 2 and 3 have. Next: `grader measure lab3`, or "
                    "`grader measure --ladder` to see what you measured"
                )
            target = target_of(chosen.id, None, ())
            rows = measuring.measure(target, lambda text: click.echo(text, err=True))
    except ladder.LadderError as trouble:
        raise click.UsageError(str(trouble)) from None
    except CouldNotLook as trouble:
        trouble.hint = trouble.hint or "grader check"
        raise
    click.echo(_shown(ladder.latest(rows), form), nl=False)


def _shown(rows: Sequence[Row], form: str) -> str:
    from grader.render import ladder as render

    return render.data(rows) if form == "json" else render.terminal(rows, the_style())
