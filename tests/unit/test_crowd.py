"""Many side by side, or one alone: never both."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from grader.crowd import Crowd


def test_whoever_asks_to_be_alone_is_alone_and_all_get_their_turn() -> None:
    crowd, guard = Crowd(), threading.Lock()
    inside: set[int] = set()
    beside: list[set[int]] = []

    def work(number: int) -> int:
        with crowd.among_others():
            with guard:
                inside.add(number)
            with guard:
                inside.discard(number)
            if number % 3 == 0:
                with crowd.alone(), guard:
                    beside.append(set(inside))
        return number

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(work, range(60)))

    assert done == list(range(60))
    assert beside == [set()] * 20


def test_two_work_side_by_side() -> None:
    crowd, met = Crowd(), threading.Barrier(2, timeout=10)

    def work(_: int) -> int:
        with crowd.among_others():
            return met.wait()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, range(2))) == [0, 1]


def test_nobody_comes_in_while_one_is_alone() -> None:
    crowd, came = Crowd(), threading.Event()

    def late() -> None:
        with crowd.among_others():
            came.set()

    with crowd.among_others(), crowd.alone():
        other = threading.Thread(target=late)
        other.start()
        assert not came.wait(0.05)
    other.join(10)
    assert came.is_set()
