"""Help after a run: hints, one level at a time, and the repair of a stack that a killed run left disturbed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

import click

from grader import checking, words
from grader.catalog import Catalog, CourseError
from grader.checking import Target
from grader.model import Reason, Step
from grader.progress import history, next_hint
from grader.render.style import Style
from grader.stacks.base import CouldNotLook
from grader.stacks.redaction import env_file
from grader.text import nearest

# Where the course's texts say that things are, by the variable that puts it elsewhere (docs/start.md).
USUAL_PORTS = {
    "PINBOARD_PORT": "8080",
    "PINBOARD_TLS_PORT": "8443",
    "PINBOARD_PROMETHEUS_PORT": "9090",
    "PINBOARD_ALERTMANAGER_PORT": "9093",
    "PINBOARD_WEBHOOK_PORT": "9095",
}


def hint_for(catalog: Catalog, target: Target, word: str, style: Style) -> str:
    """The next hint for a step (by its id, or by one of its checks), or for what the last report said to mend."""
    folder = checking.state_folder(target)
    if not word:
        past = history(folder)
        failed = past[-1].failed if past else ()
        if not failed:
            left = past[-1].open if past and not past[-1].complete else ()
            return _nothing_failed(left[0] if left else "")
        known = [name for name in failed if name in catalog.checks]
        word = max(known, key=lambda name: catalog.checks[name].weight, default=failed[0])  # as the report's last line
    step = _step(catalog, target, word)
    if not step.hints:
        raise CourseError(f"step '{step.id}' has no hints; `grader explain {step.checks[0]}` says where to look")
    level = next_hint(folder, step.id, len(step.hints))
    chosen = env_file(target.workspace / ".env") if target.workspace else {}
    text = with_ports(step.hints[level], chosen | os.environ)  # as Compose has it: the terminal's variables win
    return words.hint(step.title, text, level, len(step.hints), style)


def with_ports(text: str, variables: Mapping[str, str]) -> str:
    """A text whose commands ask the site where it is in this workspace."""
    for name, usual in USUAL_PORTS.items():
        port = variables.get(name, "")
        if port.isdecimal():
            text = re.sub(rf"(?<=:){usual}\b", port, text)
    return text


def _nothing_failed(left: str) -> str:
    """What there is to do when no check was red; `left` is one that was not judged either, "" when all were."""
    if not left:
        return "Nothing failed at the last look. `grader check` looks again.\n"
    return (
        f"Nothing failed at the last look, but {left} was not judged.\n`grader check --only {left}` asks again, and "
        f"says why; `grader hint {left}` helps with its step.\n"
    )


def repaired(target: Target) -> str:
    """Puts back what a killed run left disturbed, and says what it did."""
    stack = checking.open_target(target)
    try:
        undone = stack.repair()
    finally:
        stack.close()
    if not undone:
        return "Nothing to repair: no earlier run left anything disturbed.\n"
    words = dict.fromkeys(f"put back: {undo.action} {undo.name}\n" for undo in reversed(undone))
    return "".join(words)


def offer_repair(target: Target, names: tuple[str, ...], *, yes: bool) -> str:
    """Repairs when the learner agrees; CouldNotLook with the command when nobody can be asked."""
    left = ", ".join(names)
    asked = f"An earlier run was killed while the stack was disturbed. Still to do: {left}."
    if yes or (sys.stdin.isatty() and click.confirm(f"{asked} Repair it now?", default=True)):
        return repaired(target)
    raise CouldNotLook(Reason.UNREACHABLE, asked, hint=f"grader repair {target.lab.id}")


def _step(catalog: Catalog, target: Target, word: str) -> Step:
    steps = [step for lab in (*catalog.before(target.lab), target.lab) for step in lab.steps]
    for step in steps:
        if word == step.id or any(word in (name, name.partition(".")[2]) for name in step.checks):
            return step
    names = [name for step in steps for name in (step.id, *step.checks)]
    raise CourseError(f"no step or check '{word}' in {target.lab.id}{nearest(word, names)}")
