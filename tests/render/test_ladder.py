"""The ladder for readers: it fits 80 columns, says what is no stage of the course, and hides no busy machine."""

from __future__ import annotations

import json
from dataclasses import replace

from grader.ladder import Figures, Row
from grader.render import ladder
from grader.render.style import Style

FAST, SLOW = Figures(1234.5, 10.5, 99.9, 0), Figures(308.6, 812.0, 10321.7, 12)
AT = "2026-01-02T03:04:05+00:00"
FLASK = Row("lab1-flask-run", AT, "flask run", FAST, SLOW, 41.2, 0.0, 0.95, 2)
NGINX = Row("lab3-nginx", AT, "gunicorn", FAST, FAST, 90.4, 5.6, 0.31, 2)


def test_each_stage_says_its_numbers_and_its_memory_in_eighty_columns() -> None:
    text = ladder.terminal([FLASK, NGINX], Style())
    assert max(map(len, text.splitlines())) <= 80
    lines = [line.split() for line in text.splitlines()]
    assert ["lab1", "flask", "run"] in lines
    assert ["with", "one", "slow", "client", "308.6", "812.0", "10321.7", "12"] in lines
    assert "memory: app 90 MB, edge 6 MB." in text


def test_bars_are_as_long_as_their_numbers_and_the_number_stands_before_them() -> None:
    bars = [line for line in ladder.terminal([FLASK, NGINX], Style()).splitlines() if "█" in line]
    assert [line.count("█") for line in bars] == [9, 36]
    assert "308.6  █" in bars[0]


def test_a_ladder_without_one_answer_has_no_bar() -> None:
    nothing = replace(FLASK, beside=Figures(0.0, 0.0, 0.0, 5))
    assert "█" not in ladder.terminal([nothing], Style())


def test_a_busy_machine_is_said_beside_the_row_that_it_spoils() -> None:
    text = " ".join(ladder.terminal([FLASK, NGINX], Style()).split())
    assert text.count("Measured on a busy machine: 31% of its 2 cores were free") == 1
    assert [row["busy"] for row in json.loads(ladder.data([FLASK, NGINX]))["rows"]] == [False, True]


def test_a_lab_that_still_runs_the_server_before_is_called_what_it_runs() -> None:
    begun = replace(FLASK, lab="lab2-gunicorn")
    assert ladder.name(begun) == "lab2  flask run"
    assert ladder.name(NGINX) == "lab3  Gunicorn + Nginx"


def test_an_empty_ladder_says_how_to_begin() -> None:
    assert "grader measure lab1" in ladder.terminal([], Style())


def test_the_page_has_two_rows_a_stage() -> None:
    rows = ladder.page([FLASK, NGINX]).splitlines()
    assert rows[3] == "| flask run | with one slow client | 308.6 | 812.0 | 10321.7 | 12 | 41 | – |"
    assert rows[5].endswith("| 90 | 6 |")
    assert len(rows) == 6
