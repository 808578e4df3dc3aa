"""One run of `grader measure`: opens the stack, puts it under its load, adds the row to the ladder."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from grader import ladder
from grader.catalog import root
from grader.checking import OpenJournal, Target, alone, as_interrupt, opened, refuse_open_journal
from grader.model import Reason
from grader.probes.stage import FIXED, Load, measured
from grader.stacks.base import CouldNotLook


def file_of(workspace: Path | None) -> Path:
    """Where the ladder is: beside the workspace, so that all labs of one folder share it."""
    return (workspace.resolve().parent if workspace else root() / "work") / ladder.FILE


def measure(target: Target, say: Callable[[str], None], load: Load = FIXED) -> tuple[ladder.Row, ...]:
    """Measures the stack of a target and returns the whole ladder with the new row as the last.

    CouldNotLook says why there is no row. Also when it is interrupted, nothing is left behind.
    """
    path = file_of(target.workspace)
    ladder.read(path)  # one that cannot be read is said before the work, not after it
    with alone(target):
        try:
            refuse_open_journal(target)
        except OpenJournal as left:
            raise CouldNotLook(
                Reason.UNREACHABLE, f"an earlier run left this stack disturbed: {left}", hint="grader repair"
            ) from left
        return ladder.add(path, _run(target, say, load))


def _run(target: Target, say: Callable[[str], None], load: Load) -> ladder.Row:
    stack = opened(target, frozenset(), lambda question: "")
    previous = signal.signal(signal.SIGTERM, as_interrupt)
    try:
        stack.repair()  # a killed run leaves containers of its own behind
        return measured(stack, target.lab.id, load, say)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # removing the generator is not to be interrupted a second time
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)
        stack.restore()
        stack.close()
