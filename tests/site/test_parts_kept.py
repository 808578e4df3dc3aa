"""What is kept of a reader's doings, and the parts that show it; the stack stage by stage. In a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.conftest import AXE_RUN, DESK, PHONE, prediction

pytestmark = pytest.mark.browser


def test_progress_is_carried_to_another_browser_by_a_file(
    page: Page, browser: Browser, address: str, tmp_path: Path
) -> None:
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    expect(page.locator(".course-progress")).to_contain_text("1 of 1 close")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save to a file").click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)

    elsewhere = browser.new_context(viewport=DESK).new_page()
    elsewhere.goto(f"{address}parts/", wait_until="networkidle")
    expect(elsewhere.locator(".course-progress")).to_contain_text("Nothing yet.")
    elsewhere.get_by_label("Load from a file").set_input_files(file)
    expect(elsewhere.locator(".course-progress")).to_contain_text("1 of 1 close")
    expect(elsewhere.get_by_text("Loaded from course-progress.json.")).to_be_visible()
    elsewhere.context.close()


@pytest.mark.parametrize(
    ("text", "said"),
    (("{", "other.json is not JSON."), (json.dumps({"results": []}), "other.json holds no progress of this course.")),
)
def test_a_file_that_is_none_of_ours_is_refused_and_nothing_is_lost(
    page: Page, tmp_path: Path, text: str, said: str
) -> None:
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    (tmp_path / "other.json").write_text(text)

    page.get_by_label("Load from a file").set_input_files(tmp_path / "other.json")

    expect(page.locator(".course-progress").get_by_role("status")).to_contain_text(said)
    expect(page.locator(".course-progress")).to_contain_text("1 of 1 close")


def test_everything_is_forgotten_only_when_asked_twice(page: Page) -> None:
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    forget = page.get_by_role("button", name="Forget everything")
    forget.click()
    expect(page.locator(".course-progress")).to_contain_text("1 of 1 close")
    forget.click()
    expect(page.locator(".course-progress")).to_contain_text("Nothing yet.")


def test_a_browser_that_keeps_nothing_still_settles_a_guess(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=DESK)
    context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})")
    page = context.new_page()
    page.goto(f"{address}parts/", wait_until="networkidle")
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    expect(page.locator(".course-guesses").get_by_role("row")).to_have_count(2)
    context.close()


def test_checks_of_a_report_are_counted_and_build_is_done_when_none_fails(page: Page) -> None:
    modes = page.locator(".course-modes")
    expect(modes.get_by_role("link", name="Build")).to_have_accessible_name("Build")

    keep(page, {"reports": {"parts": {"results": [{"outcome": "pass"}, {"outcome": "fail"}]}}})
    expect(page.locator(".so-far")).to_contain_text("1 of 2 green")
    expect(modes.get_by_role("link", name="Build")).to_have_accessible_name("Build")

    keep(page, {"reports": {"parts": {"results": [{"outcome": "pass"}, {"outcome": "skip"}]}}})
    expect(modes.get_by_role("link", name="Build")).to_have_accessible_name("Build (done)")


def test_ways_say_what_was_done_and_what_was_only_opened(page: Page) -> None:
    modes = page.locator(".course-modes")
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    expect(modes.get_by_role("link", name="Predict")).to_have_accessible_name("Predict (done)")
    modes.get_by_role("link", name="Read").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/glossary/")
    page.go_back(wait_until="networkidle")
    expect(modes.get_by_role("link", name="Read")).to_have_accessible_name("Read (opened)")


def test_another_tab_shows_what_was_done_here(page: Page, address: str) -> None:
    other = page.context.new_page()
    other.goto(f"{address}parts/", wait_until="networkidle")
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    expect(other.locator(".so-far")).to_contain_text("1 of 1 close")


@pytest.mark.parametrize("kept", ("5", "[]", "{", '{"guesses": 3, "recall": {"x": null}, "reports": {"a": 1}}'))
def test_storage_that_others_filled_does_no_harm(page: Page, kept: str) -> None:
    page.evaluate("kept => localStorage.setItem('course', kept)", kept)
    page.reload(wait_until="networkidle")
    expect(page.locator("section.predict")).to_have_count(2)
    expect(page.locator("section.recall")).to_have_count(1)
    expect(page.locator(".course-progress")).to_contain_text("Nothing yet.")


def test_links_of_a_loaded_file_lead_to_this_site_only(page: Page, address: str) -> None:
    keep(page, {"guesses": {"javascript:alert(1)/": {"x": {"good": True}}, "//elsewhere.test/": {"x": {}}}})
    links = page.locator(".so-far a")
    expect(links).to_have_count(2)
    assert [link for link in links.evaluate_all("all => all.map(a => a.href)") if not link.startswith(address)] == []


def test_the_stack_goes_stage_by_stage_by_mouse_and_by_keyboard(page: Page) -> None:
    stack = page.get_by_role("group", name="The stack, stage by stage")
    first, second = stack.get_by_text("The first."), stack.get_by_text("The second.")
    expect(first).to_be_visible()
    expect(second).to_be_hidden()
    stack.get_by_role("button", name="Next").click()
    expect(second).to_be_visible()
    expect(first).to_be_hidden()
    expect(stack.get_by_text("Stage 2 of 2")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(first).to_be_visible()
    expect(stack.get_by_role("button", name="Next")).to_be_enabled()


@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_no_part_keeps_anybody_out_answered_or_not(page: Page, axe: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.reload(wait_until="networkidle")
    page.locator(".md-search[aria-label]").wait_for(state="attached")  # by then the names are there
    page.evaluate(axe)
    assert page.evaluate(AXE_RUN) == []
    prediction(page).get_by_label("All of them").check()
    prediction(page).get_by_role("button").click()
    page.locator("section.recall").get_by_label("SIGKILL").check()
    page.locator("details.myth summary").click()
    assert page.evaluate(AXE_RUN) == []


def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.reload(wait_until="networkidle")
    prediction(page).get_by_label("All of them").check()
    prediction(page).get_by_role("button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def keep(page: Page, kept: object) -> None:
    page.evaluate("kept => localStorage.setItem('course', kept)", json.dumps(kept))
    page.reload(wait_until="networkidle")
