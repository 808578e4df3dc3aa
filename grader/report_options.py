"""The options of every command that writes a report, and what they mean together."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from grader.render import ENDINGS, FORMS

F = TypeVar("F", bound=Callable[..., Any])
ADDRESS = re.compile(r"https?://[^\s<>()\"'`|\\]+")  # nothing that ends a link, in HTML or in Markdown
Files = tuple[tuple[str, Path], ...]  # form and place


def _address(context: click.Context, option: click.Parameter, value: str) -> str:
    if value and not ADDRESS.fullmatch(value):
        raise click.BadParameter(f"'{value}': write an address such as https://course.example/")
    return value and value.rstrip("/") + "/"


def report_options(command: F) -> F:
    """Adds --format, --output and --site; the command gets `form`, `output` and `site`."""
    format_ = click.option("--format", "form", type=click.Choice(FORMS), help="The form of the report.")
    output = click.option(
        "--output",
        type=click.Path(path_type=Path, dir_okay=False),
        multiple=True,
        help="Write the report to this file, in the form of its ending: " + ", ".join(ENDINGS) + ".",
    )
    site = click.option(
        "--site",
        metavar="URL",
        envvar="GRADER_SITE",
        default="",
        callback=_address,
        help="Where the course's pages are served: a report links to them.",
    )
    return format_(output(site(command)))


def shown_and_written(form: str | None, output: tuple[Path, ...]) -> tuple[str, Files]:
    """The form for standard output ("" for none) and those for files; UsageError for a file that cannot be written.

    With a form named, the files are all there is; without one they come on top of the terminal report.
    """
    for path in output:
        if not path.parent.is_dir():  # said before the run, not after it
            raise click.UsageError(f"--output {path}: there is no folder {path.parent}; make it first")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise click.UsageError(f"--output {path}: you may not write there; name another place")
    if not output:
        return form or "terminal", ()
    if form:
        return "", tuple((form, path) for path in output)
    return "terminal", tuple((_by_ending(path), path) for path in output)


def _by_ending(path: Path) -> str:
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise click.UsageError(f"--output {path}: end the name in {', '.join(ENDINGS)}, or add --format")
    return form
