"""On a machine that is busy with something else, a good stack is never failed for being slow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.checks import guards, server
from grader.model import Outcome
from grader.runner import Run
from grader.stacks.base import Settings
from grader.stacks.compose import ComposeStack
from tests.stacks.bare import project

pytestmark = pytest.mark.docker

LOOPS = 8  # busy processes


@pytest.fixture
def busy() -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(LOOPS)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait(10)


def test_a_busy_machine_never_fails_a_check_that_measures_time(busy: None, tmp_path: Path) -> None:
    with project() as name:
        graded = ComposeStack(name, settings=Settings(), state=tmp_path)
        try:
            checks = (guards.host_headroom, server.concurrent_requests)
            results = Run(graded, checks, lambda result: None).go()
        finally:
            graded.close()

    assert {result.outcome for result in results} <= {Outcome.PASS, Outcome.UNKNOWN}
    assert all(result.evidence is not None for result in results)  # it was measured, not given up
