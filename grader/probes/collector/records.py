"""What a stored line holds of a line that a service said: pure functions, shared by the collector's probes and judges.

A collector may wrap a line (a record with `log` or `message` inside), or keep its fields side by side with its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from grader.probes.logs.lines import NAIVE, moment

DEEP = 8  # levels of nesting that are looked at


class Kept(StrEnum):
    """How much of a line a record holds."""

    FIELDS = "its fields, with their types"
    TEXT = "its text"
    NOTHING = "nothing of it"


@dataclass(frozen=True, slots=True)
class Stored:
    """A line in a file of the collector, cut at a few kilobytes; the rest is said of the whole line.

    `printable`: it has no control characters but tabs. `json`: it is one JSON object.
    """

    path: str
    line: str
    length: int
    utf8: bool
    printable: bool
    json: bool

    @property
    def record(self) -> dict[str, Any] | None:
        """The JSON object in the line; None when it is none, or was cut."""
        return object_in(self.line)

    @property
    def sound(self) -> bool:
        """Whether any program could read the line."""
        return self.utf8 and self.printable and self.json

    def cut(self, limit: int) -> Stored:
        """The same with less of its text, for evidence."""
        return replace(self, line=self.line[:limit])


def object_in(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def kept(stored: Stored, line: str) -> Kept:
    """How much of a line, as the service wrote it, is in a record."""
    record, said = stored.record, object_in(line)
    if record is None:
        return Kept.TEXT if line.strip() in stored.line else Kept.NOTHING
    if said and any(_has_all(found, said) for found in objects(record)):
        return Kept.FIELDS
    return Kept.TEXT if any(line.strip() in text for text in texts(record)) else Kept.NOTHING


def _has_all(found: dict[str, Any], said: dict[str, Any]) -> bool:
    # As text: for Python, true is 1 and 1.0.
    return all(name in found and json.dumps(found[name]) == json.dumps(said[name]) for name in said)


def objects(value: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    """A JSON value's objects, outermost first."""
    if depth < DEEP and isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner, depth + 1)


def texts(value: object, depth: int = 0) -> Iterator[str]:
    """A JSON value's strings."""
    if isinstance(value, str):
        yield value
    elif depth < DEEP and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner, depth + 1)


def names(record: dict[str, Any] | None, service: str, container: str, identity: str) -> str:
    """By which word a record says whose it is: the service's name, its container's name or its id; "" when it does not.

    A name counts as a word of its own, such as `app` in "lab/app[42]".
    """
    for text in texts(record):
        words = re.split(r"[^\w.-]+", text)
        for word in (identity[:12], container, service):
            if word and (word in words or (word == identity[:12] and word in text)):
                return word
    return ""


def has_time(record: dict[str, Any] | None, now: float, within: float) -> bool:
    """Whether a record has a time close to `now` (seconds since the epoch) that says its zone."""
    values = (value for found in objects(record) for value in found.values())
    return any(at is not None and at != NAIVE and abs(at - now) <= within for at in map(moment, values))
