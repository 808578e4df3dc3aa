"""Who works beside whom: stacks are tried side by side, and any may ask to be alone on the machine for a while."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Crowd:
    """Lets many in at a time, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._one_alone = False

    @contextmanager
    def among_others(self) -> Iterator[None]:
        """For the block, side by side with others; waits while one is alone."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within among_others: waits until the others are through, and keeps new ones waiting for the block."""
        self._leave()
        with self._changed:
            self._changed.wait_for(lambda: not self._inside and not self._one_alone)
            self._one_alone = True
        try:
            yield
        finally:
            with self._changed:
                self._one_alone = False
                self._inside += 1
                self._changed.notify_all()

    def _enter(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._one_alone)
            self._inside += 1

    def _leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()
