"""A grader that is killed in the middle of a disturbance leaves a journal behind, and the next one carries it out."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.probes.stack import left
from grader.probes.stack.left import LeftBehind
from grader.stacks.base import Settings
from grader.stacks.compose import ComposeStack
from tests.stacks.bare import own_containers, project, state_of

pytestmark = pytest.mark.docker

# A grader that disturbs a stack, says so, and then takes its time.
DISTURB = """
import signal, sys, time
from contextlib import ExitStack
from pathlib import Path
from grader.stacks.base import Settings
from grader.stacks.dealings import Undo
from grader.stacks.compose import ComposeStack

name, state, what = sys.argv[1:]
stack = ComposeStack(name, settings=Settings(), state=Path(state))
(app,) = stack.services()
(sleep,) = (process for process in stack.processes(app) if process.name == "sleep")
undo = {
    "pause": Undo("unpause", app.id, "app"),
    "stop": Undo("start", app.id, "app"),
    "hang": Undo("continue", app.id, "app", (sleep.pid, sleep.started)),
}
do = {
    "pause": lambda: stack.pause(app),
    "stop": lambda: stack.stop(app, 1),
    "hang": lambda: stack.signal(app, sleep, signal.SIGSTOP),
}
opened = ExitStack()
opened.enter_context(stack.disturbing(undo["stop" if what == "decoy" else what]))
do["stop" if what == "decoy" else what]()
if what == "decoy":
    opened.enter_context(stack.decoy(name, app.networks[0].address, 8000))
print("disturbed", flush=True)
time.sleep(600)
"""


@pytest.fixture
def name() -> Iterator[str]:
    with project() as made:
        yield made


def killed_while(what: str, name: str, state: Path) -> None:
    """Runs a grader until it has disturbed the stack, and kills it as nothing can be caught."""
    grader = subprocess.Popen(
        [sys.executable, "-c", DISTURB, name, str(state), what], stdout=subprocess.PIPE, text=True
    )
    assert grader.stdout is not None
    try:
        assert grader.stdout.readline() == "disturbed\n"
    finally:
        grader.send_signal(signal.SIGKILL)
        grader.wait(10)
        grader.stdout.close()


def gone_within(seconds: float, name: str, but: int = 0) -> bool:
    deadline = time.monotonic() + seconds
    while len(own_containers(name)) > but:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize(("what", "disturbed"), (("pause", "paused"), ("stop", "exited")))
def test_what_a_killed_grader_disturbed_is_put_back_from_its_journal(
    what: str, disturbed: str, name: str, tmp_path: Path
) -> None:
    killed_while(what, name, tmp_path)
    assert state_of(name) == disturbed

    stack = ComposeStack(name, settings=Settings(), state=tmp_path)
    try:
        assert [undo.name for undo in stack.journal.open_entries()] == ["app"]
        stack.repair()
        assert state_of(name) == "running"
        assert stack.journal.open_entries() == ()
    finally:
        stack.close()


def test_sidecars_of_a_killed_grader_end_by_themselves(name: str, tmp_path: Path) -> None:
    killed_while("pause", name, tmp_path)
    ComposeStack(name, settings=Settings(), state=tmp_path).repair()  # nothing in a paused container can end

    assert gone_within(10, name)


def test_a_decoy_of_a_killed_grader_is_a_leftover_until_it_is_repaired(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left, "SETTLE", 1.0)
    killed_while("decoy", name, tmp_path)
    assert gone_within(10, name, but=1)
    stack = ComposeStack(name, settings=Settings(), state=tmp_path)
    try:
        assert len(LeftBehind().ask(stack).leftovers) == 1
        stack.repair()
        stack.forget()
        assert LeftBehind().ask(stack).leftovers == ()
    finally:
        stack.close()


def test_a_process_that_a_killed_grader_stopped_goes_on_after_the_repair(name: str, tmp_path: Path) -> None:
    killed_while("hang", name, tmp_path)
    stack = ComposeStack(name, settings=Settings(), state=tmp_path)
    try:
        (stopped,) = LeftBehind().ask(stack).stopped
        assert "sleep" in stopped
        stack.repair()
        stack.forget()
        assert LeftBehind().ask(stack).stopped == ()
    finally:
        stack.close()
