"""The generated parts of the site: rules, commands and fields come from the code, so a page cannot drift from it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import click

from grader.catalog import Catalog, page_folder
from grader.docs.ladder import circumstances, cost_of_a_slow_client, recorded_ladder, recorded_workers
from grader.docs.modes import modes
from grader.docs.runs import broken, busy, restored, verdicts
from grader.docs.simulator import compared, how, module, trace
from grader.gate.evidence import recorded, red_lines
from grader.gate.stacks import Case, cases
from grader.model import AnyCheck, Lab
from grader.render import schema
from grader.text import continued, sentence

FOLDER = "docs/_generated"
PUBLISHED = "docs/reference/report.schema.json"  # no part of a page, but a file that readers fetch
MEASURED = "docs/assets/js/measured.js"  # what the worker simulator takes from a real stack
HOSTILE = "tests/hostile/stacks.toml"
LEVELS = ("Hint 1: look here", "Hint 2: how it works", "Hint 3: almost the line")
GUARDED = "tests of the grader itself: it guards the grading"
NOTE = "<!-- Written by `grader docs`. Change the code it comes from, not this file. -->\n\n"


def write(base: Path, catalog: Catalog, commands: click.Group, *, check: bool) -> list[str]:
    """Writes every generated file; returns the paths that were not current. With `check` nothing is written."""
    wanted = generated(base, catalog, commands)
    stale = [name for name, text in wanted.items() if not _holds(base / name, text)]
    gone = [path for path in sorted((base / FOLDER).glob("*")) if f"{FOLDER}/{path.name}" not in wanted]
    if not check:
        for name in stale:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text(wanted[name], encoding="utf-8")
        for path in gone:
            path.unlink()
    return [*stale, *(f"{FOLDER}/{path.name}" for path in gone)]


def generated(base: Path, catalog: Catalog, commands: click.Group) -> dict[str, str]:
    """The text of every generated file, by its path in the project. Each part of a page stands in a section."""
    parts = {f"{lab.id}.md": _lab(base, catalog, lab) for lab in catalog.labs}
    parts["labs.md"] = _section("all", _labs(catalog))
    parts["checks.md"] = _section("all", _checks(catalog))
    parts["seen.md"] = _seen(base, catalog)
    parts["outside.md"] = _section("all", _outside(base, catalog))
    parts["breaks.md"] = _section("all", broken(base, catalog))
    parts["verdicts.md"] = _section("all", verdicts(base))
    parts["restored.md"] = _section("all", restored(base, catalog))
    parts["busy.md"] = _section("all", busy(base))
    parts["ladder.md"] = "\n".join(
        (
            _section("table", recorded_ladder(base)),
            _section("where", circumstances(base)),
            _section("slow-client", cost_of_a_slow_client(base)),
            _section("workers", recorded_workers(base)),
        )
    )
    parts["hostile.md"] = _section("all", _hostile(base))
    parts["simulator.md"] = "\n".join((_section("compared", compared(base)), _section("how", how(base))))
    parts["trace.md"] = "\n".join(_section(place, text) for place, text in trace(base).items())
    parts["cli.md"] = _section("all", _commands(commands))
    parts["report.md"] = _section("all", _fields())
    files = {f"{FOLDER}/{name}": NOTE + text for name, text in parts.items()}
    files[PUBLISHED] = json.dumps(schema.document(), indent=2, ensure_ascii=False) + "\n"
    files[MEASURED] = module(base)
    return files


def _lab(base: Path, catalog: Catalog, lab: Lab) -> str:
    """The ways to learn it under `modes`; two sections a step: its checks under its id, its hints under `ID-hints`."""
    parts = [_section("modes", modes(base, lab))]
    for step in lab.steps:
        parts.append(_section(step.id, "\n".join(_check(catalog.checks[name]) for name in step.checks)))
        parts.append(_section(f"{step.id}-hints", "\n".join(map(_hint, LEVELS, step.hints))))
    return "\n".join(parts)


def _hint(level: str, text: str) -> str:
    return f'??? tip "{level}"\n\n    {_text(text)}\n'


def _check(check: AnyCheck) -> str:
    """One check as the page shows it: a heading whose anchor is the permanent id, the rule, the why."""
    notes = [check.weight.name.lower()]
    if check.disturbs:
        notes.append("disturbs the stack for a while")
    if check.deep:
        notes.append("asked with `--deep`")
    needs = ", ".join(f"`{need}`" for need in check.needs)
    return "\n".join(
        [
            f'<div class="check" markdown id="{check.id}">',
            "",
            f"**{_text(check.title)}**",
            "",
            f"`{check.id}` · {' · '.join(notes)}",
            "",
            f"*Passes when* {sentence(_text(continued(check.rule)))}",
            "",
            _text(check.why),
            "",
            f"Start here: {sentence(_text(check.fix))} Source: {sentence(_text(check.source))}"
            + (f" Needs: {needs}." if needs else ""),
            "",
            "</div>",
            "",
        ]
    )


def _checks(catalog: Catalog) -> str:
    parts: list[str] = []
    for lab in catalog.labs:
        parts.append(f"## {lab.id}: {_text(lab.title)}\n")
        parts.append("| check | what must hold | weight | how it is asked |")
        parts.append("|---|---|---|---|")
        for name in lab.checks:
            check = catalog.checks[name]
            how = "disturbs" if check.disturbs else "measures time" if check.probe.alone else "looks"
            parts.append(f"| {_link(lab, name)} | {_text(check.title)} | {check.weight.name.lower()} | {how} |")
        parts.append("")
    return "\n".join(parts)


def _seen(base: Path, catalog: Catalog) -> str:
    """On which stacks each check was recorded to fail, what no command shows, and what is otherwise and passes."""
    every = {case.name: case for case in cases(base, catalog)}
    failing: list[str] = []
    for lab in catalog.labs:
        failing += [f"## {lab.id}: {_text(lab.title)}\n", "| check | seen to fail on |", "|---|---|"]
        for name in lab.checks:
            stacks = [path.stem.partition("-") for path in recorded(base, catalog.checks[name])]
            shown = [_stack(every[stack]) for outcome, _, stack in stacks if outcome == "fail" and stack in every]
            failing.append(f"| {_link(lab, name)} | {'<br>'.join(shown) or GUARDED} |")
        failing.append("")
    variants = [case for case in every.values() if case.kind == "variant"]
    rows = [f"| {case.lab.id} | {_text(case.title)} | `{case.name}` |" for case in variants]
    passing = "\n".join(["| lab | what is different | stack |", "|---|---|---|", *rows]) + "\n"
    return "\n".join(
        (
            _section("failing", "\n".join(failing)),
            _section("not-shown", _not_shown(base, catalog)),
            _section("passing", passing),
        )
    )


def _not_shown(base: Path, catalog: Catalog) -> str:
    """Those recorded failures that no command shows every time, and why."""
    rows = []
    for check in catalog.checks.values():
        reasons = dict.fromkeys(verdict.not_shown for verdict in red_lines(base, check) if verdict.not_shown)
        rows += [f"| `{check.id}` | {_text(reason)} |" for reason in reasons]
    head = ["| check | why no command shows it |", "|---|---|"]
    return "\n".join((*head, *rows) if rows else ("Each fault is shown by its command.",)) + "\n"


def _outside(base: Path, catalog: Catalog) -> str:
    """Of each stack that is unlike the labs: what it is like, and each verdict against it with its argument."""
    parts: list[str] = []
    for path in sorted((base / "tests/outside").glob("*/stack.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        edge, app = (", ".join(f"`{name}`" for name in told[role]) for role in ("edge", "app"))
        asked = ""
        if "question" in told:
            asked = f" It asks which service is the {told['question']}; `--role {told['told']}` answers."
        parts.append(f"## {_text(told['title'])}\n\nUnlike the labs: {_text(told['unlike'])}. (`{path.parent.name}`)\n")
        parts.append(f"The edge is {edge}, the app {app}.{asked}\n")
        parts.append("| check | verdict | why that is right |\n|---|---|---|")
        for word, verdict in (("red", "fails"), ("unknown", "cannot be told")):
            for name, why in told.get(word, {}).items():
                lab = next(lab for lab in catalog.labs if name in lab.checks)
                parts.append(f"| {_link(lab, name)} | {verdict} | {_text(why)} |")
        parts.append("")
    return "\n".join(parts)


def _link(lab: Lab, name: str) -> str:
    """A check of a lab, from a page of the reference."""
    return f"[`{name}`](../{page_folder(lab)}/{lab.id}.md#{name})"


def _stack(case: Case) -> str:
    what = "The starter of the lab" if case.kind == "starter" else _text(case.title)
    return f"{what} (`{case.name}`)"


def _hostile(base: Path) -> str:
    """What the hostile stacks of the tests do, and what comes of it, in the order of their table."""
    table = base / HOSTILE  # a copy of the project may come without its tests
    stacks = tomllib.loads(table.read_text(encoding="utf-8"))["stacks"] if table.is_file() else []
    lines: list[str] = []
    for group in dict.fromkeys(stack["group"] for stack in stacks):
        lines += [f"## {_text(group)}\n", "| a stack that has | what happens | test |", "|---|---|---|"]
        lines += [
            f"| {_text(stack['does'])} | {_text(stack['happens'])} | `{stack['name']}` |"
            for stack in stacks
            if stack["group"] == group
        ]
        lines.append("")
    return "\n".join(lines)


def _labs(catalog: Catalog) -> str:
    pages = {lab.id: f"{page_folder(lab)}/{lab.id}.md" for lab in catalog.labs}
    rows = [f"| [{_text(lab.title)}]({pages[lab.id]}) | {lab.minutes} | {len(lab.checks)} |" for lab in catalog.labs]
    return "\n".join(["| lab | minutes | checks |", "|---|---|---|", *rows]) + "\n"


def _commands(group: click.Group, prefix: str = "grader") -> str:
    """Every command with its arguments and options, as click knows them."""
    parts: list[str] = []
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            parts.append(_commands(command, f"{prefix} {name}"))
            continue
        context = click.Context(command, info_name=f"{prefix} {name}")
        usage = " ".join(command.collect_usage_pieces(context))
        parts.append(f"## {prefix} {name}\n\n{_text(command.help or '')}\n")
        parts.append(f"```text\n{prefix} {name} {usage}\n```\n")
        options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
        if options:
            parts.append("| option | meaning |\n|---|---|")
            parts += [f"| `{_option(option, context)}` | {_text(option.help or '')} |" for option in options]
            parts.append("")
    return "\n".join(parts)


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(sorted((*option.opts, *option.secondary_opts), key=len))
    value = "" if option.is_flag else " " + option.make_metavar(context)
    return (names + value).replace("|", "\\|")


def _fields() -> str:
    rows = ["| field | holds | meaning |", "|---|---|---|"]
    rows += [f"| `{name}` | {kind} | {_text(meaning)} |" for name, kind, meaning in schema.fields()]
    return "\n".join(rows) + "\n"


def _section(name: str, text: str) -> str:
    return f"<!-- --8<-- [start:{name}] -->\n{text.rstrip()}\n<!-- --8<-- [end:{name}] -->\n"


def _text(text: str) -> str:
    """Text of ours for Markdown: what would be read as HTML is escaped outside of code; line breaks are folded."""
    parts = " ".join(text.split()).split("`")
    shown = (part if number % 2 else part.replace("<", "&lt;").replace("*", "\\*") for number, part in enumerate(parts))
    return "`".join(shown)


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
