"""The one question that behaviour leaves open: which service has a role. What was answered is kept with the stack."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from grader.stacks.roles import ROLES, Undecided
from grader.text import clean

FILE = "roles.json"


def ask(question: Undecided) -> str:
    """The service that somebody at a terminal chooses; "" when nobody can be asked."""
    if not sys.stdin.isatty():
        return ""
    names = list(question.candidates)
    lines = [f"  {number}  {clean(name)} {clean(question.candidates[name])}" for number, name in enumerate(names, 1)]
    click.echo(f"Which service is the {question.role}?\n" + "\n".join(lines), err=True)
    number = click.prompt("Number (it is remembered)", type=click.IntRange(1, len(names)), err=True)
    return names[int(number) - 1]


def recalled(folder: Path) -> dict[str, str]:
    """What was said of roles in earlier runs. A file that cannot be read says nothing."""
    try:
        known = dict(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
    return {role: name for role, name in known.items() if role in ROLES and isinstance(name, str)}


def remember(folder: Path, told: Mapping[str, str]) -> None:
    """Keeps what was said of roles for the runs to come."""
    known = recalled(folder)
    both = known | dict(told)
    if both != known:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(both, indent=1) + "\n", encoding="utf-8")
