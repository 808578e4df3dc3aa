"""Answers that are asked for once a run, however many threads want them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Memo:
    """`once` computes a key's value one time and hands it, or the exception it raised, to everyone who asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        with self._lock:
            entry = self._entries.get(key)
            mine = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry()
        if mine:
            try:
                entry.value = compute()
            # Whatever it is, those who wait for the same answer must get it too.
            except BaseException as trouble:
                entry.trouble = trouble
                raise
            finally:
                entry.done.set()
        else:
            entry.done.wait()
        if entry.trouble is not None:
            raise entry.trouble
        return cast("T", entry.value)

    def clear(self) -> None:
        with self._lock:
            self._entries = {}


class _Entry:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: Any = None
        self.trouble: BaseException | None = None
