"""What an error of the code leaves in the log, and what should never get there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.errors import CANARY
from grader.probes.app.keys import key_among, seal_of
from grader.probes.base import Probe
from grader.probes.logs.access import READ
from grader.probes.logs.burst import Burst, Grade, Log, names
from grader.probes.logs.form import shown
from grader.probes.logs.lines import ERROR, parse
from grader.probes.logs.sent import ENOUGH, Sent
from grader.probes.topology import needs_bench
from grader.stacks.base import Stack

TRACEBACK = "Traceback (most recent call last)"
KIND = "RuntimeError"  # what /bench/boom raises
CHAINED = ("During handling of the above", "The above exception was the direct")
HEAD = 120  # lines that a traceback in plain text may have
BAD = re.compile(r"(?i)\b(?:error|critical|fatal|exception|err|crit)\b")
FRAMES = frozenset({"frames", "lineno", "filename", "stack_trace", "stacktrace"})  # a traceback as data
KEY_LIKE = re.compile(r"[^\s\"'`=,;:(){}\[\]<>\\]{6,128}")
KEYS_TRIED = 20_000
BEFORE = 80  # characters that are shown in front of a secret
LONGEST = 6  # characters of a secret that a log may show, so that people can tell two of them apart


@dataclass(frozen=True, slots=True)
class Event:
    """One report of the error: whether it names the kind, has a traceback, and says which request it was."""

    service: str
    kind: bool
    traceback: bool
    request: bool
    line: str


@dataclass(frozen=True, slots=True)
class ErrorLogged:
    """What the log says of one request to `path` that failed with `status`."""

    site: str
    services: tuple[str, ...]
    path: str
    status: int
    events: tuple[Event, ...]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class FindError(Probe[ErrorLogged]):
    """Reports of an unhandled error with a message that nobody else can know."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> ErrorLogged:
        burst = stack.ask(Grade())
        boom = burst.one("boom")
        if boom is None:
            raise needs_bench("an endpoint that fails on purpose")
        logs = (*burst.app, *(() if burst.shared else burst.edge))  # a collector has copies
        events = tuple(event for log in logs for event in _events(burst, log, boom))
        cut = names(log for log in logs if log.cut)
        return ErrorLogged(burst.site, names(burst.app), boom.path, boom.status, events, cut)


def _events(burst: Burst, log: Log, boom: Sent) -> Iterator[Event]:
    for text, record in reports(log.lines, boom.word):
        line = shown(text, burst)
        where = (boom.method in text and boom.path in text) or (bool(boom.id) and boom.id in text)
        yield Event(log.service, KIND in text, TRACEBACK in text or record, where, line)


def reports(lines: tuple[str, ...], word: str) -> Iterator[tuple[str, bool]]:
    """The text of each report of an error with `word` in its message, and whether it has its traceback as data.

    A line that only quotes the request (`m=word`) is none. In plain text a report is a traceback with the line above.
    """
    for place, line in enumerate(lines):
        if word not in line.replace(f"m={word}", ""):
            continue
        record = parse(line)
        if record is None:
            yield from ((text, False) for text in _report_in_text(lines, place))
        elif record.level() >= ERROR:
            values = " ".join(str(value) for _, value in record.fields)
            yield values, any(name in FRAMES for name, _ in record.fields)


def _report_in_text(lines: tuple[str, ...], place: int) -> Iterator[str]:
    """The report that ends at a place, if one does: the line above a traceback, and the links of a chain, do not."""
    line, after = lines[place], lines[place + 1] if place + 1 < len(lines) else ""
    if after.startswith((TRACEBACK, *CHAINED)):
        return
    within = range(place, max(place - HEAD, -1), -1)
    begins = next((at for at in within if lines[at].startswith(TRACEBACK) and not _goes_on(lines, at)), None)
    if begins is not None and all(_belongs(other) for other in lines[begins:place]):
        yield "\n".join(lines[max(begins - 1, 0) : place + 1])
    elif BAD.search(line):
        yield line


def _goes_on(lines: tuple[str, ...], at: int) -> bool:
    """Whether a traceback is a later link of a chain."""
    return at > 0 and lines[at - 1].startswith(CHAINED)


def _belongs(line: str) -> bool:
    """Whether a line can stand within a traceback."""
    return line.startswith((" ", TRACEBACK, *CHAINED)) or re.match(r"[\w.]+(?::|$)", line) is not None


# --- secrets --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that a log holds, and the line, in which it is masked."""

    what: str
    service: str
    line: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What was looked for in the logs of all services, and what was found.

    `queries` are services that log the query of a URL, in which people send tokens.
    """

    site: str
    sought: tuple[str, ...]
    leaks: tuple[Leak, ...]
    queries: tuple[str, ...]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class SeekSecrets(Probe[Sought]):
    """Secrets that were sent where secrets belong, searched for in every log."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Sought:
        burst = stack.ask(Grade())
        marks = tuple(secrets_of(burst))
        leaks = [
            Leak(what, log.service, _around(line, mark, burst))
            for what, mark in marks
            for log in burst.logs
            for line in [line for line in log.lines if mark in line][:1]
        ]
        leaks += _key_leaks(burst)
        queries = names(log for log in burst.logs if any(burst.secrets.query in line for line in log.lines))
        sought = (*dict(marks), "the session key")
        return Sought(burst.site, sought, tuple(leaks), queries, names(log for log in burst.logs if log.cut))


def secrets_of(burst: Burst) -> Iterator[tuple[str, str]]:
    """What to look for, and by what: more of a secret than its first few characters."""
    yield "the password of a sign-in", burst.secrets.password[: LONGEST + 2]
    yield "the token of an Authorization header", burst.secrets.bearer[: LONGEST + 2]
    for cookie in burst.secrets.cookies:
        if len(cookie) >= ENOUGH:
            yield "the value of a session cookie", cookie[-ENOUGH:]  # its end: the signature, where Flask made it
    if burst.bench:
        yield "a local variable of the code", CANARY


def _key_leaks(burst: Burst) -> Iterator[Leak]:
    """Words of a log that turn out to be the key with which the app signs its cookies."""
    seals = tuple(seal for cookie in burst.secrets.cookies if (seal := seal_of(cookie)))
    for log in burst.logs if seals else ():
        words = dict.fromkeys(word for line in log.lines for word in KEY_LIKE.findall(line[:READ]))
        key = key_among(list(words)[:KEYS_TRIED], seals)
        if key is not None:
            yield Leak("the session key", log.service, _around(next(x for x in log.lines if key in x), key, burst))


def _around(line: str, secret: str, burst: Burst) -> str:
    """The place of a line at which a secret stands, without the secret."""
    place = line.index(secret)
    return shown(line[max(place - BEFORE, 0) :].replace(secret, "[masked]"), burst)
