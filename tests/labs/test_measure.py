"""`grader measure` on the solution of lab 2: sane rows, and nothing left behind, also when it is cut short."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from grader.catalog import load, root
from grader.checking import Target
from grader.ladder import read
from grader.measuring import file_of, measure
from grader.probes.stage import Load
from grader.stacks.sidecar import LOAD_IMAGE
from tests.labs.conftest import Running, docker, running

pytestmark = pytest.mark.docker

SHORT = Load(warm_up=1, seconds=2, trickle=1.0)


@pytest.fixture(scope="module")
def lab2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    subprocess.run([root() / "scripts/images", LOAD_IMAGE], check=True, timeout=300)
    yield from running(tmp_path_factory.mktemp("measured") / "labs" / "lab two é", "lab2")


def target(of: Running) -> Target:
    lab = load().lab("lab2")
    return Target(lab, of.stack.workspace, f"compose://{of.stack.project}")


def test_a_short_run_adds_a_sane_row_and_leaves_nothing(lab2: Running) -> None:
    before = docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={lab2.stack.project}")
    said: list[str] = []
    row = measure(target(lab2), said.append, SHORT)[-1]
    assert (row.lab, row.runs, row.edge_mb, row.cores) == ("lab2-gunicorn", "gunicorn", 0.0, os.cpu_count())
    for got in (row.alone, row.beside):
        assert got.throughput > 0
        assert 0 < got.p50 <= got.p99 < 60_000
        assert got.errors <= 5
    assert 20 < row.app_mb < 600
    assert 0 < row.free <= 1
    assert len(said) == 3
    assert read(file_of(lab2.stack.workspace))[-1] == row
    assert lab2.sidecars() == []
    assert before == docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={lab2.stack.project}")


def test_ctrl_c_in_the_middle_leaves_no_generator_and_no_row(lab2: Running) -> None:
    rows = read(file_of(lab2.stack.workspace))
    run = lab2.start("measure")
    assert run.stdout is not None
    for line in run.stdout:
        if "clients for" in line:
            break
    assert len(lab2.sidecars()) >= 1
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert (run.returncode, "Ended." in said, "Traceback" in said) == (3, True, False)
    assert lab2.sidecars() == []
    assert read(file_of(lab2.stack.workspace)) == rows


def test_a_grader_that_was_killed_leaves_a_generator_that_ends_by_itself(lab2: Running) -> None:
    run = lab2.start("measure")
    assert run.stdout is not None
    for line in run.stdout:
        if "clients for" in line:
            break
    run.kill()
    run.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while lab2.sidecars():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_an_app_that_is_down_is_named(lab2: Running) -> None:
    lab2.stack.compose("stop", "app")
    try:
        code, said = lab2.grader("measure")
    finally:
        lab2.stack.settle()
    assert (code, "no running service is the" in said, "Next: " in said) == (3, True, True)
    assert lab2.sidecars() == []


def test_the_whole_command_prints_the_ladder(lab2: Running) -> None:
    code, said = lab2.grader("measure", "--format", "json")
    assert code == 0
    rows = json.loads(said[said.index("{") :])["rows"]
    assert [row["lab"] for row in rows] == ["lab2-gunicorn"]
