"""What the course changes about the theme, in both generators."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.browser

HOLD_FRAMES = "window.held = []; window.requestAnimationFrame = (turn) => held.push(turn);"


def test_words_are_shown_before_the_theme_s_script_runs(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.add_init_script(HOLD_FRAMES)
    page.goto(f"{address}parts/", wait_until="load")

    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("typeof document$") == "undefined"

    page.evaluate("held.forEach((turn) => turn(performance.now()))")  # the first frame is there
    page.wait_for_function("typeof document$ === 'object'")
    assert page.evaluate("new Promise((told) => document$.subscribe(() => told('begun')))") == "begun"
    page.context.close()
