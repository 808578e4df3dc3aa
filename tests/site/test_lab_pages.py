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
ANATOMY = (
    "Where you are",
    "Predict",
    "See it break",
    "Understand",
    "Build",
    "Break it yourself",
    "Myths",
    "Pitfalls",
    "When not to",
    "Expert notes",
    "In other stacks",
    "Recall",
    "Takeaways",
    "What is next",
)
# Pages with all parts of the anatomy.
WHOLE = ("lab1-flask-run", "lab2-gunicorn", "lab3-nginx", "lab4-https", "lab5-logging", "lab6-monitoring")
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
    parts = ANATOMY if name in WHOLE else PARTS
    assert tuple(re.findall(r"^## (.+)$", page(name), re.MULTILINE)) == parts


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


def blocks(text: str, kind: str) -> list[str]:
    """The bodies of a page's blocks of one kind, such as `myth`, each up to the next line that is not indented."""
    return re.findall(rf'^(?:\?\?\?|!!!) {kind} "[^"\n]+"\n((?:    .*\n|\n)+)', text, re.MULTILINE)


def part(text: str, heading: str) -> str:
    """What stands under a heading of a page."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def choices(block: str) -> list[bool]:
    """The choices that a block offers: is each the right one? attr_list wants the attribute on a line of its own."""
    return [bool(right) for right in re.findall(r"^    - .+(\n      { \.right })?$", block, re.MULTILINE)]


@pytest.mark.parametrize("name", LABS)
def test_each_prediction_has_one_right_choice_or_a_number_and_is_settled_by_a_recorded_run(name: str) -> None:
    asked = blocks(page(name), "predict")
    assert len(asked) >= (3 if name in WHOLE else 2)
    for block in asked:
        number = re.search(r"^    { \.number data-min=(\S+) data-max=(\S+) .*data-answer=(\S+) ", block, re.MULTILINE)
        if number:
            low, high, answer = (float(value) for value in number.groups())
            assert low <= answer <= high
        else:
            assert len(choices(block)) >= 3
            assert choices(block).count(True) == 1
        assert '--8<-- "_recorded/' in block


@pytest.mark.parametrize("name", WHOLE)
def test_each_myth_says_why_it_matters_and_each_pitfall_names_its_root_cause(name: str) -> None:
    myths, pitfalls = blocks(part(page(name), "Myths"), "myth"), blocks(part(page(name), "Pitfalls"), "pitfall")
    assert len(myths) >= 3
    assert len(pitfalls) >= 3
    for myth in myths:
        assert myth.rstrip().rpartition("\n\n")[2].startswith("    **Why it matters.**")
        assert '--8<-- "_recorded/' in myth or "](#" in myth  # run here, or on this page already
    for pitfall in pitfalls:
        assert re.search(r"\*\*Wrong\.\*\*.*\*\*Right\.\*\*.*\*\*Root cause\.\*\*", pitfall, re.DOTALL)


@pytest.mark.parametrize("name", LABS)
def test_recall_is_five_questions_with_one_right_choice_each_and_the_reason(name: str) -> None:
    questions = blocks(part(page(name), "Recall"), "recall")
    assert len(questions) == 5
    for block in questions:
        assert len(choices(block)) >= 3
        assert choices(block).count(True) == 1
        assert len(block.rpartition("\n\n    ")[2].split()) >= 5


@pytest.mark.parametrize("name", WHOLE)
def test_a_page_ends_with_five_lines_to_take_away_and_a_sheet_to_print(name: str) -> None:
    takeaways = part(page(name), "Takeaways")
    assert len(re.findall(r"^\d\. ", takeaways, re.MULTILINE)) == 5
    assert f"../cheatsheets/{name}.md" in takeaways
    assert (REPO / "docs/cheatsheets" / f"{name}.md").is_file()
    assert '<div class="course-guesses"></div>' in page(name)
    assert f'<div class="course-live" data-lab="{name}"' in part(page(name), "Understand")
