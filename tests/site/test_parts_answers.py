"""Predictions, myths and recall in a real browser: by mouse and by keyboard, and readable without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.conftest import DESK, prediction

pytestmark = pytest.mark.browser


def test_an_answer_stays_away_until_something_was_said(page: Page) -> None:
    box = prediction(page)
    expect(box.locator(".answer")).to_be_hidden()
    expect(box.get_by_role("button", name="Settle it")).to_be_disabled()

    box.get_by_label("All of them").check()
    box.get_by_role("button", name="Settle it").click()

    expect(box.locator(".verdict dd")).to_have_text(["All of them", "Two"])
    expect(box.get_by_text("this is the answer")).to_be_visible()
    expect(box.get_by_role("radio")).to_have_count(0)


def test_a_prediction_is_made_by_keyboard_alone(page: Page) -> None:
    box = prediction(page)
    box.get_by_label("One").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(box.locator(".verdict dd")).to_have_text(["Two", "Two"])
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

    expect(box.locator(".verdict dd")).to_have_text(["9 seconds", "10 seconds"])
    assert "good" in (box.get_attribute("class") or "")


def test_a_guess_is_kept_and_shown_again_at_the_end(page: Page) -> None:
    guesses = page.locator(".course-guesses")
    expect(guesses).to_have_text("You have made no guess on this page yet.")
    prediction(page).get_by_label("One").check()
    prediction(page).get_by_role("button").click()
    row = guesses.get_by_role("row").nth(1)
    expect(row).to_have_text("How many sync workers wait?OneTwo")

    page.reload(wait_until="networkidle")

    expect(prediction(page).locator(".verdict dd")).to_have_text(["One", "Two"])
    expect(row).to_be_visible()


def test_a_missed_question_comes_back_on_a_later_page_and_rests_when_it_is_known(page: Page, address: str) -> None:
    card = page.locator("section.recall")
    card.get_by_label("SIGKILL").check()
    expect(card.get_by_role("status")).to_have_text("Not so. It is: SIGTERM. This question comes back on a later page.")
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
    expect(page.locator("details.myth.seen")).to_have_count(1)  # the browser tells of the opening a moment later
    page.reload(wait_until="networkidle")
    expect(page.locator("details.myth.seen")).to_have_count(1)


def test_text_that_was_kept_never_becomes_markup(page: Page, address: str) -> None:
    evil = "<img src=x onerror=document.body.remove()>"
    card = {"page": "elsewhere/", "question": evil, "why": evil, "choices": [[evil, True], ["b", False]], "due": 0}
    page.evaluate("kept => localStorage.setItem('course', JSON.stringify(kept))", {"recall": {"x": card}})
    page.reload(wait_until="networkidle")
    back = page.locator("section.recall").first
    expect(back).to_contain_text("onerror=")
    expect(back.locator("img")).to_have_count(0)


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


def test_answers_are_on_paper_without_being_asked_for(page: Page) -> None:
    page.emulate_media(media="print")
    for text in ("this is the answer", "Ten, for nobody listens", "It does.", "SIGTERM asks", "For those who ask."):
        box = page.get_by_text(text).bounding_box()
        assert box, text
        assert box["height"] > 0, text
    expect(page.get_by_role("button", name="Settle it").first).to_be_hidden()
