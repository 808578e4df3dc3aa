"""The interactive parts in a real browser: by mouse and by keyboard, kept, carried elsewhere, and readable without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.site.conftest import DESK, PHONE, build, served

pytestmark = pytest.mark.browser

PARTS = Path(__file__).with_name("parts.md")
LATER = "reference/glossary/"  # any other page; it has no questions of its own


@pytest.fixture(scope="module", params=("mkdocs", "zensical"))
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with one more page that has every part once, and a second copy of it for what comes back later."""
    folder = tmp_path_factory.mktemp(request.param)
    later = folder / "later.md"
    text = PARTS.read_text(encoding="utf-8").replace("Which signal comes first?", "What answers a probe?")
    later.write_text(text, encoding="utf-8")
    yield from served(build(folder / "course", request.param, PARTS, later))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=DESK, accept_downloads=True)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """The page with all parts; whatever it complains about fails the test."""
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.goto(f"{address}parts/", wait_until="networkidle")
    yield opened
    assert troubles == []


def prediction(page: Page) -> Locator:
    return page.locator("section.predict").first


def test_an_answer_stays_away_until_something_was_said(page: Page) -> None:
    box = prediction(page)
    expect(box.locator(".answer")).to_be_hidden()
    expect(box.get_by_role("button", name="Settle it")).to_be_disabled()

    box.get_by_label("All of them").check()
    box.get_by_role("button", name="Settle it").click()

    expect(box.locator(".verdict")).to_have_text("You said: All of them. Measured: Two.")
    expect(box.get_by_text("this is the answer")).to_be_visible()
    expect(box.get_by_role("radio")).to_have_count(0)


def test_a_prediction_is_made_by_keyboard_alone(page: Page) -> None:
    box = prediction(page)
    box.get_by_label("One").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(box.locator(".verdict")).to_have_text("You said: Two. Measured: Two.")
    expect(box.locator(".verdict")).to_be_focused()


def test_a_number_is_given_by_slider_or_by_field(page: Page) -> None:
    box = page.locator("section.predict").nth(1)
    slider, field = box.get_by_role("slider"), box.get_by_role("spinbutton")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(field).to_have_value("3")
    expect(slider).to_have_attribute("aria-valuetext", "3 seconds")

    field.fill("9")
    expect(slider).to_have_js_property("value", "9")
    box.get_by_role("button", name="Settle it").click()

    expect(box.locator(".verdict")).to_have_text("You said: 9 seconds. Measured: 10 seconds.")
    assert "good" in (box.get_attribute("class") or "")


def test_a_guess_is_kept_and_shown_again_at_the_end(page: Page) -> None:
    guesses = page.locator(".course-guesses")
    expect(guesses).to_have_text("You have made no guess on this page yet.")
    prediction(page).get_by_label("One").check()
    prediction(page).get_by_role("button").click()
    row = guesses.get_by_role("row").nth(1)
    expect(row).to_have_text("How many sync workers wait?OneTwo")

    page.reload(wait_until="networkidle")

    expect(prediction(page).locator(".verdict")).to_have_text("You said: One. Measured: Two.")
    expect(row).to_be_visible()


def test_a_missed_question_comes_back_on_a_later_page_and_rests_when_it_is_known(page: Page, address: str) -> None:
    card = page.locator("section.recall")
    card.get_by_label("SIGKILL").check()
    expect(card.get_by_role("status")).to_have_text("Not so. It is: SIGTERM")
    expect(card.get_by_text("SIGTERM asks")).to_be_visible()

    page.goto(f"{address}later/", wait_until="networkidle")
    back = page.locator("section.recall").first
    expect(back).to_contain_text("Which signal comes first?")
    back.get_by_label("SIGTERM").check()
    expect(back.get_by_role("status")).to_have_text("Right.")

    page.reload(wait_until="networkidle")
    expect(page.locator("section.recall")).to_have_count(1)  # in a day, not now


def test_what_is_known_at_once_does_not_come_back(page: Page, address: str) -> None:
    page.locator("section.recall").get_by_label("SIGTERM").check()
    page.goto(f"{address}later/", wait_until="networkidle")
    expect(page.locator("section.recall")).to_have_count(1)


def test_a_myth_opens_by_keyboard_and_is_remembered(page: Page) -> None:
    myth = page.locator("details.myth")
    myth.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(myth.get_by_text("It does.")).to_be_visible()
    page.reload(wait_until="networkidle")
    expect(page.locator("details.myth.seen")).to_have_count(1)


def test_progress_is_carried_to_another_browser_by_a_file(
    page: Page, browser: Browser, address: str, tmp_path: Path
) -> None:
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    expect(page.locator(".course-progress")).to_contain_text("1 of 1 good")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save to a file").click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)

    elsewhere = browser.new_context(viewport=DESK).new_page()
    elsewhere.goto(f"{address}parts/", wait_until="networkidle")
    expect(elsewhere.locator(".course-progress")).to_contain_text("Nothing yet.")
    elsewhere.get_by_label("Load from a file").set_input_files(file)
    expect(elsewhere.locator(".course-progress")).to_contain_text("1 of 1 good")
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
    expect(page.locator(".course-progress")).to_contain_text("1 of 1 good")


def test_everything_is_forgotten_only_when_asked_twice(page: Page) -> None:
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    forget = page.get_by_role("button", name="Forget everything")
    forget.click()
    expect(page.locator(".course-progress")).to_contain_text("1 of 1 good")
    forget.click()
    expect(page.locator(".course-progress")).to_contain_text("Nothing yet.")


def test_text_that_was_kept_never_becomes_markup(page: Page, address: str) -> None:
    evil = "<img src=x onerror=document.body.remove()>"
    card = {"page": "elsewhere/", "question": evil, "why": evil, "choices": [[evil, True], ["b", False]], "due": 0}
    page.evaluate("kept => localStorage.setItem('course', JSON.stringify(kept))", {"recall": {"x": card}})
    page.reload(wait_until="networkidle")
    back = page.locator("section.recall").first
    expect(back).to_contain_text("onerror=")
    expect(back.locator("img")).to_have_count(0)


def test_a_browser_that_keeps_nothing_still_settles_a_guess(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=DESK)
    context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})")
    page = context.new_page()
    page.goto(f"{address}parts/", wait_until="networkidle")
    prediction(page).get_by_label("Two").check()
    prediction(page).get_by_role("button").click()
    expect(page.locator(".course-guesses").get_by_role("row")).to_have_count(2)
    context.close()


def test_without_javascript_everything_can_be_read(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=DESK, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}parts/")
    for question, answer in (
        ("How many sync workers wait?", "this is the answer"),
        ("Which signal comes first?", "SIGTERM asks"),
        ("It never fails", "It does."),
    ):
        box = page.locator("details", has_text=question).first
        box.locator("summary").click()
        expect(box.get_by_text(answer)).to_be_visible()
    expect(page.locator(".course-progress")).to_have_text("The progress is kept by a script.")
    context.close()


def test_nothing_is_wider_than_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{address}parts/", wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
