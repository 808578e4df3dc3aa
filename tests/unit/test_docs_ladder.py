"""What a page says of the recorded ladder: its numbers, its machine, and that the machine was busy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.docs.ladder import FOLDER, circumstances, cost_of_a_slow_client, recorded_ladder, recorded_workers
from grader.ladder import QUIET, Figures, Row, written

GOT = Figures(50.0, 100.0, 300.0, 0)
ROW = Row("lab2-gunicorn", "2026-01-02T03:04:05+00:00", "gunicorn", GOT, GOT, 84.0, 0.0, 0.9, 2)
FACTS: dict[str, object] = {"runs": 5, "went_first": True, "load_average": 14.2, "least_free": 0.2}
FACTS |= {"generator": "h2load nghttp2/1.64.0", "engine": "20.10.24"}


def write(base: Path, name: str, text: str) -> None:
    (base / FOLDER).mkdir(parents=True, exist_ok=True)
    (base / FOLDER / name).write_text(text)


@pytest.mark.parametrize(
    ("free", "says"), ((0.9, "The control got 90% of the cores"), (0.3, "**That is less than a quiet machine gives"))
)
def test_the_machine_the_day_and_the_noise_are_said(tmp_path: Path, free: float, says: str) -> None:
    write(tmp_path, "ladder.json", written([replace(ROW, free=free), ROW], **FACTS))
    text = circumstances(tmp_path)
    assert "Measured on 2026-01-02, on a machine with 2 cores: the median of 5 runs" in text
    assert says in text
    assert ("less than a quiet machine" in text) == (free < QUIET)
    assert "load average 14" in text
    assert "20% in the worst" in text
    assert "| Gunicorn | without a slow client | 50.0 |" in recorded_ladder(tmp_path)


def test_what_a_slow_client_costs_is_said_for_each_stage(tmp_path: Path) -> None:
    slowed = replace(ROW, beside=replace(GOT, throughput=37.5))
    write(tmp_path, "ladder.json", written([replace(ROW, lab="lab1-flask-run"), slowed]))
    assert cost_of_a_slow_client(tmp_path).splitlines() == [
        "- flask run: from 50.0 to 50.0 requests a second, no fewer.",
        "- Gunicorn: from 50.0 to 37.5 requests a second, 25% fewer.",
    ]


def test_workers_are_listed_by_endpoint_and_number(tmp_path: Path) -> None:
    got = {
        "throughput": 1.0,
        "p50": 2.0,
        "p99": 3.0,
        "errors": 0,
        "app_mb": 40.2,
        "free": 0.9,
        "at": ROW.at,
        "cores": 2,
    }
    rows = [{"endpoint": what, "workers": number, **got} for number in (8, 1) for what in ("waits", "computes")]
    write(tmp_path, "workers.json", json.dumps({**FACTS, "rows": rows}))
    lines = recorded_workers(tmp_path).splitlines()
    assert [line.split("|")[1:3] for line in lines[2:6]] == [
        [" computes ", " 1 "],
        [" computes ", " 8 "],
        [" waits ", " 1 "],
        [" waits ", " 8 "],
    ]
