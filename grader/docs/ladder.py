"""The recorded ladder as parts of a page: what the project's own stacks did under the load of `grader measure`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from grader import ladder
from grader.render.ladder import page

FOLDER = "docs/_recorded/measure"


def recorded_ladder(base: Path) -> str:
    """The recorded rows as a table; "" before they were recorded."""
    return page(ladder.read(base / FOLDER / "ladder.json"))


def cost_of_a_slow_client(base: Path) -> str:
    """For each stage, how many requests a second one slow client took away, or that it took none."""
    lines = []
    for row in ladder.read(base / FOLDER / "ladder.json"):
        before, after = row.alone.throughput, row.beside.throughput
        share = (before - after) / before if before else 0.0
        words = f"{share:.0%} fewer" if share >= 0.005 else "no fewer"
        lines.append(f"- {ladder.STAGES[row.lab]}: from {before} to {after} requests a second, {words}.")
    return "\n".join(lines) + "\n"


def circumstances(base: Path) -> str:
    """On what machine the ladder was recorded, when, with which versions, and how much of it was free."""
    raw = json.loads((base / FOLDER / "ladder.json").read_text(encoding="utf-8"))
    return _where(raw, raw["rows"], raw["runs"])


def recorded_workers(base: Path) -> str:
    """What 1, 2, 4 and 8 workers did, on an endpoint that computes and one that waits."""
    raw = json.loads((base / FOLDER / "workers.json").read_text(encoding="utf-8"))
    lines = [
        "| endpoint | workers | requests/s | p50 (ms) | p99 (ms) | errors | app (MB) |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['endpoint']} | {row['workers']} | {row['throughput']} | {row['p50']} | {row['p99']} "
        f"| {row['errors']} | {row['app_mb']:.0f} |"
        for row in sorted(raw["rows"], key=lambda row: (row["endpoint"], row["workers"]))
    ]
    return "\n".join([*lines, "", _where(raw, raw["rows"], raw["runs"])])


def _where(raw: dict[str, Any], rows: list[dict[str, Any]], runs: int) -> str:
    free, least = min(float(row["free"]) for row in rows), float(raw["least_free"])
    day = datetime.fromisoformat(rows[-1]["at"]).strftime("%Y-%m-%d")
    first = (
        f"The machine had other work (load average {raw['load_average']:.0f}), so stack and generator went before all "
        "other programs, and the control with them. "
        if raw["went_first"]
        else ""
    )
    noise = f"The control got {free:.0%} of the cores or more in the middle run, and {least:.0%} in the worst. "
    busy = (
        "**That is less than a quiet machine gives:** read the order, not the numbers." if free < ladder.QUIET else ""
    )
    return (
        f"Measured on {day}, on a machine with {rows[-1]['cores']} cores: the median of {runs} runs of each, number by "
        f"number. Generator {raw['generator']}, Docker engine {raw['engine']}. {first}{noise}{busy}".rstrip()
        + "\n"
    )
