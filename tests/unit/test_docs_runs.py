"""What was run on real stacks, in tables: nothing is counted that was not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.catalog import load
from grader.docs.runs import BREAKS, BUSY, JUDGED, MATRIX, broken, busy, verdicts

WHERE = {"day": "2026-11-28", "versions": "Docker 29"}


def write(base: Path, name: str, *entries: dict[str, Any]) -> None:
    (base / name).parent.mkdir(parents=True, exist_ok=True)
    (base / name).write_text(json.dumps([WHERE | entry for entry in entries]), encoding="utf-8")


def test_verdicts_are_counted_by_the_kind_of_stack_and_the_wrong_ones_named(tmp_path: Path) -> None:
    mutant = {"kind": "mutant", "pass": 8, "fail": 1, "unknown": 0, "false_pass": {}, "false_fail": {}}
    write(tmp_path, MATRIX, mutant, mutant | {"fail": 0, "unknown": 2, "false_pass": {"a.a": "fine"}})
    busy = {"kind": "solution", "passed": 5, "failed": 1, "unknown": {"b.b": "late"}, "wrong": {"a.a": "fail: slow"}}
    write(tmp_path, BUSY, busy)

    said = verdicts(tmp_path).splitlines()

    assert said[2:4] == [
        "| mutants | 2 | 17 | `a.a` 1× | nothing | 2 |",
        "| reference solutions, all cores busy (runs) | 1 | 6 | nothing | `a.a` 1× | 1 |",
    ]
    assert said[-1] == "Run with Docker 29, 2026-11-28."


def test_without_a_run_there_is_no_row(tmp_path: Path) -> None:
    assert len(verdicts(tmp_path).strip().splitlines()) == 2


def test_a_break_that_nobody_noticed_is_listed_with_its_reason_and_the_words_that_change(tmp_path: Path) -> None:
    long = "lab2-gunicorn/Dockerfile: `RUN pip install --no-cache-dir --require-hashes -r requirements.txt --quiet` as "
    long += "`RUN pip install --no-cache-dir -r requirements.txt --quiet`"
    red, day = {"noticed": ["a.a"], "day": "2026-11-28"}, {"noticed": [], "later": {}, "day": "2026-11-27"}
    begun = {"noticed": [], "day": "2026-11-27"}
    unsure = day | {"unknown": ["a.slow", "stack.host-headroom"]}
    found = {"lab2-gunicorn/a.py: without `x = 1`": day, long: begun, "lab2-gunicorn/a.py: without `y = 1`": red}
    found["lab2-gunicorn/a.py: without `z = 1`"] = unsure
    (tmp_path / BREAKS).parent.mkdir(parents=True)
    (tmp_path / BREAKS).write_text(json.dumps(found))
    same = '"lab2-gunicorn/a.py: without `x = 1`" = "1 is what it is anyway"\n'
    (tmp_path / JUDGED).write_text(f'{same}"lab2-gunicorn/a.py: without `z = 1`" = "It takes a minute."\n')

    said = broken(tmp_path, load()).splitlines()

    assert "| lab2-gunicorn | 4 | 0 | 1 | 0 | 3 |" in said
    assert "| a.py: without `x = 1` | 1 is what it is anyway |" in said
    assert "| a.py: without `z = 1` | Unknown to `a.slow`. It takes a minute. |" in said
    left_out = "| Dockerfile: `--require-hashes` left out, in `RUN pip install …` |"
    assert f"{left_out} Not judged yet. (Not asked every check yet.) |" in said
    assert said[-1] == "Run from 2026-11-27 to 2026-11-28."


def test_the_page_about_a_busy_machine_says_what_it_was_busy_with(tmp_path: Path) -> None:
    run = {"stack": "one", "kind": "mutant", "checks": ["a.a"], "unknown": {"a.a": "late"}, "wrong": {}}
    write(tmp_path, BUSY, *({**run, "load": 2, "at_once": stacks} for stacks in (4, 1, 4)))

    said = busy(tmp_path)

    assert "| `one` | `a.a` | 3 | nothing | `a.a` 3× |" in said
    assert "beside 2 processes that never rest, and as one of 1 or 4 stacks at once" in said
