"""Incidents: a broken reference solution that is met by its symptom, and the record of how long the cause took."""

from __future__ import annotations

import hashlib
import json
import random
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from grader.catalog import CourseError
from grader.model import Outcome, Result
from grader.render.tally import plural

RECORDS = "incidents.json"  # in work/, where the learner's workspaces are
MUTANTS = "tests/mutants"
HINTS = 3
# `met` is a command that meets the symptom on its stack, `shows` what a line of its output matches there and not on the
# lab's solution: the gate types it.
KEYS = {"told_by", "symptom", "met", "shows", "cause"}


@dataclass(frozen=True, slots=True)
class Incident:
    """A mutant as it is met: by whom, what they say, three hints, and the cause that is told at the end."""

    name: str
    lab: str
    told_by: str
    symptom: str
    hints: tuple[str, ...]
    cause: str

    @property
    def key(self) -> str:
        """What the record calls it: it tells nobody what is broken."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Record:
    """One incident that was started. Times are seconds since 1970; 0 for what has not happened.

    `ports` are those of its stack, by the variables that Compose files have for them.
    """

    number: int
    key: str
    lab: str
    started: float
    ports: dict[str, int]
    hints: int = 0
    solved: float = 0.0
    revealed: float = 0.0
    ended: float = 0.0

    @property
    def project(self) -> str:
        """The name of its stack and of its workspace's folder."""
        return f"incident-{self.number}"


def incidents(base: Path) -> tuple[Incident, ...]:
    """Every mutant that is told as an incident, in the order of names. CourseError for one that is not whole."""
    found = []
    for path in sorted((base / MUTANTS).glob("*/mutant.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if "incident" in data:
            found.append(_incident(path, str(data["lab"]), data["incident"]))
    if not found:
        raise CourseError("the incidents are not in this installation: use the project's own folder")
    return tuple(found)


def choose(known: Sequence[Incident], labs: Iterable[str], last: str, pick: int | None = None) -> Incident:
    """One of the incidents of `labs`, not the `last` one again; with `pick` the same one for everybody."""
    wanted = set(labs)
    fitting = [one for one in known if one.lab in wanted]
    if not fitting:
        raise CourseError("no incident for the labs you have completed: complete a lab, or name one that you know")
    if pick is not None:
        return fitting[pick % len(fitting)]
    fresh = [one for one in fitting if one.key != last] or fitting
    return random.SystemRandom().choice(fresh)


def solved(fails: frozenset[str], results: Iterable[Result]) -> bool:
    """Whether what was broken holds again, and nothing else is broken."""
    outcomes = {result.check.id: result.outcome for result in results}
    mended = all(outcomes.get(name) is Outcome.PASS for name in fails)
    return mended and Outcome.FAIL not in outcomes.values()


def records(folder: Path) -> tuple[Record, ...]:
    """All incidents that were started, oldest first; CourseError when the file cannot be read."""
    path = folder / RECORDS
    if not path.is_file():
        return ()
    try:
        return tuple(Record(**row) for row in json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as trouble:
        raise CourseError(f"{path}: cannot be read ({trouble}); move it away to begin a new record") from trouble


def keep(folder: Path, record: Record) -> Record:
    """Writes a record, in the place of the one with its number."""
    rows = {one.number: one for one in (*records(folder), record)}
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{RECORDS}.draft"
    draft.write_text(json.dumps([asdict(one) for one in rows.values()], indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / RECORDS)
    return record


def open_record(folder: Path) -> Record | None:
    """The incident that is under way: started and not ended."""
    return next((one for one in reversed(records(folder)) if not one.ended), None)


def open_at(folder: Path, here: Path) -> Record | None:
    """The incident whose workspace holds `here`, while its cause is neither found nor told."""
    record = open_record(folder)
    inside = record is not None and here.resolve().is_relative_to((folder / record.project).resolve())
    return record if record and inside and not (record.solved or record.revealed) else None


def as_data(record: Record) -> dict[str, str | int | float]:
    """A record for a page: what came of it, and nothing that says what is broken."""
    shown = ("number", "lab", "hints", "started", "solved", "revealed", "ended")
    return {name: getattr(record, name) for name in shown}


def in_words(record: Record) -> str:
    """What came of an incident, in a line."""
    helped = f", with {plural(record.hints, 'hint')}" if record.hints else ""
    if record.solved:
        return f"solved after {minutes(record.solved - record.started)}{helped}"
    if record.revealed:
        return f"given up after {minutes(record.revealed - record.started)}{helped}"
    return f"ended without a solution{helped}" if record.ended else f"open{helped}"


def minutes(seconds: float) -> str:
    """A time as one says it: `12 min 5 s`."""
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def next_hint(folder: Path, record: Record, incident: Incident) -> str:
    """The next of three hints; the last one again when all were given."""
    given = keep(folder, replace(record, hints=min(record.hints + 1, HINTS)))
    return incident.hints[given.hints - 1]


def incident_of(base: Path, record: Record) -> Incident:
    """The incident of a record; CourseError when the course no longer has it."""
    for one in incidents(base):
        if one.key == record.key:
            return one
    raise CourseError(f"{record.project}: the course no longer has this incident; `grader incident end` closes it")


def _incident(path: Path, lab: str, told: dict[str, object]) -> Incident:
    hints = told.get("hints")
    missing = KEYS - told.keys()
    if missing or not isinstance(hints, list) or len(hints) != HINTS:
        raise CourseError(f"{path}: an incident has {', '.join(sorted(KEYS))}, and exactly {HINTS} hints")
    return Incident(
        path.parent.name, lab, str(told["told_by"]), str(told["symptom"]), tuple(map(str, hints)), str(told["cause"])
    )
