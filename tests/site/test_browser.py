"""The site in a real browser: light and dark, phone and desk, search, and no request to anybody else."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.conftest import DESK, PHONE, REPO, served

pytestmark = pytest.mark.browser

PAGES = ("", "start/", "labs/lab1-flask-run/", "concepts/workers/", "reference/checks/", "reference/glossary/")


@pytest.fixture(scope="module")
def address(mkdocs_site: Path) -> Iterator[str]:
    yield from served(mkdocs_site)


@pytest.fixture(params=("light", "dark"))
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(browser: Browser, scheme: str, address: str) -> Iterator[Page]:
    """A page in a fresh context; whatever it complains about, or asks of another origin, fails the test."""
    context = browser.new_context(viewport=DESK, color_scheme="dark" if scheme == "dark" else "light")
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
    opened.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else troubles.append(asked.url))
    yield opened
    context.close()
    assert troubles == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_renders_in_our_type_and_colours(page: Page, address: str, scheme: str, path: str) -> None:
    page.goto(address + path, wait_until="networkidle")
    expect(page.locator("h1").first).to_be_visible()
    used = page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
    assert "Bricolage" in used
    assert page.evaluate("document.fonts.check('16px \"Bricolage Grotesque\"')")
    behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert behind == ("rgb(16, 25, 28)" if scheme == "dark" else "rgb(253, 252, 248)")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_phone(page: Page, address: str, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address + path, wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_report_s_anchor_leads_to_its_check(page: Page, address: str) -> None:
    page.goto(f"{address}labs/lab1-flask-run/#debug.debugger-off", wait_until="networkidle")
    expect(page.locator('[id="debug.debugger-off"]')).to_be_in_viewport()


def test_an_answer_is_hidden_until_the_reader_guesses(page: Page, address: str) -> None:
    page.goto(f"{address}labs/lab1-flask-run/", wait_until="networkidle")
    question = page.locator("section.predict").first
    answer = question.locator(".answer")
    expect(answer).to_be_hidden()
    question.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(answer).to_be_visible()


def test_search_finds_a_check(page: Page, address: str) -> None:
    page.goto(address, wait_until="networkidle")
    page.locator("input.md-search__input").click()  # this is what loads the index
    expect(page.locator(".md-search-result__meta")).to_have_text("Type to start searching", timeout=15_000)
    page.locator("input.md-search__input").press_sequentially("graceful stop")
    expect(page.locator(".md-search-result__item").first).to_be_visible(timeout=15_000)


def test_no_letter_that_a_search_begins_with_breaks_it(page: Page, address: str) -> None:
    """A word with a star in it would: the index takes the star for a wildcard. The page fixture hears of it."""
    page.goto(address, wait_until="networkidle")
    words = page.locator("input.md-search__input")
    words.click()
    for letter in string.ascii_lowercase:
        words.fill(f"{letter}zz")  # so that the next answer is another one than this
        expect(page.locator(".md-search-result__meta")).to_have_text("No matching documents", timeout=15_000)
        words.fill(letter)
        expect(page.locator(".md-search-result__meta")).to_contain_text("matching document", timeout=15_000)


def test_the_reader_can_switch_colours_and_the_choice_stays(page: Page, address: str, scheme: str) -> None:
    page.goto(address, wait_until="networkidle")
    other = "default" if scheme == "dark" else "slate"
    page.locator("button.scheme:visible").click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", other)
    page.goto(f"{address}labs/", wait_until="networkidle")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", other)


def test_a_command_is_copied_as_it_is_typed_and_an_answer_is_not_offered(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address.rstrip("/"))
    page.goto(f"{address}labs/lab2-gunicorn/", wait_until="networkidle")
    command = page.locator(".command.highlight:visible").first
    button = command.get_by_role("button", name="Copy this block")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Copied")
    expect(page.locator(".told")).to_have_text("Copied")
    typed = page.evaluate("navigator.clipboard.readText()")
    assert typed == command.locator("pre > code").inner_text().rstrip("\n")
    expect(page.locator(".output.highlight button")).to_have_count(0)


def test_where_a_page_may_not_write_to_the_clipboard_the_code_is_selected(page: Page, address: str) -> None:
    page.add_init_script("delete Navigator.prototype.clipboard")  # as over plain HTTP from another machine
    page.goto(f"{address}labs/lab2-gunicorn/", wait_until="networkidle")
    block = page.locator(".highlight:not(.output):visible").first
    block.hover()
    block.locator("button.copy").click()
    expect(block.locator("button.copy")).to_have_text("Selected: copy it")
    assert page.evaluate("getSelection().toString().trim()") == block.locator("pre > code").inner_text().strip()


@pytest.mark.parametrize("sheet", sorted(path.stem for path in (REPO / "docs/cheatsheets").glob("lab*.md")))
def test_a_cheat_sheet_is_one_page_on_paper(page: Page, address: str, sheet: str) -> None:
    page.goto(f"{address}cheatsheets/{sheet}/", wait_until="networkidle")
    margin = "1cm"
    paper = page.pdf(format="A4", margin={"top": margin, "right": margin, "bottom": margin, "left": margin})
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
