"""The HTML report in a real browser: readable in every colour, on a phone, on paper, and by keyboard; alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from grader.render.html import to_html
from tests.render import real, samples
from tests.site.conftest import PHONE

pytestmark = pytest.mark.browser

AA, AA_LARGE = 4.5, 3.0  # WCAG 2.2, 1.4.3
REPORTS = {"all-kinds": samples.REPORT, "broken": real.report("lab3"), "solved": real.report("lab3", frozenset())}
# Every shown text with its contrast, by the formula of WCAG; "large" is 24 px, or 18.66 px and bold.
CONTRASTS = """
() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = channels(colour).map(c => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node; (node = walk.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const [a, b] = [light(style.color), light(behind(element))].sort((x, y) => y - x);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    found.push({text: node.data.trim().slice(0, 40), contrast: (a + 0.05) / (b + 0.05), large});
  }
  return found;
}
"""


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Callable[[str, str], Page]]:
    """Opens a report from a file; whatever it complains about, or asks of anybody, fails the test."""
    troubles: list[str] = []
    pages: list[Page] = []

    def show(name: str, scheme: str = "light") -> Page:
        file = tmp_path / f"{name}.html"
        file.write_text(to_html(REPORTS[name], lambda check: f"https://course.example/#{check}"), encoding="utf-8")
        page = browser.new_context(color_scheme="dark" if scheme == "dark" else "light").new_page()
        page.on("console", lambda said: troubles.append(said.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: None if asked.url == file.as_uri() else troubles.append(asked.url))
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.context.close()
    assert troubles == []


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_every_text_has_the_contrast_of_aa(shown: Callable[[str, str], Page], name: str, scheme: str) -> None:
    page = shown(name, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")

    texts = page.evaluate(CONTRASTS)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 25, 28)"
    assert dark is (scheme == "dark")
    assert len(texts) > 30
    assert [text for text in texts if text["contrast"] < (AA_LARGE if text["large"] else AA)] == []


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_not_wider_than_a_phone(shown: Callable[[str], Page], name: str) -> None:
    page = shown(name)
    page.set_viewport_size(PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_keyboard_reaches_the_parts_and_opens_the_why(shown: Callable[[str], Page]) -> None:
    page = shown("all-kinds")
    stops = []
    for _ in range(9):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.getAttribute('href') ?? document.activeElement.tagName"))
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid" or stops[-1] == "BODY"

    own = "https://course.example/#"
    assert stops == [
        *("#fail", "#unknown", "#skip", "#pass"),
        *("SUMMARY", f"{own}debug.debugger-off", "SUMMARY", f"{own}server.concurrent", "BODY"),
    ]
    why = page.get_by_text("why debug.debugger-off")
    expect(why).to_be_hidden()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(why).to_be_visible()


def test_regions_and_tables_have_names(shown: Callable[[str], Page]) -> None:
    page = shown("all-kinds")

    for name in ("Who does what", "✗ Failed (1)", "? Could not be judged (1)", "– Not judged (4)", "✓ Passed (2)"):
        expect(page.get_by_role("region", name=name.lstrip("✗?–✓ "))).to_have_count(1)
    expect(page.get_by_role("article", name="The debugger is not reachable")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Results")).to_have_count(1)
    expect(page.get_by_role("table", name="Checks that hold, and what was seen")).to_have_count(1)


def test_on_paper_nothing_stays_folded_and_ink_is_black(shown: Callable[[str, str], Page]) -> None:
    page = shown("all-kinds", "dark")
    page.emulate_media(media="print")

    expect(page.locator("nav")).to_be_hidden()
    assert page.evaluate("document.querySelector('details p').getBoundingClientRect().height") > 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert {round(text["contrast"]) for text in page.evaluate(CONTRASTS)} <= {13, 21}


def test_one_click_chooses_a_whole_command(shown: Callable[[str], Page]) -> None:
    page = shown("all-kinds")
    page.locator("pre code").first.click()

    chosen = page.evaluate("getSelection().toString()")
    assert chosen == "curl -si 'http://localhost:8080/?__debugger__=yes&cmd=resource&f=debugger.js' | head -5"
