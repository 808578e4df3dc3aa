"""A lab's page is about the lab that lab.toml describes: the same steps, checks, hints and minutes."""

import re
import tomllib
from typing import Any

import pytest

from tests.site.conftest import REPO

PARTS = (
    "Where you are",
    "Predict",
    "See it break",
    "Understand",
    "Build",
    "Break it yourself",
    "Myths and pitfalls",
    "When not to",
    "Recall",
)
LABS = sorted(path.parent.name for path in (REPO / "labs").glob("*/lab.toml"))


def lab(name: str) -> dict[str, Any]:
    return tomllib.loads((REPO / "labs" / name / "lab.toml").read_text(encoding="utf-8"))


def page(name: str) -> str:
    folder = "labs" if re.match(r"lab\d", name) else "electives"
    return (REPO / "docs" / folder / f"{name}.md").read_text(encoding="utf-8")


def step_text(text: str, step: str) -> str:
    """The part of a page from a step's heading to the next heading."""
    found = re.search(rf"^### [^\n]*{{ #{re.escape(step)} }}\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    assert found, step
    return found[1]


@pytest.mark.parametrize("name", LABS)
def test_a_lab_page_has_the_parts_of_every_lab_page_in_their_order(name: str) -> None:
    assert tuple(re.findall(r"^## (.+)$", page(name), re.MULTILINE)) == PARTS


@pytest.mark.parametrize("name", LABS)
def test_the_steps_are_those_of_the_lab(name: str) -> None:
    headings = re.findall(r"^### (\d+)\. (.+) { #(.+) }$", page(name), re.MULTILINE)
    steps = enumerate(lab(name)["steps"], start=1)
    assert headings == [(str(number), step["title"], step["id"]) for number, step in steps]


@pytest.mark.parametrize("name", LABS)
def test_each_step_includes_its_checks_and_its_hints_as_they_were_generated(name: str) -> None:
    text = page(name)
    for step in lab(name)["steps"]:
        part = step_text(text, step["id"])
        assert f'--8<-- "_generated/{name}.md:{step["id"]}"' in part
        assert f'--8<-- "_generated/{name}.md:{step["id"]}-hints"' in part


@pytest.mark.parametrize("name", LABS)
def test_minutes_and_number_of_steps_are_the_lab_s(name: str) -> None:
    described = lab(name)
    assert f"**{described['minutes']} minutes** · {len(described['steps'])} steps" in page(name)


@pytest.mark.parametrize("name", LABS)
def test_a_lab_page_asks_before_it_tells_and_again_at_the_end(name: str) -> None:
    text = page(name)
    assert 2 <= len(re.findall(r'^\?\?\? question "', text, re.MULTILINE)) <= 3
    assert len(re.findall(r'^\?\?\? failure "“', text, re.MULTILINE)) >= 3
    assert len(re.findall(r'^\?\?\? note "\d\. ', text, re.MULTILINE)) == 5
