"""What every page owes its reader, with the parts alive: nobody kept out, nothing that moves, little to fetch."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, ViewportSize

from tests.site.conftest import AXE_RUN, DESK, PHONE, REPO, served

pytestmark = pytest.mark.browser

LIMIT = 300_000  # bytes of a lab page's first load, compressed
LABS = tuple(f"labs/{path.stem}/" for path in sorted((REPO / "docs/labs").glob("lab?-*.md")))
COMPRESSED = (".html", ".css", ".js", ".json", ".svg")  # a font is compressed already
SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      window.shifts.push(`${entry.value} ${entry.sources.map(({node}) => node?.className ?? node?.nodeName)}`);
    }
  }).observe({type: 'layout-shift', buffered: true});
}"""


@pytest.fixture(scope="module")
def address(mkdocs_site: Path) -> Iterator[str]:
    yield from served(mkdocs_site)


def opened(browser: Browser, scheme: str = "light", size: ViewportSize = DESK) -> Page:
    dark = scheme == "dark"
    return browser.new_context(
        viewport=size, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    ).new_page()


@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_no_page_keeps_anybody_out(browser: Browser, mkdocs_site: Path, address: str, axe: str, scheme: str) -> None:
    page = opened(browser, scheme)
    troubles: list[str] = []
    paths = [path.parent.relative_to(mkdocs_site).as_posix() for path in sorted(mkdocs_site.rglob("index.html"))]
    for path in paths:
        page.goto(f"{address}{path}/", wait_until="networkidle")
        page.locator(".md-search[aria-label]").wait_for(state="attached")  # by then the names are there
        page.evaluate(axe)
        troubles += [f"{path}: {found}" for found in page.evaluate(AXE_RUN)]
    page.context.close()
    assert len(paths) > len(LABS)
    assert troubles == []


@pytest.mark.parametrize("size", (DESK, PHONE), ids=("desk", "phone"))
@pytest.mark.parametrize("path", ("", "labs/", *LABS))
def test_nothing_moves_while_a_page_loads(browser: Browser, address: str, path: str, size: ViewportSize) -> None:
    page = opened(browser, size=size)
    page.add_init_script(f"({SHIFTS})()")
    page.goto(address + path, wait_until="networkidle")
    shifts = page.evaluate("shifts")
    page.context.close()
    assert shifts == []


@pytest.mark.parametrize("path", LABS)
def test_the_first_load_of_a_lab_page_is_small(browser: Browser, address: str, path: str) -> None:
    page = opened(browser)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(address + path, wait_until="networkidle")
    total = sum(weight(answer) for answer in answers)
    page.context.close()
    assert len(answers) > 5
    assert total <= LIMIT, f"{total} bytes"


def weight(answer: Response) -> int:
    """The bytes of a body as a server that compresses sends it."""
    address = answer.url.split("?")[0]
    body = answer.body()
    return len(gzip.compress(body, 6)) if address.endswith((*COMPRESSED, "/")) else len(body)
