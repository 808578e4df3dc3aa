"""Runs are written down at once, and none is lost to another process that writes one down, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader import runs
from grader.runs import Runs

WRITER = """
import sys, time
from pathlib import Path
from grader import runs
runs.versions = lambda: "Docker 29"
write = runs.Runs._write
runs.Runs._write = lambda self, entries: (time.sleep(0.05), write(self, entries))
sys.stdin.readline()
for number in range(10):
    runs.Runs(Path(sys.argv[1])).add({"stack": sys.argv[2], "number": number})
"""


def test_processes_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    commands = [[sys.executable, "-c", WRITER, str(path), name] for name in ("one", "two")]

    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for command in commands]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)

    assert [writer.returncode for writer in writers] == [0, 0]
    assert Runs(path).count("stack") == {"one": 10, "two": 10}


def test_a_run_with_the_same_key_takes_the_place_of_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "versions", lambda: "Docker 29")
    kept = Runs(tmp_path / "matrix.json")

    for stack, red in (("b", 1), ("a", 2), ("b", 3)):
        kept.put("stack", {"stack": stack, "red": red})

    assert [(entry["stack"], entry["red"]) for entry in kept.entries()] == [("a", 2), ("b", 3)]
