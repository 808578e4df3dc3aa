"""What is known of every workspace: the last result of each check, whoever asked, however the runs went."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader import events
from grader.course import MANIFEST, STATE
from grader.events import Telling
from grader.serving import board as boards
from grader.serving.board import Board

LAB = "lab1-flask-run"
Message = dict[str, Any]


def workspace(folder: Path, lab: str = LAB) -> Path:
    (folder / STATE).mkdir(parents=True)
    (folder / STATE / MANIFEST).write_text(json.dumps({"lab": lab, "files": {}}))
    return folder


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    workspace(tmp_path / "course/work" / LAB)
    return tmp_path / "course"


@pytest.fixture
def board(base: Path) -> Board:
    return Board(base, events.folder(), (LAB, "lab2-gunicorn"))


def run(folder: Path | str, *asked: str, lab: str = LAB) -> Telling:
    told = Telling(lab, str(folder), "compose://compose.yaml")
    told.began(lab, asked)
    return told


def result(name: str, outcome: str = "pass", reason: str = "") -> Message:
    return {"id": name, "outcome": outcome, "reason": reason, "because": "seen"}


def known(board: Board) -> dict[str, Message]:
    """What a page that opens now is told, by the name of the workspace."""
    board.look()
    return {one["name"]: one for one in board.open({}).get_nowait()["workspaces"]}


def drained(messages: queue.Queue[Message]) -> list[Message]:
    return [messages.get_nowait() for _ in range(messages.qsize())]


def test_a_workspace_of_the_project_is_found_before_it_was_checked(board: Board) -> None:
    (seen,) = known(board).values()

    assert (seen["name"], seen["lab"], seen["startable"], seen["running"]) == (f"work/{LAB}", LAB, True, False)


def test_a_workspace_elsewhere_is_known_by_its_runs(board: Board, tmp_path: Path) -> None:
    run(workspace(tmp_path / "mine"), "a.one")

    assert known(board)[str(tmp_path / "mine")]["startable"] is True


def test_a_stack_without_a_workspace_is_shown_but_cannot_be_started(board: Board) -> None:
    run("", "a.one")

    assert known(board)["compose://compose.yaml"]["startable"] is False


def test_an_open_page_hears_each_result_as_it_comes(board: Board, base: Path) -> None:
    board.look()
    page = board.open({"token": "t"})
    told = run(base / "work" / LAB, "a.one", "a.two")
    told.result(result("a.one", "fail"))
    board.look(thorough=False)

    first, began, one = drained(page)
    assert (first["kind"], first["token"]) == ("all", "t")
    assert (began["kind"], began["running"], began["asked"]) == ("workspace", True, ("a.one", "a.two"))
    assert (one["kind"], one["result"]["outcome"]) == ("result", "fail")

    told.result(result("a.two"))
    told.ended({"results": [result("a.one", "fail"), result("a.two")]})
    board.look(thorough=False)
    two, ended = drained(page)
    assert two["result"]["id"] == "a.two"
    assert (ended["running"], set(ended["results"]), len(ended["report"]["results"])) == (False, {"a.one", "a.two"}, 2)


def test_a_quick_run_takes_back_nothing_that_an_earlier_one_judged(board: Board, base: Path) -> None:
    for reports in (
        [result("a.one"), result("a.two")],
        [result("a.one", "fail"), result("a.two", "skip", boards.LEFT_OUT)],
    ):
        told = run(base / "work" / LAB, *(one["id"] for one in reports if one["reason"] != boards.LEFT_OUT))
        for one in reports:
            if one["reason"] != boards.LEFT_OUT:
                told.result(one)
        told.ended({"results": reports})

    results = known(board)[f"work/{LAB}"]["results"]
    assert {name: one["outcome"] for name, one in results.items()} == {"a.one": "fail", "a.two": "pass"}


def test_a_refused_run_says_why_and_touches_no_run_that_goes_on(board: Board, base: Path) -> None:
    told = run(base / "work" / LAB, "a.one")
    Telling(LAB, str(base / "work" / LAB), "x").gave_up("another grader is at work", "let it end")

    seen = known(board)[f"work/{LAB}"]
    assert (seen["running"], seen["said"], seen["hint"]) == (True, "another grader is at work", "let it end")
    told.result(result("a.one"))
    told.ended({"results": [result("a.one")]})
    assert known(board)[f"work/{LAB}"]["running"] is False


def test_a_run_that_was_killed_does_not_go_on_for_ever(board: Board, base: Path) -> None:
    told = run(base / "work" / LAB, "a.one")
    assert known(board)[f"work/{LAB}"]["running"] is True

    told._close()  # what the system does for a process that is killed
    seen = known(board)[f"work/{LAB}"]
    assert (seen["running"], seen["hint"]) == (False, f"grader repair {LAB}")


def test_runs_of_before_the_start_of_the_server_are_known(base: Path, board: Board) -> None:
    told = run(base / "work" / LAB, "a.one")
    told.result(result("a.one"))
    told.ended({"results": [result("a.one")]})

    assert known(board)[f"work/{LAB}"]["results"]["a.one"]["outcome"] == "pass"


def test_a_workspace_that_was_removed_goes(board: Board, base: Path) -> None:
    board.look()
    page = board.open({})
    drained(page)
    (base / "work" / LAB / STATE / MANIFEST).unlink()
    board.look()

    assert [message["kind"] for message in drained(page)] == ["gone"]
    assert board.startable(next(iter(known(board)), "")) is None


@pytest.mark.parametrize(
    "line",
    (
        b"no json",
        b"[]",
        b"{}",
        b'{"event": "result", "at": 1, "result": {}}',
        b'{"event": "began", "at": "x"}',
        b'{"event": "began", "at": 1, "lab": "no-lab", "workspace": "", "url": "x", "asked": []}',
        b'{"event": "began", "at": 1, "lab": "lab1-flask-run", "workspace": "/nowhere", "url": "x", "asked": []}',
        b'{"event": "ended", "at": 1, "report": 7}',
        b"\xff\xfe",
        b"[" * 100_000,
    ),
)
def test_a_line_that_is_no_event_is_passed_over(board: Board, base: Path, line: bytes) -> None:
    events.folder().mkdir(parents=True)
    (events.folder() / "1-1.jsonl").write_bytes(line + b"\n")
    run(base / "work" / LAB, "a.one").result(result("a.one"))

    assert list(known(board)) == [f"work/{LAB}"]
    assert "a.one" in known(board)[f"work/{LAB}"]["results"]


def test_half_a_line_waits_for_its_other_half(board: Board, base: Path) -> None:
    told = run(base / "work" / LAB, "a.one")
    told.result(result("a.one"))
    (file,) = events.folder().iterdir()
    whole = file.read_bytes()
    told._close()
    for size in (len(whole) - 20, len(whole)):
        file.write_bytes(whole[:size])
        board.look(thorough=False)

    assert known(board)[f"work/{LAB}"]["results"]["a.one"]["outcome"] == "pass"


def test_a_page_that_does_not_read_is_let_go(board: Board, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "WAITING", 3)
    board.look()
    slow = board.open({})
    told = run(base / "work" / LAB, "a.one")
    for _ in range(5):
        told.result(result("a.one"))
    board.look()

    assert not board.follows(slow)


@pytest.mark.parametrize("place", ("course/work/lab é", "home/mine", "elsewhere"))
def test_a_folder_is_called_as_one_would_call_it(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    home: Callable[[], Path] = lambda: tmp_path / "home"  # noqa: E731 - a method's stand-in
    monkeypatch.setattr(Path, "home", home)
    run(workspace(tmp_path / place))

    names = {"course/work/lab é": "work/lab é", "home/mine": "~/mine", "elsewhere": str(tmp_path / "elsewhere")}
    assert names[place] in known(board)
