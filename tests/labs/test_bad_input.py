"""What goes wrong around a run gets the thing, the place and the next action; nothing is lost or left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.catalog import root
from tests.labs.conftest import Running, docker, lay_out, wait_until

pytestmark = pytest.mark.docker
QUICK = ("check", "lab1", "--only", "stack.edge-reachable")
JOURNAL = ".grader/journal.jsonl"


def test_a_stack_that_runs_in_a_folder_with_spaces_and_accents_is_found(lab1: Running) -> None:
    code, said = lab1.grader(*QUICK)

    assert code == 0, said
    assert f"stack {lab1.stack.project}" in said


def test_a_file_that_was_changed_after_the_start_is_named_with_what_brings_it_into_the_stack(lab1: Running) -> None:
    compose = lab1.stack.workspace / "compose.yaml"
    before = compose.stat().st_mtime
    _, as_started = lab1.grader(*QUICK)
    os.utime(compose, (time.time() + 60,) * 2)
    code, said = lab1.grader(*QUICK)
    os.utime(compose, (before, before))

    assert code == 0, said
    assert "Note: compose.yaml changed after the stack was started." in said
    assert "`docker compose up -d --build --wait`" in said
    assert "Note:" not in as_started


def test_a_stack_that_is_not_started_says_how_to_start_it(tmp_path: Path) -> None:
    running = Running(lay_out(tmp_path / "not started"))

    code, said = running.grader("check", "lab1")

    assert code == 3
    assert "the stack of not started is not started" in said
    assert f"cd '{running.stack.workspace}' && docker compose up -d --build" in said


def test_a_compose_file_that_cannot_be_read_is_shown_with_its_error(tmp_path: Path) -> None:
    running = Running(lay_out(tmp_path / "broken one"))
    (running.stack.workspace / "compose.yaml").write_text("services:\n  app:\n   build: .\n  bad indent\n")

    code, said = running.grader("check", "lab1")

    assert code == 3
    assert "the Compose file cannot be read" in said
    assert "line" in said
    assert f"cd '{running.stack.workspace}' && docker compose config" in said


def test_a_workspace_without_a_compose_file_says_how_to_get_it_back(tmp_path: Path) -> None:
    running = Running(lay_out(tmp_path / "emptied"))
    (running.stack.workspace / "compose.yaml").unlink()

    code, said = running.grader("check", "lab1")

    assert code == 3
    assert "has no compose.yaml" in said
    assert "grader reset" in said


def test_a_stack_of_the_same_name_from_another_folder_is_told_apart(lab1: Running, tmp_path: Path) -> None:
    other = Running(lay_out(tmp_path / "lab1-flask-run"))
    code, said = other.grader("check", "lab1", "--stack", f"compose://{lab1.stack.project}x")

    assert code == 3
    assert f"no Compose project '{lab1.stack.project}x' is running" in said

    text = (other.stack.workspace / "compose.yaml").read_text()
    (other.stack.workspace / "compose.yaml").write_text(text)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(other.stack.workspace, elsewhere)
    up = subprocess.run(
        ["docker", "compose", "-p", "lab1-flask-run", "create"],
        cwd=elsewhere,
        env={**os.environ, "PINBOARD_PORT": str(other.stack.port)},
        capture_output=True,
        check=False,
    )
    try:
        assert up.returncode == 0, up.stderr.decode()
        code, said = other.grader("check", "lab1")
    finally:
        subprocess.run(
            ["docker", "compose", "-p", "lab1-flask-run", "down", "--volumes", "--rmi", "local"],
            cwd=elsewhere,
            capture_output=True,
            check=True,
        )

    assert code == 3
    assert "it was started from" in said
    assert "docker compose -p lab1-flask-run down" in said


def test_a_stack_that_crashes_again_and_again_is_red_at_its_cause_and_nothing_hangs(tmp_path: Path) -> None:
    running = Running(lay_out(tmp_path / "crashing"))
    path = running.stack.workspace / "compose.yaml"
    path.write_text(
        path.read_text().replace("    build: .\n", '    build: .\n    command: ["false"]\n    restart: always\n')
    )
    try:
        running.stack.bring_up(wait=False)
        begun = time.monotonic()
        code, said = running.grader("check", "lab1")
    finally:
        running.stack.take_down()

    assert code == 1, said
    assert "FAIL Every service of the stack is running" in said
    assert "Traceback" not in said
    assert time.monotonic() - begun < 30


def test_a_missing_sidecar_image_is_named_with_the_way_to_get_it(lab1: Running) -> None:
    code, said = lab1.grader(*QUICK, GRADER_SIDECAR_IMAGE="nowhere.invalid/grader:1")

    assert code == 3
    assert "nowhere.invalid/grader:1, is not on this machine" in said


def test_a_full_disk_is_said_plainly(lab1: Running) -> None:
    code, said = lab1.grader(*QUICK, "--format", "json", "--output", "/dev/full")

    assert code == 3
    assert "No space left on device" in said
    assert "Traceback" not in said


def test_ctrl_c_puts_the_stack_back_at_once(lab3: Running) -> None:
    before = docker("inspect", "--format", "{{.Id}} {{.HostConfig.RestartPolicy.Name}}", lab3.container())
    run = lab3.start("check", "lab3", "--only", "proxy.proxy-in-front")
    wait_until(lambda: lab3.state() == "paused", 60)

    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)

    assert run.returncode == 3, said
    assert "What was disturbed has been put back." in said
    assert not (lab3.stack.workspace / JOURNAL).exists()
    assert lab3.state() == "running"
    assert docker("inspect", "--format", "{{.Id}} {{.HostConfig.RestartPolicy.Name}}", lab3.container()) == before
    wait_until(lambda: not lab3.sidecars())


def test_a_grader_that_was_killed_leaves_a_journal_and_the_next_run_repairs(lab3: Running) -> None:
    run = lab3.start("check", "lab3", "--only", "proxy.proxy-in-front")
    wait_until(lambda: lab3.state() == "paused", 60)
    run.kill()
    run.communicate(timeout=60)

    refused, said = lab3.grader("check", "lab3", "--only", "stack.edge-reachable")
    assert refused == 3, said
    assert "An earlier run was killed while the stack was disturbed" in said
    assert "grader repair" in said

    repaired, said = lab3.grader("repair")
    assert repaired == 0, said
    assert "put back: unpause" in said
    assert lab3.state() == "running"
    wait_until(lambda: not lab3.sidecars())
    assert lab3.grader("repair")[1].startswith("Nothing to repair")


def test_a_killed_run_is_repaired_without_asking_when_agreed_beforehand(lab3: Running) -> None:
    entry = {"action": "start", "service": lab3.container(), "name": "app", "numbers": [], "words": []}
    docker("stop", lab3.container())
    (lab3.stack.workspace / JOURNAL).write_text(json.dumps(entry) + "\n")

    code, said = lab3.grader("check", "lab3", "--only", "stack.edge-reachable", "--yes")

    assert "put back: start app" in said
    assert code == 0, said


@contextlib.contextmanager
def relay(folder: Path) -> Iterator[tuple[str, threading.Event]]:
    """A door to the engine that can be shut in the middle of a run: an engine that goes away."""
    path = folder / "engine.sock"
    shut = threading.Event()
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(path))
    door.listen(64)
    open_ones: list[socket.socket] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = door.accept()
                if shut.is_set():
                    here.close()
                    continue
                there = socket.socket(socket.AF_UNIX)
                there.connect("/var/run/docker.sock")
                open_ones.extend((here, there))
                threading.Thread(target=pump, args=(here, there), daemon=True).start()
                threading.Thread(target=pump, args=(there, here), daemon=True).start()

    def slam() -> None:
        shut.wait()
        for one in open_ones:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=serve, daemon=True).start()
    threading.Thread(target=slam, daemon=True).start()
    try:
        yield f"unix://{path}", shut
    finally:
        shut.set()
        door.close()
        for one in open_ones:
            one.close()


def test_an_engine_that_goes_away_in_mid_run_is_never_the_learners_failure(lab1: Running, tmp_path: Path) -> None:
    with relay(tmp_path) as (address, shut):
        run = lab1.start("check", "lab1", "--quick", DOCKER_HOST=address)
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("  app"):
                break
        shut.set()
        said, _ = run.communicate(timeout=90)

    assert run.returncode == 3, said
    assert "Traceback" not in said
    assert "FAIL" not in said
    wait_until(lambda: not lab1.sidecars())


def test_a_taken_port_is_said_with_who_holds_it(lab1: Running) -> None:
    learn = subprocess.run(
        ["scripts/learn", "lab1", "0"],
        cwd=root(),
        env={**os.environ, "PINBOARD_PORT": str(lab1.stack.port)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert learn.returncode == 3
    assert f"port {lab1.stack.port} is taken by the stack '{lab1.stack.project}'" in learn.stderr
    assert f"docker compose -p {lab1.stack.project} down" in learn.stderr


def test_a_port_taken_outside_docker_is_said_too() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        learn = subprocess.run(
            ["scripts/learn", "lab1", "0"],
            cwd=root(),
            env={**os.environ, "PINBOARD_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert learn.returncode == 3
    assert f"port {port} is taken by a program outside Docker" in learn.stderr
