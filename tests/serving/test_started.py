"""A check that a button starts: one at a time in a workspace, ended when asked, and with the server."""

from __future__ import annotations

import queue
import sys
from pathlib import Path

import pytest

from grader.serving.started import Started

WAITS = "import signal, sys; signal.signal(15, lambda *_: sys.exit(3)); print('ready', flush=True); signal.pause()"
Turn = tuple[str, bool, str]


class Heard:
    def __init__(self) -> None:
        self.turns: queue.Queue[Turn] = queue.Queue()

    def __call__(self, key: str, /, *, runs: bool, said: str = "") -> None:
        self.turns.put((key, runs, said))

    def next(self) -> Turn:
        return self.turns.get(timeout=20)


def started(script: str, heard: Heard) -> Started:
    return Started(heard, (sys.executable, "-c", script))


def test_one_at_a_time_runs_in_a_workspace_and_others_beside_it(tmp_path: Path) -> None:
    heard = Heard()
    checks = started(WAITS, heard)

    assert checks.start("a", "lab1", tmp_path)
    assert not checks.start("a", "lab1", tmp_path)
    assert checks.start("b", "lab2", tmp_path)
    checks.end_all()
    assert {heard.next() for _ in range(4)} >= {("a", True, ""), ("b", True, "")}


def test_a_check_that_is_ended_leaves_room_for_the_next(tmp_path: Path) -> None:
    heard = Heard()
    checks = started("import os, sys; open('ready', 'w'); " + WAITS, heard)
    checks.start("a", "lab1", tmp_path)
    assert heard.next() == ("a", True, "")
    assert checks.end("a")
    key, runs, _ = heard.next()
    assert (key, runs) == ("a", False)

    assert not checks.end("a")
    assert checks.start("a", "lab1", tmp_path)
    checks.end_all()


def test_nothing_starts_while_the_server_ends(tmp_path: Path) -> None:
    checks = started("pass", Heard())
    checks.end_all()

    assert not checks.start("a", "lab1", tmp_path)


@pytest.mark.parametrize(
    ("script", "said"),
    (
        ("import sys; print('no lab here'); sys.exit(2)", "The check ended with code 2: no lab here"),
        ("import sys; sys.exit(1)", ""),
        ("import sys; print('x' * 1_000_000); sys.exit(3)", ""),
    ),
)
def test_only_a_check_that_cannot_tell_itself_is_spoken_for(tmp_path: Path, script: str, said: str) -> None:
    heard = Heard()
    started(script, heard).start("a", "lab1", tmp_path)

    assert heard.next() == ("a", True, "")
    assert heard.next() == ("a", False, said)


def test_it_is_the_check_of_this_lab_in_this_folder(tmp_path: Path) -> None:
    heard = Heard()
    started("import os, sys; sys.exit(' '.join([*sys.argv[1:], os.getcwd()]) + ' 9')", heard).start(
        "a", "lab1", tmp_path
    )
    heard.next()

    assert heard.next() == ("a", False, "")
