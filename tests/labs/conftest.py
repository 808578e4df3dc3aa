"""Stacks for the tests that need a real one: reference solutions, in folders with a space and an accent."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import course
from grader.catalog import load, root
from grader.stacks.throwaway import Throwaway


@dataclass(frozen=True)
class Running:
    """A stack that runs, and the grader as a learner calls it in its workspace."""

    stack: Throwaway

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "grader", *words],
            cwd=self.stack.workspace,
            env={**os.environ, "PYTHONPATH": str(root()), "NO_COLOR": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def grader(self, *words: str, **environment: str) -> tuple[int, str]:
        """Exit code and everything that was printed, as one line: where it was wrapped does not matter here."""
        run = self.start(*words, **environment)
        said, _ = run.communicate(timeout=120)
        return run.returncode, " ".join(said.split())

    def container(self, service: str = "app") -> str:
        return self.stack.compose("ps", "--all", "--quiet", service).stdout.decode().strip()

    def state(self, service: str = "app") -> str:
        return docker("inspect", "--format", "{{.State.Status}}", self.container(service))

    def sidecars(self) -> list[str]:
        return docker("ps", "--all", "--quiet", "--filter", f"label=grader.project={self.stack.project}").split()


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


def wait_until(look: Callable[[], object], seconds: float = 30.0) -> None:
    """Looks again and again until what is looked for is there; an AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def memory(stack: Throwaway) -> dict[str, float]:
    """Bytes that each container of a stack holds, without the page cache."""
    containers = stack.compose("ps", "--quiet").stdout.decode().split()
    used = docker("stats", "--no-stream", "--format", "{{.Container}} {{.MemUsage}}", *containers).splitlines()
    units = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "B": 1}
    parts = [re.match(r"(\w+) ([\d.]+)(\w+)", line) for line in used]
    return {part[1]: float(part[2]) * units[part[3]] for part in parts if part}


def lay_out(folder: Path, lab: str = "lab1", *, solution: bool = True) -> Throwaway:
    catalog = load()
    chosen = catalog.lab(lab)
    course.start(folder, chosen, course.files(course.layers(root(), catalog, chosen, solution=solution)))
    return Throwaway(folder.resolve(), f"test-{lab}-{secrets.token_hex(3)}")


def running(folder: Path, lab: str) -> Iterator[Running]:
    stack = lay_out(folder, lab)
    try:
        problem = stack.bring_up()
        assert problem == ""
        yield Running(stack)
    finally:
        stack.take_down()


@pytest.fixture(scope="module")
def lab1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("labs") / "my lab é", "lab1")


@pytest.fixture(scope="module")
def lab3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("labs") / "lab three", "lab3")
