"""The ladder: percentiles, rows, the file, and what a file that is none of ours gets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.ladder import (
    KEPT,
    QUIET,
    STAGES,
    Figures,
    LadderError,
    Row,
    add,
    figures,
    latest,
    median,
    percentile,
    read,
    written,
)

GOT = Figures(50.0, 100.0, 300.0, 0)
ROW = Row("lab2-gunicorn", "2026-01-02T03:04:05+00:00", "gunicorn", GOT, GOT, 84.0, 0.0, 0.9, 2)


@pytest.mark.parametrize(
    ("values", "share", "is_"),
    (
        ((), 0.5, 0.0),
        ((7.0,), 0.5, 7.0),
        ((7.0,), 0.99, 7.0),
        ((4.0, 1.0, 3.0, 2.0), 0.5, 2.0),
        (tuple(map(float, range(1, 101))), 0.99, 99.0),
        (tuple(map(float, range(1, 1001))), 0.99, 990.0),
        ((1.0, 2.0), 0.0, 1.0),
        ((1.0, 2.0), 1.0, 2.0),
    ),
)
def test_a_percentile_is_a_value_that_was_measured(values: tuple[float, ...], share: float, is_: float) -> None:
    assert percentile(values, share) == is_


def test_errors_are_counted_and_neither_throughput_nor_waits() -> None:
    got = figures([(200, 10_000), (201, 20_000), (204, 30_000), (404, 1), (502, 900_000), (-1, 1), (302, 5)], 2)
    assert got == Figures(throughput=1.5, p50=20.0, p99=30.0, errors=4)


def test_a_load_that_nobody_answered_is_all_errors() -> None:
    assert figures([(-1, 0)] * 3, 6) == Figures(0.0, 0.0, 0.0, 3)


def test_a_row_of_a_machine_with_other_work_is_marked() -> None:
    assert not replace(ROW, free=QUIET).busy
    assert replace(ROW, free=QUIET - 0.01).busy


def test_the_median_of_runs_is_taken_number_by_number() -> None:
    rows = [
        replace(
            ROW, alone=replace(GOT, throughput=float(number), p99=float(10 - number)), free=free, at=f"day {number}"
        )
        for number, free in ((3, 0.9), (1, 0.5), (2, 0.95))
    ]
    got = median(rows)
    assert (got.alone.throughput, got.alone.p99, got.free, got.at) == (2.0, 8.0, 0.9, "day 2")
    assert got.beside == GOT


def test_what_is_added_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "not yet" / ".grader" / "ladder.json"
    assert read(path) == ()
    assert add(path, ROW) == (ROW,)
    second = replace(ROW, lab="lab3-nginx", edge_mb=5.5)
    assert add(path, second) == (ROW, second) == read(path)
    assert [file.name for file in path.parent.iterdir()] == ["ladder.json"]


def test_the_oldest_rows_go(tmp_path: Path) -> None:
    path = tmp_path / "ladder.json"
    path.write_text(written(replace(ROW, at=str(number)) for number in range(KEPT)))
    rows = add(path, ROW)
    assert (len(rows), rows[0].at, rows[-1]) == (KEPT, "1", ROW)


def test_the_ladder_has_the_last_row_of_each_lab_in_the_order_of_the_course() -> None:
    first = replace(ROW, lab="lab1-flask-run")
    newer = replace(ROW, app_mb=90.0)
    assert latest([ROW, newer, first]) == (first, newer)
    assert list(STAGES) == ["lab1-flask-run", "lab2-gunicorn", "lab3-nginx"]


def broken(**changes: object) -> str:
    whole = json.loads(written([ROW]))
    whole["rows"][0] |= changes
    return json.dumps(whole)


@pytest.mark.parametrize(
    "text",
    (
        "",
        "{",
        "[]",
        "null",
        '{"schema": 1}',
        '{"schema": 2, "rows": []}',
        '{"schema": 1, "rows": [1]}',
        broken(lab="lab4-https"),
        broken(lab=["lab1-flask-run"]),
        broken(at=5),
        broken(free="much"),
        broken(app_mb=True),
        broken(app_mb=-1),
        broken(app_mb=float("nan")),
        broken(alone={"throughput": 1}),
        broken(beside=None),
    ),
)
def test_a_file_that_is_no_ladder_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ladder.json"
    path.write_text(text)
    with pytest.raises(LadderError, match=r"ladder\.json is no ladder of this grader: .+ Move it away"):
        add(path, ROW)
    assert path.read_text() == text


def test_words_in_a_ladder_reach_nobody_s_terminal_unclean(tmp_path: Path) -> None:
    path = tmp_path / "ladder.json"
    path.write_text(broken(runs="gunicorn\x1b]0;owned\x07\u202e", at="\x1b[2Jnow"))
    assert (read(path)[0].runs, read(path)[0].at) == ("gunicorn", "now")
