"""The sidecars of one run: each is started when it is first needed, shared, and removed at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from grader.model import Reason
from grader.stacks.base import CouldNotLook
from grader.stacks.sidecar import START, Sidecar


class Sidecars:
    """By a key that says where each stands; safe to use from several threads."""

    def __init__(self) -> None:
        self._running: dict[object, Sidecar] = {}
        self._locks: dict[object, threading.Lock] = {}
        self._refused: dict[object, CouldNotLook] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def ids(self) -> frozenset[str]:
        """The containers that run."""
        with self._lock:
            return frozenset(one.id for one in self._running.values())

    def get(self, key: object, make: Callable[[], Sidecar]) -> Sidecar:
        """The one with this key; `make` starts it where there is none, or it was lost.

        CouldNotLook when it cannot be started; one that the engine took too long over is not tried again.
        """
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # one starts it, the others wait for that one
            found = self._running.get(key)
            if found is not None and found.lost:
                found.close()
            if self._closed:  # a probe that goes on while the run is being ended
                raise CouldNotLook(Reason.UNREACHABLE, "the run was ended")
            if found is None or found.lost:
                if key in self._refused:  # it would only take as long again
                    raise self._refused[key]
                try:
                    found = self._running[key] = make()
                except CouldNotLook as trouble:
                    if trouble.reason is Reason.TIMED_OUT:
                        self._refused[key] = trouble
                    raise
            return found

    def close(self) -> None:
        """Removes all of them, and lets no more be started."""
        with self._lock:
            self._closed = True
            making = list(self._locks.values())
        for lock in making:  # one that is still being started is nobody's to remove once this has ended
            if lock.acquire(timeout=START):
                lock.release()
        with self._lock:
            mine, self._running = list(self._running.values()), {}
        if mine:  # side by side: the engine takes its time over each
            with ThreadPoolExecutor(len(mine)) as crowd:
                list(crowd.map(lambda one: one.close(), mine))
