"""The ladder for readers: a table and bars for a terminal, a table for a page, JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from grader.ladder import QUIET, SCHEMA, STAGES, Figures, Row
from grader.render.style import Style
from grader.text import clean

BAR = 36  # columns of the longest bar
EMPTY = "Nothing was measured yet. Start a lab's stack, then: grader measure lab1\n"
HEAD = ("", "req/s", "p50 ms", "p99 ms", "errors")
CLIENTS = (("without a slow client", "alone"), ("with one slow client", "beside"))


def terminal(rows: Sequence[Row], style: Style) -> str:
    """The ladder's rows, each stage under its name, and then a bar for each."""
    if not rows:
        return EMPTY
    lines = [style.paint(f"{HEAD[0]:26}" + "".join(f"{word:>10}" for word in HEAD[1:]), "bold")]
    for row in rows:
        lines.append(style.paint(name(row), "bold"))
        lines += [f"  {words:24}{_numbers(getattr(row, field))}" for words, field in CLIENTS]
        lines.append(f"  memory: {memory(row)}.")
        if row.busy:
            lines.append(style.wrap(busy(row), "  "))
    lines += ["", style.paint("Requests a second, with one slow client", "bold")]
    longest = max(row.beside.throughput for row in rows) or 1.0
    for row in rows:
        bar = "█" * round(BAR * row.beside.throughput / longest)
        lines.append(f"  {name(row)[:26]:26} {row.beside.throughput:>8}  {bar}".rstrip())
    return "\n".join(lines) + "\n"


def data(rows: Sequence[Row]) -> str:
    """The rows as JSON: the same fields as in the file, and whether the machine was busy."""
    listed = [{**asdict(row), "busy": row.busy} for row in rows]
    return json.dumps({"schema": SCHEMA, "rows": listed}, indent=2, ensure_ascii=False) + "\n"


def page(rows: Sequence[Row]) -> str:
    """The ladder as a Markdown table: two rows a stage."""
    lines = ["| stage | clients | requests/s | p50 (ms) | p99 (ms) | errors | app (MB) | Nginx (MB) |"]
    lines.append("|---|---|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        for words, field in CLIENTS:
            got: Figures = getattr(row, field)
            edge = f"{row.edge_mb:.0f}" if row.edge_mb else "–"
            lines.append(
                f"| {STAGES[row.lab]} | {words} | {got.throughput} | {got.p50} | {got.p99} | {got.errors} "
                f"| {row.app_mb:.0f} | {edge} |"
            )
    return "\n".join(lines) + "\n"


def name(row: Row) -> str:
    """A row's stage and what really serves there: a lab that was only begun may still run the server before."""
    short = row.lab.partition("-")[0]
    return f"{short}  {STAGES[row.lab]}" if _as_taught(row) else f"{short}  {clean(row.runs, 18)}"


def memory(row: Row) -> str:
    """How much memory the services hold, in words."""
    return f"app {row.app_mb:.0f} MB" + (f", edge {row.edge_mb:.0f} MB" if row.edge_mb else "")


def busy(row: Row) -> str:
    """Why a row says little, where the machine had other work."""
    return (
        f"Measured on a busy machine: {row.free:.0%} of its {row.cores} cores were free beside the load, and "
        f"{QUIET:.0%} is the least for numbers that can be compared. Close what else runs, and measure again."
    )


def _as_taught(row: Row) -> bool:
    return row.runs.partition(" ")[0] == STAGES[row.lab].partition(" ")[0].lower()


def _numbers(got: Figures) -> str:
    return "".join(f"{number:>10}" for number in (got.throughput, got.p50, got.p99, got.errors))
