"""A run tells how it goes, to nobody in particular, and never fails or waits because of it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from grader import events
from grader.events import Telling


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def told() -> list[list[dict[str, object]]]:
    """The lines of every run, the oldest run first."""
    files = sorted(events.folder().glob("*" + events.ENDING))
    return [[json.loads(line) for line in path.read_text().splitlines()] for path in files]


def telling() -> Telling:
    return Telling("lab1-flask-run", "/somewhere", "compose://compose.yaml")


def test_each_result_is_there_before_the_next_is_asked() -> None:
    run = telling()
    run.began("lab1", ["a.one", "a.two"])
    assert [line["event"] for line in told()[0]] == ["began"]
    run.result({"id": "a.one"})
    assert [line["event"] for line in told()[0]] == ["began", "result"]
    run.result({"id": "a.two"})
    run.ended({"lab": "lab1-flask-run"})

    began, *results, ended = told()[0]
    assert (began["lab"], began["workspace"], began["asked"]) == ("lab1-flask-run", "/somewhere", ["a.one", "a.two"])
    assert [line["result"] for line in results] == [{"id": "a.one"}, {"id": "a.two"}]
    assert ended["report"] == {"lab": "lab1-flask-run"}


def test_a_run_that_never_began_was_refused_and_another_was_stopped() -> None:
    telling().gave_up("the stack is not started", "docker compose up")
    run = telling()
    run.began("lab1", [])
    run.gave_up("Ended.")

    assert [lines[-1]["event"] for lines in told()] == ["refused", "stopped"]
    assert told()[0][0]["hint"] == "docker compose up"


def test_nobody_else_may_read_it() -> None:
    run = telling()
    run.began("lab1", [])
    (file,) = events.folder().iterdir()

    assert stat.S_IMODE(events.folder().stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_disturbs_no_run(home: Path) -> None:
    (home / "state").write_text("a file where the folder would be")
    run = telling()

    run.began("lab1", [])
    run.result({"id": "a.one"})
    run.ended({})
    assert (home / "state").read_text() == "a file where the folder would be"


def test_a_user_without_a_home_disturbs_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", homeless)

    telling().gave_up("not started")


def test_a_run_that_is_not_to_be_heard_writes_nothing() -> None:
    run = Telling("audit", "", "compose://x", heard=False)
    run.began("x", [])
    run.ended({})

    assert not events.folder().exists()


def test_only_the_latest_runs_are_kept() -> None:
    for number in range(events.KEPT + 3):
        telling().gave_up(f"run {number}")

    whys = [lines[0]["why"] for lines in told()]
    assert whys == [f"run {number}" for number in range(3, events.KEPT + 3)]


def test_a_run_holds_its_file_until_its_end() -> None:
    run = telling()
    run.began("lab1", [])
    (file,) = events.folder().iterdir()
    assert events.goes_on(file)

    run.ended({})
    assert not events.goes_on(file)
    assert not events.goes_on(file.with_name("nothing.jsonl"))


def test_a_text_of_a_stack_stays_one_line() -> None:
    run = telling()
    run.began("lab\n1\x1b[31m", [])
    run.result({"because": 'two\nlines, "quotes" \u2028 \u202e'})
    run.gave_up("no\nway")

    assert [line["event"] for line in told()[0]] == ["began", "result", "stopped"]
    assert told()[0][0]["stack"] == "lab 1"
