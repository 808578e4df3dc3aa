"""The program: its commands, and what an error looks like. Everything else is loaded when it is needed."""

from __future__ import annotations

import os
import sys

import click

from grader import __version__
from grader.commands import incident, learning, looking, making, measuring, serving
from grader.commands.shared import EXIT_CODES, NOT_GRADED, OK, USAGE, the_style


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="grader")
@click.option("--no-color", is_flag=True, help="Plain text (NO_COLOR does the same).")
@click.pass_context
def cli(context: click.Context, no_color: bool) -> None:
    """Looks at a running stack and says which production checks pass, and why the others fail."""
    context.obj = {"no_color": no_color or bool(os.environ.get("NO_COLOR"))}


@cli.command()
def doctor() -> None:
    """Is everything on this machine that the course needs?"""
    from grader import words
    from grader.catalog import root
    from grader.doctor import examine

    found = examine(root())
    click.echo(words.findings(found, the_style()), nl=False)
    sys.exit(OK if all(finding.good for finding in found) else NOT_GRADED)


for command in (
    *(learning.list_, learning.start, learning.reset, learning.explain, learning.hint, learning.diff),
    *(learning.status, learning.trust, incident.incident),
    *(looking.check, looking.audit, looking.plan, looking.record, looking.repair),
    *(measuring.measure, serving.serve),
    *(making.docs, making.dev),
):
    cli.add_command(command)


def main() -> None:
    """The console script: our own errors are one clear paragraph, never a traceback."""
    from grader.text import clean

    try:
        cli(prog_name="grader", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as trouble:
        trouble.show()
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Ended.", err=True)
        sys.exit(NOT_GRADED)
    except Exception as trouble:
        known = _known(trouble)
        if known is None:
            raise
        code, hint_text = known
        click.echo(clean(str(trouble), 1000), err=True)
        if hint_text:
            click.echo(f"Next: {clean(hint_text, 400)}", err=True)
        sys.exit(code)


def _known(trouble: Exception) -> tuple[int, str] | None:
    """Exit code and next action of an error of ours; None for a bug."""
    from grader.catalog import CourseError
    from grader.stacks.base import CouldNotLook
    from grader.stacks.settings import SettingsError

    if isinstance(trouble, CourseError | SettingsError):
        return USAGE, ""
    if isinstance(trouble, CouldNotLook):
        return NOT_GRADED, trouble.hint
    if isinstance(trouble, OSError):
        return NOT_GRADED, "check the folder's permissions and the free space on the disk"
    return None
