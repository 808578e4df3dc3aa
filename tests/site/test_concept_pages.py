"""A page on why it works this way has a picture, asks before it tells and again at the end, and a lab leads to it."""

import re
from pathlib import Path

import pytest

from tests.site.conftest import REPO

DOCS = REPO / "docs"
FOLDER = DOCS / "concepts"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "index.md")
LEADS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "labs").glob("lab*.md")))
OUTPUT = re.compile(r'--8<-- "_recorded/[^"]+\.txt"')


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def questions(page: Path, kind: str) -> list[str]:
    """The bodies of the questions of one kind."""
    return re.findall(rf'^\?\?\? {kind} "[^\n]+"\n((?:\n|    [^\n]*\n)+)', text(page), re.MULTILINE)


def test_there_are_concept_pages() -> None:
    assert len(PAGES) >= 12


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_concept_page_has_a_picture_that_says_in_words_what_it_shows(page: Path) -> None:
    drawings = re.findall(r'--8<-- "(_diagrams/[^"]+)"\n<figcaption>\S', text(page))
    assert drawings
    for drawing in drawings:
        svg = (DOCS / drawing).read_text(encoding="utf-8")
        labelled = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', svg)
        assert labelled, drawing
        assert re.search(rf'<title id="{labelled[1]}">\S', svg), drawing
        assert re.search(rf'<desc id="{labelled[2]}">\S', svg), drawing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_picture_takes_its_colours_from_the_palette(page: Path) -> None:
    for drawing in re.findall(r'--8<-- "(_diagrams/[^"]+)"', text(page)):
        svg = (DOCS / drawing).read_text(encoding="utf-8")
        assert not re.search(r"#[0-9a-fA-F]{3,6}\b|\bfill=|style=|rgb\(", svg), drawing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_concept_page_has_one_picture_to_keep_in_mind_and_one_belief_that_is_wrong(page: Path) -> None:
    assert text(page).count("**The picture to keep.**") == 1
    assert [body.count("**Why it matters.**") for body in questions(page, "myth")] == [1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_prediction_is_settled_by_what_was_recorded(page: Path) -> None:
    asked = questions(page, "predict")
    assert asked
    for body in asked:
        assert body.count("{ .right }") + body.count(" .number ") == 1
        assert OUTPUT.search(body)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_concept_page_asks_three_questions_at_its_end_each_with_one_right_answer(page: Path) -> None:
    asked = questions(page, "recall")
    assert len(asked) == 3
    assert [body.count("{ .right }") for body in asked] == [1, 1, 1]
    assert text(page).index("## Recall") < text(page).index('??? recall "')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_concept_page_names_its_sources_and_a_lab_leads_to_it(page: Path) -> None:
    assert "\n**Sources.** " in text(page)
    assert f"../concepts/{page.name}" in LEADS


def test_the_reading_path_has_every_page_once_in_the_order_of_the_menu() -> None:
    path = re.findall(r"^\| \d+ \| \[[^\]]+\]\(([a-z-]+\.md)\)", text(FOLDER / "index.md"), re.MULTILINE)
    menu = re.findall(r"concepts/([a-z-]+\.md)$", (REPO / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert path == [page for page in menu if page != "index.md"]
    assert sorted(path) == [page.name for page in PAGES]
