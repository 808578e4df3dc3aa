"""Given a grader that is killed in the middle of a disturbance, after `grader repair` the stack is as it was.

A few moments only: `python -m tests.restore` tries all probes at many, and the site shows what it tried.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from grader.catalog import load
from tests.labs.conftest import lay_out
from tests.restore.kill import Graded
from tests.restore.moments import places

pytestmark = pytest.mark.docker

PLACES = {place.probe: place for place in places(load())}
MIDDLE = 0.5  # of a probe's usual time
# Every kind of undo: a frozen service, stopped processes, a decoy, a stop under way, new containers.
QUICK = (
    ("Frozen", signal.SIGKILL, 4.0),
    ("HangWorker", signal.SIGTERM, 4.0),
    ("Moved", signal.SIGKILL, 3.0),
    ("StopUnderWay", signal.SIGKILL, 1.0),
    ("StopUnderWay", signal.SIGINT, 1.5),
    ("Recreate", signal.SIGTERM, 2.0),
)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, object]]:
    lab = PLACES["Frozen"].lab
    stack = lay_out(tmp_path_factory.mktemp("restore") / lab, lab)
    try:
        assert stack.bring_up() == ""
        yield lab, stack
    finally:
        stack.take_down()


@pytest.mark.parametrize(("probe", "number", "moment"), QUICK)
def test_the_stack_is_as_it_was_after_a_kill_and_a_repair(
    probe: str, number: signal.Signals, moment: float, solved: tuple[str, object]
) -> None:
    lab, stack = solved
    killed = Graded(stack, lab, PLACES[probe].check).kill(number, moment)  # type: ignore[arg-type]

    assert killed.landed
    assert killed.wrong == []
