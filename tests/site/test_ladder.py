"""The ladder in a real browser: recorded bars, the reader's own beside them, and files that are none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.site.conftest import DESK, PHONE, build, served

pytestmark = pytest.mark.browser

LADDER = Path(__file__).with_name("ladder.md")
GOT = {"throughput": 40.0, "p50": 90.0, "p99": 500.0, "errors": 0}
ROW: dict[str, object] = {
    "lab": "lab2-gunicorn",
    "at": "2026-01-02T03:04:05+00:00",
    "runs": "gunicorn",
    "alone": GOT,
    "beside": GOT,
}
ROW |= {"app_mb": 84.0, "edge_mb": 0.0, "free": 0.9, "cores": 2}


@pytest.fixture(scope="module", params=("mkdocs", "zensical"))
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp(request.param)
    yield from served(build(folder / "course", request.param, LADDER))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=DESK)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """The page with a ladder; whatever it complains about fails the test."""
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.goto(f"{address}ladder/", wait_until="networkidle")
    expect(opened.locator("figure.ladder")).to_be_visible(timeout=30_000)
    yield opened
    assert troubles == []


def choose(page: Page, text: str, name: str = "ladder.json") -> None:
    page.get_by_label("Your ladder").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    )


def ladder(*rows: object) -> str:
    return json.dumps({"schema": 1, "rows": rows})


def test_the_recorded_numbers_are_bars_and_stay_a_table(page: Page) -> None:
    lines = page.locator("figure.ladder ul > li")
    expect(lines).to_have_count(6)
    expect(lines.nth(3)).to_have_text(re.compile(r"recorded, with one slow client\s*20"))
    widths = [box["width"] for box in (lines.nth(n).locator(".bar").bounding_box() for n in (3, 4)) if box]
    assert widths[0] / widths[1] == pytest.approx(0.2, abs=0.03)
    expect(page.locator(".course-ladder table tbody tr")).to_have_count(6)
    expect(page.locator("figure.ladder li.here strong")).to_have_text("Gunicorn")


def test_another_measure_is_chosen_by_keyboard(page: Page) -> None:
    page.get_by_label("Show").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("figure.ladder .what")).to_have_text("Half of all waited at most (p50, ms); less is better.")
    expect(page.locator("figure.ladder ul > li").nth(3)).to_contain_text("400.5")
    page.get_by_label("Show").select_option("memory")
    expect(page.locator("figure.ladder ul > li")).to_have_count(3)
    expect(page.locator("figure.ladder ul > li").nth(2)).to_contain_text("96")


def test_the_reader_s_own_ladder_stands_beside_the_recorded_one_and_is_kept(page: Page) -> None:
    choose(page, ladder(ROW, ROW | {"free": 0.2}))
    expect(page.locator("figure.ladder").get_by_role("status")).to_have_text(
        "Shown beside the recorded ladder: Gunicorn."
    )
    mine = page.locator("figure.ladder li.yours")
    expect(mine).to_have_count(2)
    expect(mine.first).to_contain_text("yours, without a slow client (busy machine)")
    page.reload(wait_until="networkidle")
    expect(mine).to_have_count(2)
    page.get_by_role("button", name="Forget mine").click()
    expect(mine).to_have_count(0)


def test_a_file_can_be_dropped(page: Page) -> None:
    page.evaluate(
        """(text) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], "ladder.json"));
          const dropped = new DragEvent("drop", { dataTransfer: carried, bubbles: true });
          document.querySelector(".course-ladder").dispatchEvent(dropped);
        }""",
        ladder(ROW),
    )
    expect(page.locator("figure.ladder li.yours")).to_have_count(2)


@pytest.mark.parametrize(
    ("text", "says"),
    (
        ("{", "ladder.json is not JSON."),
        ("null", "ladder.json is no ladder of the grader."),
        ('{"schema": 2, "rows": []}', "ladder.json is no ladder of the grader."),
        (ladder(), "Nothing was measured yet in ladder.json."),
        (ladder(ROW | {"lab": "__proto__"}), "ladder.json is no ladder of the grader."),
        (ladder(ROW | {"beside": {"throughput": "<img src=x onerror=alert(1)>"}}), "ladder.json is no ladder"),
        (" " * 500_001, "ladder.json is too large for a ladder."),
    ),
)
def test_a_file_that_is_no_ladder_is_named_and_changes_nothing(page: Page, text: str, says: str) -> None:
    choose(page, text, "la\u202edder.json")
    expect(page.locator("figure.ladder").get_by_role("status")).to_contain_text(says)
    expect(page.locator("figure.ladder li.yours")).to_have_count(0)


def test_what_was_kept_by_somebody_else_is_not_shown(page: Page) -> None:
    page.evaluate("localStorage.setItem('course', JSON.stringify({ ladder: [{ memory: 1, lab: 'x' }, 3] }))")
    page.reload(wait_until="networkidle")
    expect(page.locator("figure.ladder ul > li")).to_have_count(6)


def test_it_fits_a_phone(page: Page) -> None:
    choose(page, ladder(ROW))
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_javascript_the_table_is_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}ladder/")
    expect(page.get_by_role("row")).to_have_count(7)
    context.close()
