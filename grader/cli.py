"""Arguments, what is printed, and the exit code; the work is done elsewhere and loaded when it is needed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader import __version__
from grader.report_options import report_options, shown_and_written

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from grader.catalog import Catalog
    from grader.checking import Target
    from grader.course import Laid
    from grader.model import Lab
    from grader.render.style import Style

OK, FAILED, USAGE, NOT_GRADED = 0, 1, 2, 3
EXIT_CODES = "Exit code: 0 all passed, 1 something failed, 2 usage, 3 could not grade."


class LabName(click.ParamType[str]):
    """A lab by full name, `lab3`, `3` or `nginx`; completed by the shell."""

    name = "lab"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(lab.id) for lab in _catalog().labs if lab.id.startswith(incomplete)]


class CheckId(click.ParamType[str]):
    """A check by its id, or by the part after the dot; completed by the shell."""

    name = "check"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in _catalog().checks if incomplete in name]


ONLY = click.option("--only", type=CheckId(), multiple=True, metavar="ID", help="This check, or topic, and its needs.")
ROLE = click.option("--role", multiple=True, metavar="ROLE=SERVICE", help="Which service is the edge, or the app.")
STACK = click.option("--stack", metavar="URL", help="compose://PROJECT, or recorded://FILE of an earlier run.")
I_KNOW = click.option(
    "--i-know", is_flag=True, help="Disturb a stack that reaches this machine, too (the engine's socket, …)."
)


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
    click.echo(words.findings(found, _style()), nl=False)
    sys.exit(OK if all(finding.good for finding in found) else NOT_GRADED)


@cli.command("list")
@click.argument("lab", type=LabName(), required=False)
@click.option("--checks", is_flag=True, help="The checks of each step, too.")
def list_(lab: str | None, checks: bool) -> None:
    """The labs of the course, and their checks."""
    from grader import words

    catalog = _catalog()
    if lab or checks:
        chosen = [catalog.lab(lab)] if lab else list(catalog.labs)
        click.echo(words.checks(catalog, chosen, _style()), nl=False)
    else:
        click.echo(words.labs(catalog, _style()), nl=False)


@cli.command()
@click.argument("lab", type=LabName(), default="lab1")
@click.option("--into", type=click.Path(path_type=Path), help="The folder to lay the lab out in (default: work/LAB).")
@click.option("--solution", is_flag=True, help="The reference solution instead of the starter.")
@click.option("--from", "previous", type=click.Path(path_type=Path), help="Go on from your own previous workspace.")
@click.option("--print-path", is_flag=True, help="Print nothing but the workspace's path, for scripts.")
def start(lab: str, into: Path | None, solution: bool, previous: Path | None, print_path: bool) -> None:
    """Lays a lab out as a Compose project. What you changed is never overwritten."""
    laid = _lay_out(lab, into, solution=solution, previous=previous, replace=False)
    click.echo(f"{laid.workspace}\n" if print_path else _laid_in_words(laid), nl=False)


@cli.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--into", type=click.Path(path_type=Path), help="The workspace (default: this folder, or work/LAB).")
def reset(lab: str | None, into: Path | None) -> None:
    """Lays the starter out again. Your versions are kept beside, and named."""
    workspace = into or _target(lab, None, ()).workspace
    click.echo(_laid_in_words(_lay_out(lab or _lab_here().id, workspace, replace=True)), nl=False)


@cli.command(epilog=EXIT_CODES)
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
    """Looks at a lab's running stack and reports which checks pass, and why the others fail."""
    from grader.plan import Options
    from grader.show import Show

    catalog = _catalog()
    options = Options(quick, deep, tuple(name for word in only for name in catalog.chosen(word)), i_know)
    target = _target(lab, stack, role)
    shown, files = shown_and_written(form, output)
    show = Show(catalog, target, options, shown, files, style=_style(), write=_write, site=site, yes=yes)
    sys.exit(show.watch() if watch else show.once())


@cli.command(epilog=EXIT_CODES)
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
    """Asks any running stack every check that applies: the project of this name, or of this folder."""
    from grader import audit as audits
    from grader import words
    from grader.plan import Options
    from grader.plan import plan as planned

    if containers != bool(names) and (containers or len(names) > 1):
        raise click.UsageError("name the containers after --containers" if containers else "one project at a time")
    catalog = _catalog()
    given = (("hosts", host), ("entry", entry), ("slow_path", slow_path))
    told = tuple((key, value) for key, value in given if value)
    target = audits.target(catalog, names, containers=containers, told=_told(role), given=told)
    options = Options(not disturb, deep, tuple(name for word in only for name in catalog.chosen(word)), i_know)
    if disturb and not yes:
        click.echo(words.disturbances(planned(catalog, target.lab, options)), nl=False, err=True)
        click.confirm("Go on?", abort=True, err=True)
    shown, files = shown_and_written(form, output)
    show = audits.Audit(catalog, target, options, shown, files, style=_style(), write=_write, site=site, yes=yes)
    sys.exit(show.once())


@cli.command()
@click.argument("check_id", metavar="CHECK", type=CheckId())
def explain(check_id: str) -> None:
    """What a check asks, why it matters, and where the course explains it."""
    from grader import words

    catalog = _catalog()
    found = catalog.check(check_id)
    owner = catalog.owner(found.id)
    taught = f"{owner[0].id}, {owner[1].title}" if owner else ""
    click.echo(words.explain(found, catalog.page(found.id), taught, _style()), nl=False)


@cli.command()
@click.argument("what", metavar="[STEP|CHECK]", required=False)
def hint(what: str | None) -> None:
    """A hint for the first thing that fails, or for a step; asking again says more."""
    from grader.advice import hint_for

    click.echo(hint_for(_catalog(), _target(None, None, ()), what or "", _style()), nl=False)


@cli.command()
@click.argument("lab", type=LabName(), required=False)
def diff(lab: str | None) -> None:
    """What would turn your workspace into the reference solution."""
    from grader import course
    from grader.catalog import root

    catalog = _catalog()
    target = _target(lab, None, ())
    if target.workspace is None:
        raise click.UsageError(f"no workspace of {target.lab.id} here: grader start {target.lab.id}")
    wanted = course.files(course.layers(root(), catalog, target.lab, solution=True))
    click.echo(course.diff(target.workspace, wanted) or "Your workspace is the reference solution.\n", nl=False)


@cli.command()
def status() -> None:
    """Which labs you have completed, and what failed at the last look."""
    from grader import course, words
    from grader.catalog import root
    from grader.progress import history

    catalog = _catalog()
    spaces = {lab.id: course.find_workspace(root(), lab) for lab in catalog.labs}
    runs = {name: history(space / course.STATE) for name, space in spaces.items() if space}
    click.echo(words.status(catalog, runs, _style()), nl=False)


@cli.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--quick", is_flag=True)
@click.option("--deep", is_flag=True)
def plan(lab: str | None, quick: bool, deep: bool) -> None:
    """What `check` would ask, in which order, and what of it disturbs the stack."""
    from grader import words
    from grader.plan import Options
    from grader.plan import plan as planned

    catalog = _catalog()
    chosen = catalog.lab(lab) if lab else _lab_here()
    click.echo(words.plan(planned(catalog, chosen, Options(quick, deep)), _style()), nl=False)


@cli.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("recording.json"))
@click.option("--quick", is_flag=True, help="Nothing that disturbs the stack.")
@STACK
def record(lab: str | None, output: Path, quick: bool, stack: str | None) -> None:
    """Keeps every answer of a run in a file, to be judged again without a stack (--stack recorded://FILE)."""
    from grader.plan import Options
    from grader.show import RECORDING, Show

    catalog = _catalog()
    target = _target(lab, stack, ())
    show = Show(catalog, target, Options(quick), "", ((RECORDING, output),), style=_style(), write=_write)
    sys.exit(show.once())


@cli.command()
@click.argument("lab", type=LabName(), required=False)
@STACK
def repair(lab: str | None, stack: str | None) -> None:
    """Puts a stack back that a run left disturbed, because it was killed."""
    from grader.advice import repaired
    from grader.checking import ENDING, alone

    target = _target(lab, stack, ())
    with alone(target, ENDING):
        click.echo(repaired(target), nl=False)


@cli.command()
@click.argument("lab", type=LabName(), required=False)
@click.option("--undo", is_flag=True, help="Take it back: the stores of this machine are as before.")
@click.option("--show", is_flag=True, help="Only print the root (PEM), for `curl --cacert FILE`.")
@STACK
def trust(lab: str | None, undo: bool, show: bool, stack: str | None) -> None:
    """Lets your browser and curl believe the certificates of a lab's own authority."""
    from grader.trust import shown, trusted, withdrawn

    act = withdrawn if undo else shown if show else trusted
    click.echo(act(_target(lab, stack, ())), nl=False)


@cli.command()
@click.option("--check", "check_only", is_flag=True, help="Change nothing; fail when the pages are not current.")
def docs(check_only: bool) -> None:
    """Writes the generated parts of the site from the catalog (docs/_generated)."""
    from grader.catalog import root
    from grader.docs import write

    stale = write(root(), _catalog(), cli, check=check_only)
    for path in stale:
        click.echo(f"{'not current' if check_only else 'written'}: {path}")
    if check_only and stale:
        click.echo("Run `grader docs` and commit what it writes.", err=True)
        sys.exit(FAILED)


@cli.group()
def dev() -> None:
    """For those who write labs and checks."""


@dev.command("check")
@click.option(
    "--docker/--no-docker", default=True, help="Also starters, solutions, mutants and variants on real stacks."
)
@click.option("--only", multiple=True, metavar="NAME", help="Only these stacks: a lab, a mutant, a variant.")
@click.option("--slice", "sliced", is_flag=True, help="Only starters, solutions, and mutants that turn each check red.")
@click.option("--record", "keep", is_flag=True, help="Write what was seen to tests/evidence.")
@click.option("--at-once", default=3, show_default=True, help="How many stacks run side by side.")
def dev_check(docker: bool, only: tuple[str, ...], sliced: bool, keep: bool, at_once: int) -> None:
    """The gate: every check has been seen to pass and to fail, and every page says what the checks say."""
    from grader import gate
    from grader.catalog import root

    problems = []
    if docker:
        problems += gate.stacks(
            root(), _catalog(), only=only, sliced=sliced, record=keep, at_once=at_once, say=click.echo
        )
    # Afterwards: a run with --record writes what this looks for.
    problems += gate.paper(root(), _catalog(), cli)
    for problem in problems:
        click.echo(f"FAIL  {problem}")
    click.echo("The gate is open." if not problems else f"{len(problems)} problem(s): the gate is closed.")
    sys.exit(FAILED if problems else OK)


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


def _catalog() -> Catalog:
    from grader.catalog import load

    return load()


def _style() -> Style:
    from grader.render.style import current

    context = click.get_current_context(silent=True)
    plain = bool(context and context.find_root().obj and context.find_root().obj["no_color"])
    return current(colour=not plain)


def _write(text: str) -> None:
    click.echo(text, nl=False)


def _lab_here() -> Lab:
    from grader import course

    name = next((course.lab_of(folder) for folder in (Path.cwd(), *Path.cwd().parents) if course.lab_of(folder)), "")
    if not name:
        raise click.UsageError("which lab? This folder is no workspace: name one, such as `lab1` (`grader list`)")
    return _catalog().lab(name)


def _target(lab: str | None, stack: str | None, roles: tuple[str, ...]) -> Target:
    from grader import course
    from grader.catalog import root
    from grader.checking import Target

    chosen = _catalog().lab(lab) if lab else _lab_here()
    workspace = None if stack else course.find_workspace(root(), chosen)
    return Target(chosen, workspace, stack or chosen.stack, _told(roles))


def _told(roles: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    told = []
    for word in roles:
        role, separator, service = word.partition("=")
        if not separator or role not in ("edge", "app") or not service:
            raise click.UsageError(f"--role {word}: write edge=SERVICE or app=SERVICE")
        told.append((role, service))
    return tuple(told)


def _lay_out(
    lab: str, into: Path | None, *, replace: bool, solution: bool = False, previous: Path | None = None
) -> Laid:
    from grader import course
    from grader.catalog import root

    catalog = _catalog()
    chosen = catalog.lab(lab)
    workspace = into or root() / "work" / chosen.id
    folders = course.layers(root(), catalog, chosen, solution=solution)
    if previous is not None:
        course.go_on_from(previous, workspace, chosen)
        folders, replace = folders[-1:], True
    wanted = course.files(folders)
    if previous is None and "compose.yaml" not in wanted:
        raise click.UsageError(f"the files of {chosen.id} are not in this installation: use the project's own folder")
    return course.start(workspace, chosen, wanted, replace=replace)


def _laid_in_words(laid: Laid) -> str:
    from grader import words

    return words.laid(laid, _short, _style())


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
