"""What several commands share: how a lab and a check are named, exit codes, and what a command looks at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from grader.catalog import Catalog
    from grader.checking import Target
    from grader.model import Lab
    from grader.render.style import Style

OK, FAILED, USAGE, NOT_GRADED = 0, 1, 2, 3
EXIT_CODES = "Exit code: 0 all passed, 1 something failed, 2 usage, 3 could not grade."


class LabName(click.ParamType[str]):
    """A lab by full name, `lab3`, `3` or `nginx`; completed by the shell."""

    name = "lab"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(lab.id) for lab in the_catalog().labs if lab.id.startswith(incomplete)]


class CheckId(click.ParamType[str]):
    """A check by its id, or by the part after the dot; completed by the shell."""

    name = "check"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in the_catalog().checks if incomplete in name]


ONLY = click.option(
    "--only",
    type=CheckId(),
    multiple=True,
    metavar="ID",
    help="This check, or what the lab has of a topic, and its needs.",
)
ROLE = click.option("--role", multiple=True, metavar="ROLE=SERVICE", help="Which service is the edge, or the app.")
STACK = click.option("--stack", metavar="URL", help="compose://PROJECT, or recorded://FILE of an earlier run.")
I_KNOW = click.option(
    "--i-know", is_flag=True, help="Disturb a stack that reaches this machine, too (the engine's socket, …)."
)


def the_catalog() -> Catalog:
    """The course's catalog; CourseError when it is not whole."""
    from grader.catalog import load

    return load()


def the_lab(word: str) -> Lab:
    """A lab by one of its names; CourseError where there is none. The checks, which take long to load, are not."""
    from grader.catalog import Catalog, read_labs, root

    return Catalog(read_labs(root()), {}).lab(word)


def the_style() -> Style:
    """How words are shown on this terminal, and whether in colour."""
    from grader.render.style import current

    context = click.get_current_context(silent=True)
    plain = bool(context and context.find_root().obj and context.find_root().obj["no_color"])
    return current(colour=not plain)


def write(text: str) -> None:
    """Text of ours to standard output, as it is."""
    click.echo(text, nl=False)


def lab_here() -> Lab:
    """The lab of the workspace that one is in; click.UsageError elsewhere."""
    from grader import course

    name = next((course.lab_of(folder) for folder in (Path.cwd(), *Path.cwd().parents) if course.lab_of(folder)), "")
    if not name:
        takes_one = any(parameter.name == "lab" for parameter in click.get_current_context().command.params)
        elsewhere = "go into one (`grader start lab1` says where)"
        way = "name one, such as `lab1` (`grader list`)" if takes_one else elsewhere
        raise click.UsageError(f"which lab? This folder is no workspace: {way}")
    return the_lab(name)


def target_of(lab: str | None, stack: str | None, roles: tuple[str, ...]) -> Target:
    """What a command looks at: the named lab, or the one of this folder, and its stack."""
    from grader import course
    from grader.catalog import root
    from grader.checking import Target

    chosen = the_lab(lab) if lab else lab_here()
    workspace = None if stack else course.find_workspace(root(), chosen)
    return Target(chosen, workspace, stack or chosen.stack, roles_told(roles))


def roles_told(roles: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The answers of `--role ROLE=SERVICE`; click.UsageError for any other form."""
    told = []
    for word in roles:
        role, separator, service = word.partition("=")
        if not separator or role not in ("edge", "app") or not service:
            raise click.UsageError(f"--role {word}: write edge=SERVICE or app=SERVICE")
        told.append((role, service))
    return tuple(told)
