"""What was disturbed can be undone whatever happened to the grader."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.stacks.dealings import Undo
from grader.stacks.journal import InUse, Journal

PAUSE = Undo("unpause", "abc", "app")
STOP = Undo("start", "def", "proxy", (1, 2), ("x",))


def test_an_undo_is_on_disk_before_the_disturbance_and_gone_after_its_undo(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "journal.jsonl")
    undone: list[Undo] = []

    with journal.holding(STOP, undone.append):
        assert Journal(journal.path).open_entries() == (STOP,)
        assert undone == []

    assert undone == [STOP]
    assert not journal.path.exists()


def test_an_undo_is_carried_out_when_the_block_fails(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    undone: list[Undo] = []

    with pytest.raises(RuntimeError), journal.holding(PAUSE, undone.append):
        raise RuntimeError("in the middle")

    assert undone == [PAUSE]


def test_an_undo_that_fails_stays_in_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")

    def fails(undo: Undo) -> None:
        raise OSError("the engine is gone")

    with pytest.raises(OSError, match="gone"), journal.holding(PAUSE, fails):
        pass

    assert journal.open_entries() == (PAUSE,)


def test_a_line_cut_in_the_middle_of_writing_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add(PAUSE)
    with journal.path.open("a") as file:
        file.write('{"action": "sta')

    assert journal.open_entries() == (PAUSE,)


def test_nested_disturbances_end_one_by_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    undone: list[str] = []

    with (
        journal.holding(PAUSE, lambda undo: undone.append(undo.name)),
        journal.holding(STOP, lambda undo: undone.append(undo.name)),
    ):
        assert journal.open_entries() == (PAUSE, STOP)

    assert undone == ["proxy", "app"]


def test_two_graders_are_never_at_work_on_the_same_stack(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"

    with Journal(path).alone(), pytest.raises(InUse), Journal(path).alone(0.2):
        raise AssertionError("both were let in")
    with Journal(path).alone():  # the first has ended
        pass
