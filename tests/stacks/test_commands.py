"""Given a running container, when a command is run in it or in a copy of it, then it is bounded and leaves nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.stacks.base import COMMAND_CAP, Settings
from grader.stacks.compose import ComposeStack
from grader.stacks.dealings import Undo
from grader.stacks.values import ServiceFacts
from tests.stacks.bare import docker, own_containers, project

pytestmark = pytest.mark.docker

ASK = ("python3", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=3)")
REPLY = "HTTP/1.1 {} x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    with project() as name:
        graded = ComposeStack(name, settings=Settings(), state=tmp_path_factory.mktemp("state"))
        try:
            yield graded
        finally:
            graded.close()


@pytest.fixture
def app(stack: ComposeStack) -> ServiceFacts:
    return stack.services()[0]


@pytest.mark.parametrize(
    ("argv", "codes", "output"),
    (
        (("true",), (0,), ""),
        (("sh", "-c", "echo seen; exit 3"), (3,), "seen"),
        (("sh", "-c", "echo seen >&2; exit 1"), (1,), "seen"),
        (("no-such-program",), (126, 127), "not found"),
    ),
)
def test_a_command_ends_with_its_code(
    stack: ComposeStack, app: ServiceFacts, argv: tuple[str, ...], codes: tuple[int, ...], output: str
) -> None:
    ran = stack.run(app, argv, seconds=10)

    assert ran.code in codes
    assert output in ran.output


def test_a_command_without_an_end_is_killed(stack: ComposeStack, app: ServiceFacts) -> None:
    ran = stack.run(app, ("sleep", "4321"), seconds=1)

    assert ran.code is None
    assert ran.seconds < 10
    time.sleep(0.5)
    assert not [process for process in stack.processes(app) if "4321" in process.argv]


def test_a_command_that_talks_without_end_is_cut(stack: ComposeStack, app: ServiceFacts) -> None:
    ran = stack.run(app, ("sh", "-c", "while :; do echo aaaaaaaaaaaaaaaa; done"), seconds=1)

    assert ran.code is None
    assert len(ran.output) <= COMMAND_CAP


@pytest.mark.parametrize(("status", "code"), ((200, 0), (500, 1)))
def test_a_copy_meets_nobody_but_the_stand_in(stack: ComposeStack, app: ServiceFacts, status: int, code: int) -> None:
    seen = stack.rehearse(app, ASK, (8000,), REPLY.format(status).encode(), seconds=10)

    assert seen.ran.code == code
    assert seen.asked == ("GET /healthz HTTP/1.1",)


def test_a_copy_finds_the_service_by_its_name(stack: ComposeStack, app: ServiceFacts) -> None:
    argv = (*ASK[:2], ASK[2].replace("127.0.0.1", app.service))

    assert stack.rehearse(app, argv, (8000,), REPLY.format(200).encode(), seconds=10).ran.code == 0


def test_nothing_of_a_rehearsal_is_left(stack: ComposeStack, app: ServiceFacts) -> None:
    ran = stack.rehearse(app, ("sleep", "60"), (8000,), b"", seconds=0.5).ran

    assert ran.code is None
    kept = stack._sidecars.ids
    assert set(own_containers(stack.project)) <= {identity[:12] for identity in kept}


def test_process_one_can_be_stopped_and_goes_on(stack: ComposeStack, app: ServiceFacts) -> None:
    first = next(process for process in stack.processes(app) if process.pid == 1)
    with stack.disturbing(Undo("continue", app.id, app.name, (1, first.started))):
        assert stack.signal(app, first, signal.SIGSTOP)
        time.sleep(0.2)
        assert next(process for process in stack.processes(app) if process.pid == 1).state == "T"
    time.sleep(0.2)
    assert next(process for process in stack.processes(app) if process.pid == 1).state != "T"


def test_health_checks_are_read_as_the_engine_reads_them(tmp_path: Path) -> None:
    with project() as name:
        other = [f"--label=com.docker.compose.{key}" for key in (f"project={name}", "service=checked")]
        docker("run", "-d", f"--network={name}", "--health-cmd=curl -f localhost || exit 1", "--health-interval=7s",
               *other, "python:3.13-slim", "sleep", "600")  # fmt: skip
        graded = ComposeStack(name, settings=Settings(), state=tmp_path)
        try:
            found = {fact.service: fact.health_check for fact in graded.services()}
        finally:
            graded.close()
    assert found["app"] is None
    check = found["checked"]
    assert check is not None
    assert check.argv == ("/bin/sh", "-c", "curl -f localhost || exit 1")
    assert (check.interval, check.timeout, check.retries) == (7.0, 30.0, 3)
