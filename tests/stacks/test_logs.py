"""Given a container that prints what no log should hold, when it is judged, then each check ends with a reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.checks import logs, logs_errors, logs_requests
from grader.model import Check, Outcome, Reason, Result
from grader.runner import Run
from grader.stacks.base import LOG_CAP, Opening, Settings, Stack
from grader.stacks.opening import open_stack
from tests.stacks.bare import APP, project

pytestmark = pytest.mark.docker
CHECKS = [
    check
    for module in (logs, logs_requests, logs_errors)
    for check in vars(module).values()
    if isinstance(check, Check)
]
SILENT, SERVE = "def log_message(self, *words): pass", "http.server.ThreadingHTTPServer"
GARBAGE = rb"\xff\xfe\x1b[2J\x1b]0;title\x07\x00"
# What is printed with each answer, or without end.
MEGABYTE = APP.replace(SILENT, "def log_message(self, *words): print('x' * 1_000_000, flush=True)")
ODD = APP.replace(
    SILENT, f"def log_message(self, *words): os.write(1, b'{GARBAGE.decode()}' + self.path.encode() + b'\\r\\n')"
)
FOREVER = "import threading\nthreading.Thread(target=lambda: [print('x' * 500) for _ in iter(int, 1)]).start()"
ENDLESS = APP.replace(SERVE, f"{FOREVER}\n{SERVE}")
PIECES = """
import sys, time
for _ in range(3):
    print("o" * 100_000, flush=True)
    print("e" * 100_000, file=sys.stderr, flush=True)
time.sleep(99)
"""


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Stack]:
    stack = open_stack(Opening(url=f"compose://{name}", settings=Settings(), state=folder))
    try:
        yield stack
    finally:
        stack.close()


def judged(name: str, folder: Path) -> dict[str, Result]:
    """Every check on logs, on a stack that has nothing else to be judged by."""
    with opened(name, folder) as stack:
        return {result.check.id: result for result in Run(stack, CHECKS, lambda result: None).go()}


@pytest.mark.parametrize("app", (MEGABYTE, ODD, ENDLESS), ids=("a megabyte a line", "no text at all", "without end"))
def test_every_check_ends_with_a_reason(app: str, tmp_path: Path) -> None:
    with project(app, "--log-driver=local", "--log-opt=max-size=20m") as name:
        begun = time.monotonic()
        results = judged(name, tmp_path)
        took = time.monotonic() - begun

    assert took < 40.0
    assert len(results) == len(CHECKS)
    for result in results.values():
        assert result.verdict.reason is not Reason.GRADER_BUG, result.verdict.because
        assert result.verdict.because.isprintable()
        assert len(result.verdict.because) <= 300


def test_what_a_line_of_a_megabyte_was_cut_into_is_put_together_again(tmp_path: Path) -> None:
    with project(PIECES) as name, opened(name, tmp_path) as stack:
        (service,) = stack.services()
        deadline = time.monotonic() + 10
        while len(stack.logs(service, 1.0)) < 600_000 and time.monotonic() < deadline:
            time.sleep(0.05)
        text = stack.log_text(service, 1.0)

    assert text.out.split() == [b"o" * 100_000] * 3
    assert text.err.split() == [b"e" * 100_000] * 3
    assert (text.cut, text.refused) == (False, "")


def test_a_log_without_end_is_read_up_to_a_bound_and_says_so(tmp_path: Path) -> None:
    with project(ENDLESS, "--log-driver=local", "--log-opt=max-size=20m") as name, opened(name, tmp_path) as stack:
        (service,) = stack.services()
        begun = time.monotonic()
        deadline = begun + 20
        while not stack.log_text(service, 1.0).cut and time.monotonic() < deadline:
            time.sleep(0.1)
        text = stack.log_text(service, 1.0)

    assert text.cut
    assert len(text.out) <= LOG_CAP


def test_a_driver_that_keeps_nothing_is_no_reason_to_fail(tmp_path: Path) -> None:
    with project(APP, "--log-driver=none") as name:
        with opened(name, tmp_path) as stack:
            (service,) = stack.services()
            assert (service.log_driver, service.log_options) == ("none", ())
            assert "does not support reading" in stack.log_text(service, 1.0).refused
            assert stack.logs(service, 1.0) == b""
        results = judged(name, tmp_path)

    assert results["logs.logs-on-stdout"].outcome is Outcome.FAIL
    assert "does not support reading" in results["logs.logs-on-stdout"].verdict.because


def test_the_engine_tells_the_driver_its_bounds_and_the_size_of_the_layer(tmp_path: Path) -> None:
    writing = 'import time\nopen("/tmp/app.log", "w").write("x" * 50_000)\ntime.sleep(99)'
    with project(writing, "--log-opt=max-size=1m") as name, opened(name, tmp_path) as stack:
        (service,) = stack.services()
        assert (service.log_driver, service.log_options) == ("json-file", (("max-size", "1m"),))
        deadline = time.monotonic() + 10
        while stack.layer_size(service) < 50_000 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert 50_000 <= stack.layer_size(service) < 60_000
