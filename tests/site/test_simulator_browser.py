"""The worker simulator and the followed request in a real browser: by mouse, by keyboard, on a phone, and without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from grader.docs.simulator import JUDGED, parameters
from tests.site.conftest import DESK, PHONE, REPO, served
from tests.site.simulated.model import recording
from tests.site.simulated.settings import SETTINGS, TIMEOUT

pytestmark = pytest.mark.browser

WORKERS, ANATOMY = "concepts/workers/", "concepts/anatomy/"
ASK = """async ([address, requests, server]) => {
  const { simulate, summary } = await import(address);
  return summary(simulate(requests.map(([at, seconds, hold]) => ({ at, seconds, hold })), server));
}"""


@pytest.fixture(scope="module", params=("mkdocs_site", "zensical_site"))
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    site: Path = request.getfixturevalue(request.param)
    yield from served(site)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page in a fresh context; whatever it complains about, or asks of another origin, fails the test."""
    context = browser.new_context(viewport=DESK)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else troubles.append(asked.url))
    yield opened
    context.close()
    assert troubles == []


@pytest.fixture
def simulator(page: Page, address: str) -> Locator:
    page.goto(address + WORKERS, wait_until="networkidle")
    return page.locator(".course-simulator")


@pytest.fixture
def trace(page: Page, address: str) -> Locator:
    page.goto(address + ANATOMY, wait_until="networkidle")
    return page.locator(".course-trace")


def number(simulator: Locator, result: str) -> float:
    return float(simulator.locator(f"[data-result={result}] dd").inner_text().split()[0])


def test_presets_are_pressed_by_mouse_and_differ_as_the_page_says(simulator: Locator) -> None:
    seen = {}
    for title in ("One worker", "Four workers", "4 × 8 threads", "Slow clients", "… behind Nginx"):
        button = simulator.get_by_role("button", name=title)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(simulator.locator("[aria-pressed=true]")).to_have_count(1)
        seen[title] = number(simulator, "p95")
    assert seen["One worker"] > 10 * seen["Four workers"]
    assert seen["Slow clients"] > 3 * seen["… behind Nginx"]


def test_a_slider_is_moved_by_keyboard_and_the_results_follow(page: Page, simulator: Locator) -> None:
    before = number(simulator, "p95")
    slider = simulator.get_by_label("Workers", exact=True)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value("3")
    assert number(simulator, "p95") > before
    expect(simulator.locator("[aria-pressed=true]")).to_have_count(0)
    box = simulator.get_by_role("checkbox")
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    expect(simulator.get_by_role("status")).to_contain_text("3 workers behind Nginx")


def test_the_picture_says_in_words_what_it_shows(simulator: Locator) -> None:
    simulator.get_by_role("button", name="One worker").click()
    expect(simulator.get_by_role("status")).to_contain_text("1 worker: half of the visitors wait")
    expect(simulator.get_by_role("img")).to_have_accessible_name(simulator.get_by_role("status").inner_text())


def test_the_same_numbers_give_the_same_results(simulator: Locator) -> None:
    results = simulator.locator(".results")
    simulator.get_by_role("button", name="Slow clients").click()
    first = results.inner_text()
    simulator.get_by_role("button", name="Four workers").click()
    assert results.inner_text() != first
    simulator.get_by_role("button", name="Slow clients").click()
    assert results.inner_text() == first


def test_the_model_in_the_browser_says_what_the_page_shows(page: Page, address: str, simulator: Locator) -> None:
    expect(simulator.locator("svg")).to_be_visible()
    judged = json.loads((REPO / JUDGED).read_text(encoding="utf-8"))
    for setting, entry in zip(SETTINGS, judged, strict=True):
        server = {"workers": setting.workers, "threads": setting.threads, "buffered": setting.buffered}
        told = {**server, **parameters(REPO), "timeout": TIMEOUT}
        sent = [row[:3] for row in recording(setting.name)["requests"]]
        said = page.evaluate(ASK, [f"{address}assets/js/queue-model.js", sent, told])
        assert {share: said[share] for share in ("p50", "p95")} == {
            share: entry["model"][share] for share in ("p50", "p95")
        }, setting.name


def test_the_trace_is_walked_by_mouse(trace: Locator) -> None:
    expect(trace.locator(".step:visible")).to_have_count(1)
    expect(trace.get_by_role("status")).to_have_text("Step 1 of 7: You ask")
    following = trace.get_by_role("button", name="Next")
    for step in range(2, 8):
        following.click()
        expect(trace.get_by_role("status")).to_contain_text(f"Step {step} of 7")
        expect(trace.locator("svg .here")).not_to_have_count(0)
    expect(following).to_have_attribute("aria-disabled", "true")
    trace.get_by_role("button", name="Back").click()
    expect(trace.get_by_role("status")).to_contain_text("Step 6 of 7: One more in a metric")


def test_the_trace_is_walked_by_keyboard(page: Page, trace: Locator) -> None:
    trace.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    expect(trace.get_by_role("status")).to_contain_text("Step 2 of 7")
    page.keyboard.press("ArrowRight")
    expect(trace.get_by_role("status")).to_contain_text("Step 3 of 7")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(trace.get_by_role("status")).to_contain_text("Step 1 of 7")


def test_a_link_to_a_step_opens_it(page: Page, address: str, trace: Locator) -> None:
    page.goto(f"{address}{ANATOMY}#two-lines")
    expect(trace.get_by_role("heading", name="Two lines in the log")).to_be_in_viewport()
    expect(trace.get_by_role("status")).to_contain_text("Step 5 of 7")


def test_nothing_moves_for_those_who_asked_for_less_motion(page: Page, trace: Locator) -> None:
    duration = "getComputedStyle(document.querySelector('.course-trace .box')).transitionDuration"
    assert page.evaluate(duration) != "0s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(duration) == "0s"


@pytest.mark.parametrize("path", (WORKERS, ANATOMY))
def test_the_parts_fit_a_phone(page: Page, address: str, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(address + path, wait_until="networkidle")
    part = page.locator(".course-simulator, .course-trace")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for button in part.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 24
        assert box["x"] + box["width"] <= PHONE["width"]


def test_everything_can_be_read_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + WORKERS)
    expect(page.locator(".course-simulator")).to_contain_text("needs JavaScript")
    for setting in SETTINGS:
        expect(page.get_by_role("cell", name=setting.title, exact=True)).to_be_visible()
    page.goto(address + ANATOMY)
    for heading in page.locator(".course-trace h3").all():
        expect(heading).to_be_visible()
    expect(page.locator(".course-trace h3")).to_have_count(7)
    context.close()
