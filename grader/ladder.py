"""The ladder: what each stage of the course did with the same load, a row a measurement, kept beside the workspaces."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grader.text import clean

FILE = ".grader/ladder.json"  # in the folder that holds the workspaces: one for all labs
SCHEMA = 1
KEPT = 100  # rows
QUIET = 0.8  # the share of the machine's cores that must have been free before and after, or the row is marked as busy
STAGES = {"lab1-flask-run": "flask run", "lab2-gunicorn": "Gunicorn", "lab3-nginx": "Gunicorn + Nginx"}


class LadderError(Exception):
    """A ladder file that cannot be used; says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the fast clients got: requests a second, milliseconds that 50 and 99 of 100 waited at most, errors."""

    throughput: float
    p50: float
    p99: float
    errors: int


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement of one stage: without a slow client, and beside one.

    `runs` is the program that serves the app; `at` is ISO 8601, UTC. Memory is in MB at the end of the load; the edge's
    is 0 where the app is its own edge. `free` is the share of the machine's cores that was free before or after the
    load, whichever is less.
    """

    lab: str
    at: str
    runs: str
    alone: Figures
    beside: Figures
    app_mb: float
    edge_mb: float
    free: float
    cores: int

    @property
    def busy(self) -> bool:
        """Whether the machine had other work, so that the row says as much about that as about the stack."""
        return self.free < QUIET


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed; 0.0 of none."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else 0.0


def figures(answers: Iterable[tuple[int, int]], seconds: float) -> Figures:
    """The figures of a load of `seconds`, from the status and the microseconds of each request.

    Whatever is no 2xx is an error: it counts as one, and neither as throughput nor as a wait.
    """
    listed = list(answers)
    good = [micros / 1000 for status, micros in listed if 200 <= status < 300]
    p50, p99 = (round(percentile(good, share), 1) for share in (0.50, 0.99))
    return Figures(round(len(good) / seconds, 1), p50, p99, len(listed) - len(good))


def median(rows: Sequence[Row]) -> Row:
    """One row for several of the same lab: the median of each number, and the time of the last."""

    def middle(numbers: Iterable[float]) -> float:
        ordered = sorted(numbers)
        return ordered[len(ordered) // 2]

    def of(each: Sequence[Figures]) -> Figures:
        return Figures(
            middle(one.throughput for one in each),
            middle(one.p50 for one in each),
            middle(one.p99 for one in each),
            int(middle(one.errors for one in each)),
        )

    last = rows[-1]
    return Row(
        lab=last.lab,
        at=last.at,
        runs=last.runs,
        alone=of([row.alone for row in rows]),
        beside=of([row.beside for row in rows]),
        app_mb=middle(row.app_mb for row in rows),
        edge_mb=middle(row.edge_mb for row in rows),
        free=middle(row.free for row in rows),
        cores=last.cores,
    )


def latest(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The last row of each lab, in the order of the course: the ladder as it stands."""
    found = {row.lab: row for row in rows}
    return tuple(found[lab] for lab in STAGES if lab in found)


def read(path: Path) -> tuple[Row, ...]:
    """Every row of a ladder file, the oldest first; none when there is no file. LadderError when it is none of ours."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["schema"] != SCHEMA:
            raise ValueError(f"its schema is {raw['schema']}, this grader reads {SCHEMA}")
        return tuple(map(_row, raw["rows"]))
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise LadderError(
            f"{path} is no ladder of this grader: {clean(str(trouble))}. Move it away, and measure again"
        ) from trouble


def add(path: Path, row: Row) -> tuple[Row, ...]:
    """Adds a row to a ladder file, and returns all; the oldest go when there are more than KEPT."""
    rows = (*read(path), row)[-KEPT:]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(written(rows), encoding="utf-8")
    draft.replace(path)
    return rows


def written(rows: Iterable[Row], **more: object) -> str:
    """The text of a ladder file; `more` are facts that a recorded one has beside the rows."""
    return json.dumps({"schema": SCHEMA, **more, "rows": [asdict(row) for row in rows]}, indent=1) + "\n"


def _row(raw: dict[str, Any]) -> Row:
    if raw["lab"] not in STAGES:
        raise ValueError(f"no stage is called {raw['lab']!r}")
    alone, beside = (_figures(raw[name]) for name in ("alone", "beside"))
    app, edge, free, cores = (_number(raw[key]) for key in ("app_mb", "edge_mb", "free", "cores"))
    return Row(raw["lab"], clean(raw["at"], 40), clean(raw["runs"], 40), alone, beside, app, edge, free, int(cores))


def _figures(raw: dict[str, Any]) -> Figures:
    throughput, p50, p99, errors = (_number(raw[key]) for key in ("throughput", "p50", "p99", "errors"))
    return Figures(throughput, p50, p99, int(errors))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValueError(f"{value!r} is no number that was measured")
    return value
