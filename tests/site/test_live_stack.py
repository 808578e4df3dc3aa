"""Live checks of a real stack: a check in another process is on the page within a second; the button does the same."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.labs.conftest import Running, lay_out
from tests.site.serving import WATCH, Server, checked, live, row

pytestmark = [pytest.mark.browser, pytest.mark.docker]

LAB = "lab1-flask-run"


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    stack = lay_out(tmp_path_factory.mktemp("live") / "my lab", solution=False)
    try:
        assert stack.bring_up() == ""
        yield Running(stack)
    finally:
        stack.take_down()


@pytest.fixture(scope="module")
def server(mkdocs_site: Path, tmp_path_factory: pytest.TempPathFactory, starter: Running) -> Iterator[Server]:
    state = tmp_path_factory.mktemp("state")
    # A workspace outside of the project is known by its first check.
    starter.grader("check", "--quick", "--only", "stack.stack-up", XDG_STATE_HOME=str(state), **starter.stack.variables)
    started = Server(mkdocs_site, state, **starter.stack.variables)
    yield started
    started.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_check_in_another_process_is_on_the_page_within_a_second(
    page: Page, server: Server, starter: Running
) -> None:
    live(page, f"{server.address}labs/{LAB}/")
    page.evaluate(WATCH)
    run = checked(starter.stack.workspace, {**starter.stack.variables, "XDG_STATE_HOME": str(server.state)})
    expect(page.get_by_role("button", name="Check my stack")).to_have_attribute("aria-disabled", "true", timeout=60_000)
    expect(page.get_by_role("button", name="End the check")).to_be_hidden()  # it is the terminal's to end
    expect(row(page, "stack.stack-up")).to_contain_text("passes", timeout=60_000)
    going_on = run.poll() is None
    assert run.wait(300) == 1
    expect(row(page, "debug.debugger-off")).to_contain_text("fails")
    expect(page.locator(".course-live").get_by_role("status")).to_contain_text("ended", timeout=5_000)

    late = page.evaluate("window.late")
    print(  # noqa: T201 - the figure, for who runs it with -s
        f"\n{len(late)} results: median {statistics.median(late):.3f} s, longest {max(late):.3f} s after their event"
    )
    assert going_on
    assert len(late) >= 10
    assert max(late) < 1.0


def test_the_button_checks_and_ends_as_a_terminal_would(page: Page, server: Server, starter: Running) -> None:
    live(page, f"{server.address}labs/{LAB}/")
    check, end = (page.get_by_role("button", name=name) for name in ("Check my stack", "End the check"))
    check.click()
    expect(page.locator("progress")).to_be_visible(timeout=60_000)
    expect(check).to_have_attribute("aria-disabled", "true")
    end.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".live-summary")).to_contain_text("What was disturbed has been put back", timeout=60_000)
    expect(check).to_have_attribute("aria-disabled", "false")

    check.focus()
    page.keyboard.press("Enter")
    expect(page.locator("progress")).to_be_visible(timeout=60_000)
    expect(page.locator(".course-live").get_by_role("status")).to_contain_text("The check of", timeout=240_000)
    expect(row(page, "debug.debugger-off")).to_contain_text("fails")
    assert starter.state() == "running"
    assert starter.sidecars() == []


def test_a_check_ends_with_the_server_that_started_it(page: Page, server: Server, starter: Running) -> None:
    live(page, f"{server.address}labs/{LAB}/")
    page.get_by_role("button", name="Check my stack").click()
    expect(page.locator("progress")).to_be_visible(timeout=60_000)
    assert server.stop() == 0

    assert starter.sidecars() == []
    assert starter.state() == "running"
    code, said = starter.grader("check", "--quick", "--only", "debug.debugger-off")
    assert code == 1, said  # nothing is at work on the stack, and nothing is to be repaired
    server.start()
