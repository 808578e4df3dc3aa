"""--watch looks again when a file or a container changed, and not because the grader itself wrote something."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import watching


def nobody(workspace: Path, project: str, stop: threading.Event) -> Iterator[str]:
    stop.wait(30)
    yield from ()


def keep_writing(path: Path, stop: threading.Event) -> None:
    """Writes again and again: the watcher may not be ready for the first time."""
    number = 0
    while not stop.wait(0.1):
        number += 1
        path.write_text(str(number))
        if number == 40:
            return


def test_a_changed_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "container_changes", nobody)
    stop = threading.Event()
    writer = threading.Thread(target=keep_writing, args=(tmp_path / "compose.yaml", stop))
    writer.start()
    threading.Timer(0.6, stop.set).start()

    assert watching.changes(tmp_path, "demo", settle=0.2) == "compose.yaml"

    stop.set()
    writer.join()


def test_a_container_that_started_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "container_changes", lambda workspace, project, stop: iter(["app"]))

    assert watching.changes(tmp_path, "demo", settle=0.05) == "service app"


def test_what_the_grader_writes_is_no_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".grader").mkdir()
    stop = threading.Event()

    def after_a_while(workspace: Path, project: str, stopped: threading.Event) -> Iterator[str]:
        stopped.wait(0.8)
        stop.set()
        yield "app"

    monkeypatch.setattr(watching, "container_changes", after_a_while)
    writer = threading.Thread(target=keep_writing, args=(tmp_path / ".grader" / "history.jsonl", stop))
    writer.start()

    assert watching.changes(tmp_path, "demo", settle=0.2) == "service app"

    writer.join()
