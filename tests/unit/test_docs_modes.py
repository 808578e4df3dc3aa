"""The ways to learn a lab are those that its page and the files beside it have, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.catalog import load
from grader.docs.modes import modes
from grader.model import Lab

PAGE = """# A lab

## Where you are

--8<-- "_diagrams/lab2.svg"

## Build { #build }

See [why](../concepts/workers.md#threads).
"""


@pytest.fixture
def lab() -> Lab:
    return next(lab for lab in load().labs if lab.id == "lab2-gunicorn")


def ways(base: Path, lab: Lab, page: str) -> list[str]:
    path = base / f"docs/labs/{lab.id}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return [line for line in modes(base, lab).splitlines() if line.startswith("- ")]


def test_only_what_exists_is_offered_in_the_order_of_the_course(tmp_path: Path, lab: Lab) -> None:
    assert ways(tmp_path, lab, PAGE) == [
        "- [Read](../concepts/workers.md#threads)",
        "- [See](#where-you-are)",
        "- [Build](#build)",
    ]


def test_an_element_is_offered_under_the_heading_above_it(tmp_path: Path, lab: Lab) -> None:
    page = PAGE + '\n### How fast is it? { #fast }\n\n<div class="course-ladder"></div>\n\n## Recall\n'
    assert ways(tmp_path, lab, page)[-2:] == ["- [Measure](#fast)", "- [Recall](#recall)"]


def test_a_sheet_and_the_incidents_are_offered_once_their_pages_exist(tmp_path: Path, lab: Lab) -> None:
    (tmp_path / "docs/cheatsheets").mkdir(parents=True)
    (tmp_path / f"docs/cheatsheets/{lab.id}.md").touch()
    (tmp_path / "docs/incidents.md").touch()
    assert ways(tmp_path, lab, PAGE)[-2:] == [
        "- [Fix](../incidents.md)",
        f"- [Cheat sheet](../cheatsheets/{lab.id}.md)",
    ]


def test_a_copy_without_pages_offers_nothing(tmp_path: Path, lab: Lab) -> None:
    assert "- [" not in modes(tmp_path, lab)
