"""Commands of grader.toml run on the learner's own machine: each is shown first, and runs only when they agree."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from grader.model import AnyCheck
from grader.stacks.base import Settings
from grader.text import clean

FILE = "agreed.json"
SHOWN = 2000  # characters of a command
_declined: set[str] = set()  # in this process: --watch does not ask again and again


def commands_of(checks: Iterable[AnyCheck], settings: Settings) -> tuple[str, ...]:
    """The declared commands that the checks would run."""
    keys = dict.fromkeys(check.probe.runs for check in checks if check.probe.runs)
    return tuple(command for key in keys if (command := str(getattr(settings, key))))


def agree(folder: Path, commands: Iterable[str], *, yes: bool) -> frozenset[str]:
    """Those of the commands that may run: agreed to earlier, by `yes` for this once, or now, where one can be asked.

    What is agreed to is kept in `folder`, by the command's text: another text is asked about anew.
    """
    wanted = tuple(commands)
    if yes:
        return frozenset(wanted)
    known = remembered(folder)
    for command in wanted:
        if command in known or command in _declined or not sys.stdin.isatty():
            continue
        question = f"grader.toml says:\n  {clean(command, SHOWN)}\nRun it on this machine when it is needed?"
        if click.confirm(question, default=True, err=True):
            known |= {command}
            _remember(folder, known)
        else:
            _declined.add(command)
    return known & frozenset(wanted)


def remembered(folder: Path) -> frozenset[str]:
    """What was agreed to in earlier runs. A file that cannot be read agrees to nothing."""
    try:
        return frozenset(map(str, json.loads((folder / FILE).read_text(encoding="utf-8"))["agreed"]))
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _remember(folder: Path, commands: frozenset[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps({"agreed": sorted(commands)}, indent=1) + "\n", encoding="utf-8")
