"""Starting: several processes at once, again and again, broken on purpose."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.app.conftest import LAB1, Lay, Workspace

TOGETHER = 8
# Everything is imported before it forks. The processes wait until the last one is there: nobody writes to the pipe, and
# its end is closed when their parent closes it. A key is written in one go, and to where nobody else writes.
RACE = f"""
import os
import sys
import pinboard

here, there = os.pipe()
for _ in range({TOGETHER}):
    if os.fork() == 0:
        os.close(there)
        os.read(here, 1)
        key = pinboard.create_app().secret_key
        os.write(2, (key + os.linesep).encode())
        sys.exit()
os.close(there)
codes = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range({TOGETHER})]
sys.exit(any(codes))
"""


def race(workspace: Workspace) -> list[str]:
    """Start the app in several processes at the same moment; the secret key of each."""
    words = [sys.executable, "-c", RACE]
    raced = subprocess.run(words, cwd=workspace.folder, capture_output=True, text=True, timeout=60, check=False)
    assert raced.returncode == 0, raced.stderr
    keys = raced.stderr.splitlines()
    assert len(keys) == TOGETHER
    return keys


def count_notes(data: Path) -> int:
    with closing(sqlite3.connect(data / "pinboard.sqlite")) as db:
        (count,) = db.execute("SELECT count(*) FROM notes").fetchone()
    return int(count)


def test_processes_that_start_together_make_one_board(lay: Lay) -> None:
    workspace = lay()

    race(workspace)

    assert count_notes(workspace.data) == 11
    assert len(list((workspace.data / "pictures").iterdir())) == 2


def test_processes_that_start_together_agree_on_one_key(lay: Lay) -> None:
    workspace = lay(*LAB1)

    (key,) = set(race(workspace))

    assert (workspace.data / "secret_key").read_text() == key
    assert sorted(file.name for file in workspace.data.iterdir()) == ["pictures", "pinboard.sqlite", "secret_key"]


def test_a_second_start_keeps_what_was_pinned(lay: Lay) -> None:
    workspace = lay()
    client = workspace.start().test_client()
    client.post("/login", data={"user": "ada", "password": "pinboard"})
    client.post("/notes", data={"text": "keep me", "colour": "sky"})

    race(workspace)

    assert count_notes(workspace.data) == 12


def test_writers_in_several_processes_lose_nothing(lay: Lay) -> None:
    workspace = lay()
    workspace.start()
    writer = """
from pinboard import create_app
client = create_app().test_client()
client.post("/login", data={"user": "ada", "password": "pinboard"})
for _ in range(25):
    assert client.post("/notes", data={"text": "again", "colour": "sky"}).status_code == 303
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", writer], cwd=workspace.folder, stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]

    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert count_notes(workspace.data) == 11 + 3 * 25


def test_a_data_folder_of_somebody_else_is_named_with_what_to_do(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay()
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(PermissionError, match=rf"cannot write to {workspace.data}\. Give the folder .*chown"):
        workspace.start()


def test_a_release_can_be_made_slow_to_start(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay()
    monkeypatch.setenv("APP_START_DELAY", "0.2")
    begin = time.monotonic()

    workspace.start()

    assert time.monotonic() - begin >= 0.2


def test_a_release_can_be_made_to_fail_at_start(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay()
    monkeypatch.setenv("APP_BREAK", "boot-exit")

    with pytest.raises(RuntimeError, match="does not start"):
        workspace.start()


def test_a_release_can_be_made_never_to_finish_starting(lay: Lay) -> None:
    workspace = lay()
    with subprocess.Popen(
        [sys.executable, "-u", "-c", "import wsgi; print('started')"],
        cwd=workspace.folder,
        env=os.environ | {"APP_BREAK": "boot-hang"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Pinboard keeps")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.kill()
        assert process.stdout.read() == ""


def test_a_release_can_be_made_never_ready(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay()
    monkeypatch.setenv("APP_BREAK", "ready-500")
    client = workspace.start().test_client()

    assert client.get("/readyz").status_code == 500
    assert client.get("/healthz").status_code == 200


def test_an_unknown_way_to_break_is_refused(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay()
    monkeypatch.setenv("APP_BREAK", "boot-explode")

    with pytest.raises(ValueError, match="boot-explode: use none, boot-exit, boot-hang or ready-500"):
        workspace.start()
