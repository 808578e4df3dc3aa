"""Whether programs can read the app's lines, and whether what a client sends stays inside of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe
from grader.probes.logs.asked import MALICIOUS, forged
from grader.probes.logs.burst import Burst, Grade, Log, names
from grader.probes.logs.lines import NAMES, flaws, parse
from grader.probes.logs.sent import RUBBISH, Sent
from grader.stacks.base import Stack
from grader.text import clean, mask

SHOWN = 3  # examples that evidence keeps
EXCERPT = 160  # characters of one
# Nginx cannot write its error log in another form: beside an app in one container it must not count as the app's.
NGINX = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+:")


@dataclass(frozen=True, slots=True)
class Flawed:
    """A line that is not as it should be, shortened; what it lacks, or that it is no JSON and no logfmt at all.

    `word` finds the line of the one request that was sent past the proxy: no client can send it again.
    """

    service: str
    line: str
    flaws: tuple[str, ...]
    word: str = ""


@dataclass(frozen=True, slots=True)
class AppLines:
    """`judged` lines of the app between the first and the last of the burst; a few of the `flawed` ones, first those
    that a client can make the app print again."""

    site: str
    services: tuple[str, ...]
    judged: int
    flawed: int
    examples: tuple[Flawed, ...]


@dataclass(frozen=True)
class ReadAppLines(Probe[AppLines]):
    """Every line that the app printed during the burst, but for those about requests that try to break lines."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> AppLines:
        burst = stack.ask(Grade())
        lines = [(log.service, line) for log in burst.app for line in window(burst, log)]
        rubbish = next((sent.word for sent in burst.sent if sent.name == RUBBISH), "")
        found = [
            Flawed(service, shown(line, burst), wrong, rubbish if rubbish and rubbish in line else "")
            for service, line in lines
            if (wrong := _wrong(line, burst))
        ]
        examples = tuple(sorted(found, key=lambda one: bool(one.word)))[:SHOWN]
        return AppLines(burst.site, names(burst.app), len(lines), len(found), examples)


def window(burst: Burst, log: Log) -> tuple[str, ...]:
    """The lines from the first to the last that is about the burst."""
    words = [sent.word for sent in burst.sent if sent.name in MALICIOUS]
    about = frozenset(log.about(*burst.sent))
    places = [place for place, line in enumerate(log.lines) if line in about]
    lines = log.lines[places[0] : places[-1] + 1] if places else ()
    return tuple(
        line for line in lines if not any(word in line for word in words) and not (burst.shared and NGINX.match(line))
    )


def _wrong(line: str, burst: Burst) -> tuple[str, ...]:
    record = parse(line)
    return ("no JSON",) if record is None else flaws(record, burst.begun, burst.ended)


def shown(line: str, burst: Burst) -> str:
    """A line for evidence: short, printable, and without what the burst keeps secret."""
    for secret in burst.secrets.values:
        line = line.replace(secret, "[masked]")
    return clean(mask(line), EXCERPT)


# --- forgery --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forged:
    """What one request did to a log; `what` is one of FORGERIES."""

    request: str
    service: str
    what: str
    line: str


LINE, FIELD, CONTROL, BROKEN = "a line of its own", "a level of its own", "control characters", "a line that is no JSON"
FORGERIES = (LINE, FIELD, CONTROL, BROKEN)


@dataclass(frozen=True, slots=True)
class Forgeries:
    """`tried` requests, and what came of them; `cut` names services that printed more than was read."""

    site: str
    tried: tuple[str, ...]
    found: tuple[Forged, ...]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class Forge(Probe[Forgeries]):
    """What line breaks, quotes and escape sequences of a client do to the logs of the stack."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Forgeries:
        burst = stack.ask(Grade())
        tried = [sent for sent in burst.sent if sent.name in MALICIOUS]
        found = [forgery for sent in tried for log in burst.logs for forgery in _forgeries(burst, log, sent)]
        cut = names(log for log in burst.logs if log.cut)
        return Forgeries(burst.site, tuple(sent.name for sent in tried), tuple(found), cut)


def _forgeries(burst: Burst, log: Log, sent: Sent) -> Iterator[Forged]:
    """The worst of what one request did to one log."""
    lines = [line for line in log.lines if sent.word in line and not (burst.shared and NGINX.match(line))]
    found = {what: line for line in reversed(lines) if (what := _forgery(line, sent.word, log in burst.app))}
    worst = next((what for what in FORGERIES if what in found), "")
    if worst:
        yield Forged(sent.name, log.service, worst, shown(found[worst], burst))


def _forgery(line: str, word: str, structured: bool) -> str:
    """What is wrong with a line; `structured`: all lines of its log are JSON. Others count where they begin like it."""
    if line.lstrip().startswith(forged(word)[:20]):
        return LINE
    record = parse(line)
    if record is not None and record.level() >= NAMES["critical"]:
        return FIELD
    if any((char < " " and char != "\t") or char == "\x7f" for char in line):
        return CONTROL
    return BROKEN if record is None and (structured or line.lstrip().startswith('{"')) else ""
