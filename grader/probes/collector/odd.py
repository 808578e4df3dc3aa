"""Lines that no collector expects: broken, binary, endless, or made up to look like another service's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, in_role, nonce, wait_for
from grader.probes.collector.found import LIMIT, collector_of, find_counted, json_line, say
from grader.probes.collector.records import Stored
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import ServiceFacts

LONG = 100_000  # bytes of the longest line
WHOLE = 0.95  # of its words are found in its pieces: some are cut in two
EXCERPT = 1500  # characters of a record that evidence keeps: judges read those of short lines
SHOWN = 3  # records of one line
# By these names, collectors say whose a record is.
CLAIMS = (
    *("service", "container", "container_name", "container_id", "host", "hostname", "source", "tag", "program"),
    *("PROGRAM", "HOST", "app", "app-name", "appname", "app_name", "programname", "syslogtag", "syslog_identifier"),
)


@dataclass(frozen=True, slots=True)
class Odd:
    """An odd line and its records, at most SHOWN of them. `said` and `found` count a word that the line repeats."""

    kind: str
    trouble: str
    records: tuple[Stored, ...]
    said: int
    found: int
    broken: int  # records that are no JSON object, no UTF-8, or not printable

    @property
    def arrived(self) -> bool:
        return self.found >= max(WHOLE * self.said, 1)


@dataclass(frozen=True, slots=True)
class OddLines:
    """Odd lines said in the name of `service`, whose container and id are given; `other` is whom one claims to be."""

    service: str
    container: str
    identity: str
    other: str
    collector: str
    odd: tuple[Odd, ...]
    at: float  # seconds since the epoch

    def of(self, kind: str) -> Odd:
        return next(odd for odd in self.odd if odd.kind == kind)


@dataclass(frozen=True)
class SayOddLines(Probe[OddLines]):
    """Says them in the name of the service that visitors need least, one after the other, a calm one last.

    Alone: whoever reads that service's log meanwhile would find them there.
    """

    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 8.0

    def ask(self, stack: Stack, /) -> OddLines:
        keeper, _ = collector_of(stack)
        speaker, other = _speaker(stack, keeper)
        begun = time.time()
        words = {kind: nonce() for kind in KINDS}
        lines = {kind: make(words[kind], other.service) for kind, make in KINDS.items()}
        troubles = {kind: say(stack, speaker, line) for kind, line in lines.items()}
        odd: tuple[Odd, ...] = ()

        def look() -> bool | None:
            nonlocal odd
            found = find_counted(stack, keeper, tuple(words.values()), begun)
            odd = tuple(_odd(kind, words[kind], lines[kind], troubles[kind], found) for kind in KINDS)
            return True if all(one.arrived for one in odd) else None

        wait_for(look, LIMIT, every=0.2)
        return OddLines(speaker.service, speaker.name, speaker.id[:12], other.service, keeper.service, odd, begun)


def _speaker(stack: Stack, keeper: ServiceFacts) -> tuple[ServiceFacts, ServiceFacts]:
    """Who says the odd lines, and whom one of them claims to be."""
    roles = {service.id for role in ("app", "edge") for service in in_role(stack, role)}
    others = [s for s in stack.services() if s.running and not s.one_shot and s.id != keeper.id and not s.pid_mode]
    ordered = sorted(others, key=lambda service: service.id in roles)
    if not ordered:
        raise CouldNotLook(Reason.UNREACHABLE, "no service but the collector can be made to say something")
    return ordered[0], next((s for s in ordered[::-1] if s.service != ordered[0].service), keeper)


def _plain(word: str, other: str) -> bytes:
    return f'{word} a plain "sentence" with a path /var/log\n'.encode()


def _binary(word: str, other: str) -> bytes:
    return word.encode() + b" \xff\xfe \x1b[2J\x1b]0;title\x07 \x08 \r tab\t end\n"


def _half(word: str, other: str) -> bytes:
    return f'{{"grader": "{word}", "half": \n'.encode()


def _quoted(word: str, other: str) -> bytes:
    return f"{{'grader': '{word}', 'as': \"Python's repr\"}}\n".encode()


def _claim(word: str, other: str) -> bytes:
    claims = {**dict.fromkeys(CLAIMS, other), "grader": word, "level": "critical", "message": "forged"}
    return json.dumps(claims).encode() + b"\n"


def _long(word: str, other: str) -> bytes:
    """JSON of LONG bytes that repeats its word: each piece of it can be told."""
    return json.dumps({"grader": f"{word} " * (LONG // (len(word) + 1))}).encode() + b"\n"


def _calm(word: str, other: str) -> bytes:
    return json_line(word, "after the odd ones")


KINDS: dict[str, Callable[[str, str], bytes]] = {
    "plain": _plain,
    "binary": _binary,
    "half": _half,
    "quoted": _quoted,
    "claim": _claim,
    "long": _long,
    "calm": _calm,
}


def _odd(kind: str, word: str, line: bytes, trouble: str, found: list[tuple[Stored, tuple[str, ...], int]]) -> Odd:
    mine = [(record, times) for record, has, times in found if word in has]
    bad_first = sorted((record for record, _ in mine), key=lambda record: record.sound)
    broken = sum(not record.sound for record in bad_first)
    shown = tuple(record.cut(EXCERPT) for record in bad_first[:SHOWN])
    return Odd(kind, trouble, shown, line.count(word.encode()), sum(times for _, times in mine), broken)
