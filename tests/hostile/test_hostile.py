"""Given a stack that means no good, when it is graded, then the grader comes through, and says what there is to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.hostile import harness, judging
from tests.hostile.harness import Graded, Hostile

AT_ONCE = 3  # stacks: most of them wait more than they compute
TIMES = 3  # that one is graded while verdicts are missing only because of what else runs
STACKS = {case.name: case for case in harness.table()}


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Graded]]]:
    """The runs of the stacks that this session asks for, side by side."""
    wanted = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_the_grader_comes_through.__name__
    ]
    with harness.elsewhere() as decoy, ThreadPoolExecutor(AT_ONCE) as crowd:
        started = {
            name: crowd.submit(graded, STACKS[name], [tmp_path_factory.mktemp(name) for _ in range(TIMES)], decoy)
            for name in dict.fromkeys(wanted)
        }
        yield started
        for run in started.values():
            run.cancel()


def graded(case: Hostile, folders: Sequence[Path], decoy: str) -> Graded:
    """What came of a stack, in the first of `folders` in which the machine was quiet enough for it, or in the last."""
    found = harness.grade(case, folders[0], decoy)
    for folder in folders[1:]:
        if judging.disturbed(case, found):
            found = harness.grade(case, folder, decoy)
    return found


@pytest.mark.docker
@pytest.mark.parametrize("name", STACKS)
def test_the_grader_comes_through(name: str, runs: dict[str, Future[Graded]]) -> None:
    assert judging.problems(STACKS[name], runs[name].result(timeout=600)) == []


def test_there_are_forty_of_them_and_each_says_what_must_come_of_it() -> None:
    assert len({case.name for case in harness.table()}) == len(harness.table()) >= 40
    assert all(case.does and case.happens and case.verdicts for case in harness.table())


HARMLESS = "\n".join(["name", "a b", "café", "“quoted”", "日本"])


@pytest.mark.parametrize(
    "text", ("\x1b[31m", "\x07", "\x9b2J", "\u202e", "\u200b", "\u2028", "\u115f", "\ufeff", "\ue000")
)
def test_what_the_tests_look_for_is_found(text: str) -> None:
    assert any(judging.harmful(char) for char in text)
    assert not any(judging.harmful(char) for char in HARMLESS if char != "\n")


def test_a_command_that_runs_what_a_stack_wants_is_found() -> None:
    assert judging.runs_touch("curl 'http://x/#';touch /tmp/owned;")
    assert not judging.runs_touch("curl 'http://x/#;touch /tmp/owned;'")
