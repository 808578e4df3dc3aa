"""Lines of a log as programs read them: JSON objects, or logfmt. Whatever a line holds, reading it raises nothing."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DEPTH = 5  # of objects within objects that are looked into
FIELDS = 400  # of one line
SKEW = 5.0  # seconds that the clock of a line may be off

NAIVE = -1.0  # a time that does not say in which zone it is

TIMES = frozenset({"time", "ts", "t", "timestamp", "@timestamp", "asctime", "date", "datetime", "created"})
LEVELS = frozenset({"level", "lvl", "levelname", "levelno", "severity", "severitytext", "loglevel", "log_level"})
MESSAGES = frozenset({"message", "msg", "event", "text", "body", "short_message"})
NAMES = {
    "trace": 5, "verbose": 5, "debug": 10, "info": 20, "information": 20, "informational": 20, "notice": 25,
    "warn": 30, "warning": 30, "err": 40, "error": 40, "crit": 50, "critical": 50, "fatal": 50, "panic": 50,
    "alert": 50, "emerg": 50, "emergency": 50,
}  # fmt: skip
SYSLOG = (50, 50, 50, 40, 30, 25, 20, 10)  # for the severities 0 to 7 (RFC 5424 §6.2.1), which GELF uses too
ERROR = NAMES["error"]
_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?:\s+|$)')


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one line, however deep they lay; a name is the last part of a key, in lower case."""

    fields: tuple[tuple[str, object], ...]

    def values(self, names: frozenset[str]) -> Iterator[object]:
        return (value for name, value in self.fields if name in names)

    def texts(self) -> Iterator[str]:
        return (value for _, value in self.fields if isinstance(value, str))

    def level(self) -> int:
        """As in Python's logging (40 is an error); 0 when the line does not say."""
        return max((_level(value) for value in self.values(LEVELS)), default=0)


def lines_of(data: bytes) -> tuple[str, ...]:
    """Lines without their ends, the empty ones left out. Bytes that are no UTF-8 become U+FFFD."""
    lines = data.decode("utf-8", "replace").split("\n")
    return tuple(line.removesuffix("\r") for line in lines if line.strip())


def parse(line: str) -> Record | None:
    """The fields of a line that is one JSON object or all logfmt; None for any other."""
    text = line.strip()
    if text.startswith("{"):
        try:
            value = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            return None
        return Record(tuple(_flat(value, "", DEPTH))[:FIELDS])
    pairs = _logfmt(text)
    return Record(tuple(pairs)) if pairs else None


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON (RFC 8259 §6)")


def _flat(value: Any, name: str, depth: int) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and depth:
        for key, inner in value.items():
            yield from _flat(inner, _last(key, name), depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value[:FIELDS]:
            yield from _flat(inner, name, depth - 1)
    elif not isinstance(value, dict | list):
        yield name, value


def _last(key: str, above: str) -> str:
    """`level` for "log.level", and for the "name" in {"level": {"name": …}} too."""
    name = key.rpartition(".")[2].lower()
    return above if above in TIMES | LEVELS and name in ("name", "no", "repr", "value") else name


def _logfmt(text: str) -> list[tuple[str, object]]:
    """key=value key="quoted value" …; empty unless the whole line is made of such pairs."""
    pairs: list[tuple[str, object]] = []
    at = 0
    while at < len(text) and len(pairs) < FIELDS:
        pair = _PAIR.match(text, at)
        if pair is None:
            return []
        value = pair.group(2)
        pairs.append((_last(pair.group(1), ""), value[1:-1] if value.startswith('"') else value))
        at = pair.end()
    return pairs


def flaws(record: Record, begun: float, ended: float) -> tuple[str, ...]:
    """What a line lacks that was written between two times (epoch seconds). Access records need no message."""
    found = [trouble] if (trouble := _time_trouble(record, begun, ended)) else []
    if not record.level():
        found.append("no level")
    if not any(isinstance(value, str) and value for value in record.values(MESSAGES)) and not _is_access(record):
        found.append("no message")
    return tuple(found)


def _is_access(record: Record) -> bool:
    names = {name for name, _ in record.fields}
    return bool(names & {"method", "verb", "request_method"}) and bool(names & {"status", "status_code", "code"})


def _time_trouble(record: Record, begun: float, ended: float) -> str:
    seen = [at for value in record.values(TIMES) if (at := moment(value)) is not None]
    if any(begun - SKEW <= at <= ended + SKEW for at in seen):
        return ""
    if not seen:
        return "no time"
    return "a time without an offset from UTC" if NAIVE in seen else "a time that is not now"


def moment(value: object) -> float | None:
    """Seconds since the epoch; NAIVE for a time that leaves its zone open, None for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        text = value.strip().strip("[]")
        if not re.fullmatch(r"\d{9,19}(\.\d+)?", text):
            return _date(text)
        value = float(text)
    for unit in (1, 1e3, 1e6, 1e9):  # seconds, or thousandths and so on
        if 1e9 * unit <= value < 1e10 * unit:
            return value / unit
    return None


def _date(text: str) -> float | None:
    for read in (datetime.fromisoformat, _common):
        with contextlib.suppress(ValueError):
            at = read(text)
            return NAIVE if at.tzinfo is None else at.timestamp()
    return None


def _common(text: str) -> datetime:
    """A time of the Common Log Format."""
    return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z")


def _level(value: object) -> int:
    if isinstance(value, str):
        return NAMES.get(value.strip().lower(), 0)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return SYSLOG[value] if 0 <= value < len(SYSLOG) else value
