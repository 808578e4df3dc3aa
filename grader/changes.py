"""What changed since it passed: the configuration then and now, compared line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from grader.kept import Store
from grader.model import Change, Kept, Outcome, Part, Report, Result, Since
from grader.probes.stack.configuration import Configuration
from grader.progress import history
from grader.runner import bounded
from grader.stacks.base import Stack
from grader.stacks.redaction import MARK, MASKED
from grader.text import clean

LINES = 200  # of one text that are told
WIDTH = 300  # characters of one of them
ANOTHER = "[another value]"
WHOLE = "changed.diff"
AS_IT_WAS = " (its container is as it was)"
EVERYWHERE = (Part.COMPOSE, Part.RUNNING, Part.IMAGE)  # read of all services together, or not at all


class Past:
    """What has passed before on one stack, for one run: `look` first, then `told` of each result, and `keep` last.

    A folder that cannot be read or written, because another user made it, is as if nothing had been kept.
    """

    def __init__(self, state: Path) -> None:
        self._store = Store(state)
        self._passes = self._store.passes()
        self._runs = tuple(run.started for run in history(state))
        self._now: tuple[Kept, ...] = ()
        self._found: dict[str, tuple[Change, ...] | None] = {}

    def look(self, stack: Stack) -> None:
        """Reads the configuration as it is before anything is asked; what cannot be read is not compared."""
        with suppress(OSError):
            answer = bounded(stack, Configuration(self._store.key()))
            self._now = answer.evidence if isinstance(answer.evidence, tuple) else ()
            (self._store.folder / WHOLE).unlink(missing_ok=True)

    def told(self, result: Result) -> Result:
        """The result, with `since` when it fails and has passed before."""
        before = self._passes.get(result.check.id)
        if result.outcome is not Outcome.FAIL or before is None:
            return result
        at = datetime.fromtimestamp(before.at, UTC).isoformat(timespec="seconds")
        runs = 1 + sum(1 for started in self._runs if started > at)
        return replace(result, since=Since(before.at, runs, self._changes(before.configuration), self._whole()))

    def keep(self, report: Report) -> None:
        """Notes what passed; what a later run is compared with."""
        passed = [result.check.id for result in report.results if result.outcome is Outcome.PASS]
        with suppress(OSError):
            self._store.keep(passed, report.started, self._now)

    def _changes(self, name: str) -> tuple[Change, ...] | None:
        if name not in self._found:
            then = self._store.configuration(name)
            self._found[name] = differences(then, self._now) if then and self._now else None
            lines = [line for found in self._found.values() for change in found or () for line in _in_a_file(change)]
            if lines:
                with suppress(OSError):
                    self._store.write(WHOLE, ("\n".join(lines) + "\n").encode("utf-8", "replace"))
        return self._found[name]

    def _whole(self) -> str:
        path = self._store.folder / WHOLE
        return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def differences(then: Sequence[Kept], now: Sequence[Kept]) -> tuple[Change, ...]:
    """What differs, the most telling first. A part that could be read only once is not compared."""
    old, new = _by_place(then), _by_place(now)
    both = {_whence(kept) for kept in then} & {_whence(kept) for kept in now}
    places = [place for place in dict.fromkeys((*new, *old)) if _whence((old | new)[place]) in both]
    changed = {place for place in places if _text(old, place) != _text(new, place)}
    resolved = {service for part, service, _ in changed if part is Part.COMPOSE}
    ran_anew = {service for part, service, _ in changed if part in (Part.RUNNING, Part.IMAGE)}
    found = []
    for place in sorted(changed, key=lambda place: (list(Part).index(place[0]), places.index(place))):
        part, service, name = place
        if part is Part.RUNNING and service in resolved:
            continue  # Compose says the same in the words of its file
        note = AS_IT_WAS if part is Part.COMPOSE and service and service not in ran_anew else ""
        lines = _cut([_shown(line) for line in changed_lines(_text(old, place), _text(new, place))])
        found.append(Change(part, clean(name) + note, lines))
    return tuple(found)


def changed_lines(then: str, now: str) -> Iterator[str]:
    """The lines that differ, after the one that opens the block which they stand in."""
    old, new = then.splitlines(), now.splitlines()
    around = ""
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            continue
        block = _block(new, c) if c < d else _block(old, a)
        if block and block != around and block not in (*old[a:b], *new[c:d]):
            yield " " + block
        around = block
        yield from _pairs(old[a:b], new[c:d])


def _pairs(gone: list[str], come: list[str]) -> Iterator[str]:
    """Lines that went and came; two that differ only in what is masked are one line."""
    plain = [MARK.sub("", line) for line in come]
    same = {MARK.sub("", line) for line in gone} & set(plain)
    yield from ("~" + line.replace(MASKED, ANOTHER) for line in plain if line in same)
    yield from ("-" + line for line in (MARK.sub("", line) for line in gone) if line not in same)
    yield from ("+" + line for line in plain if line not in same)


def _block(lines: list[str], at: int) -> str:
    depth = _depth(lines[at])
    return next((line for line in reversed(lines[:at]) if _depth(line) < depth), "") if depth else ""


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _shown(line: str) -> str:
    return line[0] + " " + clean(line[1:], WIDTH)


def _cut(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - LINES
    return (*lines[:LINES], f"  … and {more} more") if more > 0 else tuple(lines)


def _in_a_file(change: Change) -> Iterator[str]:
    yield f"@@ {change.name}"
    yield from change.lines
    yield ""


Place = tuple[Part, str, str]


def _by_place(texts: Sequence[Kept]) -> dict[Place, Kept]:
    return {(kept.part, kept.service, kept.name): kept for kept in texts}


def _text(texts: dict[Place, Kept], place: Place) -> str:
    return texts[place].text if place in texts else ""


def _whence(kept: Kept) -> tuple[Part, str]:
    return kept.part, "" if kept.part in EVERYWHERE else kept.service
