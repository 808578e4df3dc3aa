"""Given a grader that is killed in the middle of a disturbance, after `grader repair` the stack is as it was.

A few moments only: `python -m tests.restore` tries all probes at many, and the site shows what it tried.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from grader.catalog import load
from grader.stacks.throwaway import Throwaway
from tests.labs.conftest import lay_out
from tests.restore.kill import Graded
from tests.restore.moments import places

pytestmark = pytest.mark.docker

PLACES = {place.probe: place for place in places(load())}
# Every kind of undo: a frozen service, decoys, a stop that is under way, new containers; and one under load.
# The numbers are seconds after the probe began.
QUICK = (
    ("Frozen", signal.SIGKILL, 2.0),
    ("Moved", signal.SIGKILL, 2.0),
    ("StopUnderWay", signal.SIGKILL, 1.0),
    ("KillWorker", signal.SIGINT, 1.0),
    ("Recreate", signal.SIGTERM, 1.0),
)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Throwaway]]:
    lab = PLACES["Frozen"].lab
    stack = lay_out(tmp_path_factory.mktemp("restore") / lab, lab)
    try:
        assert stack.bring_up() == ""
        yield lab, stack
    finally:
        stack.take_down()


@pytest.mark.parametrize(("probe", "number", "moment"), QUICK)
def test_the_stack_is_as_it_was_after_a_kill_and_a_repair(
    probe: str, number: signal.Signals, moment: float, solved: tuple[str, Throwaway]
) -> None:
    lab, stack = solved
    killed = Graded(stack, lab, PLACES[probe].check).kill(number, moment)

    assert killed.landed
    assert killed.wrong == []
