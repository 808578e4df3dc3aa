"""Live checks in a real browser: what a run says is beside its paragraph within a second, and is only ever text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from grader.events import Telling
from tests.render import hostile
from tests.serving.test_board import workspace
from tests.site.conftest import PHONE, served
from tests.site.serving import WATCH, Server, live, opened, report, result, row

pytestmark = pytest.mark.browser

LAB = "lab1-flask-run"
PAGE = f"labs/{LAB}/"
OFF, KEY = "debug.debugger-off", "secrets.secret-not-in-image"


NETWORK = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INCOMPLETE_CHUNKED",
    "ERR_NETWORK_CHANGED",
)  # a server that is down, a new network

expect.set_options(timeout=20_000)  # two cores, and many who use them


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def server(mkdocs_site: Path, state: Path) -> Iterator[Server]:
    started = Server(mkdocs_site, state, DOCKER_HOST="unix:///nowhere/docker.sock")
    yield started
    started.stop()


@pytest.fixture
def folder(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    return workspace(tmp_path / "my lab é")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh context; what it complains about fails the test (blocked by its policy: a console error)."""
    context = browser.new_context(color_scheme="light")
    new = context.new_page()
    troubles: list[str] = []
    new.on("console", lambda said: troubles.append(said.text))
    new.on("pageerror", lambda error: troubles.append(str(error)))
    new.on("dialog", lambda dialog: troubles.append(dialog.message))
    yield new
    context.close()
    assert [
        said for said in troubles if "ERR_CONNECTION_REFUSED" not in said and "INCOMPLETE_CHUNKED" not in said
    ] == []


@pytest.fixture(scope="module")
def static(mkdocs_site: Path) -> Iterator[str]:
    """The same site where nobody is behind it."""
    yield from served(mkdocs_site)


def begun(folder: Path, *asked: str, lab: str = LAB) -> Telling:
    told = Telling(lab, str(folder), "compose://compose.yaml")
    told.began(lab, asked)
    return told


def test_each_result_is_beside_its_paragraph_within_a_second(page: Page, server: Server, folder: Path) -> None:
    live(page, server.address + PAGE)
    page.evaluate(WATCH)
    told = begun(folder, OFF, KEY)
    expect(row(page, OFF)).to_contain_text("being asked")

    told.result(result(OFF, "fail", because="`/console` answers"))
    expect(row(page, OFF)).to_contain_text("fails")
    expect(row(page, OFF)).to_contain_text("/console answers")
    expect(row(page, OFF)).to_contain_text("look there")
    expect(row(page, KEY)).to_contain_text("being asked")

    told.result(result(KEY))
    expect(row(page, KEY)).to_contain_text("passes")
    told.ended(report(result(OFF, "fail"), result(KEY)))
    expect(page.locator(".course-live").get_by_role("status")).to_contain_text("ended: 1 passed, 1 failed")
    late = page.evaluate("window.late")
    assert len(late) >= 2
    assert max(late) < 1.0, late


def test_a_screen_reader_hears_the_beginning_and_the_end_only(page: Page, server: Server, folder: Path) -> None:
    live(page, server.address + PAGE)
    page.evaluate(
        "() => { window.heard = []; const said = document.querySelector('[role=status].live-said');"
        "new MutationObserver(() => heard.push(said.textContent)).observe(said, {childList: true}); }"
    )
    told = begun(folder, OFF, KEY)
    for name in (OFF, KEY):
        told.result(result(name))
    told.ended(report(result(OFF), result(KEY)))
    expect(page.locator(".course-live").get_by_role("status")).to_contain_text("2 passed, 0 failed")

    assert len(page.evaluate("heard")) == 2
    expect(page.get_by_role("region", name="Live checks")).to_have_count(1)


def test_the_failing_checks_are_listed_and_lead_to_their_paragraphs(page: Page, server: Server, folder: Path) -> None:
    told = begun(folder, OFF, KEY)
    told.result(result(OFF, "fail"))
    told.result(result(KEY))
    told.ended(report(result(OFF, "fail"), result(KEY)))
    live(page, server.address + PAGE)

    link = page.locator(".live-list a")
    expect(link).to_have_count(1)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f'[id="{OFF}"]')).to_be_in_viewport()


def test_a_stack_s_text_is_only_ever_text(page: Page, server: Server, folder: Path) -> None:
    page.set_viewport_size(PHONE)
    live(page, server.address + PAGE)
    made = page.locator("main :is(script, img, iframe, svg, h1, h2, style, a[href^='http'], a[href^='javascript'])")
    before = made.count()
    for number, text in enumerate(hostile.TEXTS):
        told = begun(folder, OFF)
        told.result(result(OFF, "fail", because=f"{number} {text}", hint=text, title=text, page=text))
        told.gave_up(f"Ended {number}. {text}", text)
        expect(page.locator(".live-gave-up")).to_contain_text(f"Ended {number}.")
        expect(row(page, OFF)).to_contain_text(str(number))

        assert made.count() == before, text
        shown = page.locator(".course-live").inner_text() + row(page, OFF).inner_text()
        assert not re.search("[\u0000-\u0008\u200b\u202e\x1b]", shown), text
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], text


def test_the_latest_workspace_is_shown_until_the_reader_chooses(
    page: Page, server: Server, folder: Path, tmp_path: Path
) -> None:
    other = workspace(tmp_path / "another lab")
    for place, outcome in ((folder, "pass"), (other, "fail")):
        told = begun(place, OFF)
        told.result(result(OFF, outcome))
        told.ended(report(result(OFF, outcome)))
    live(page, server.address + PAGE)
    choice = page.get_by_role("combobox", name="Workspace")
    expect(row(page, OFF)).to_contain_text("fails")

    choice.select_option(label=str(folder))
    expect(row(page, OFF)).to_contain_text("passes")
    begun(other, OFF).result(result(OFF, "unknown"))
    expect(choice).to_contain_text(f"{other} (being checked)")
    expect(row(page, OFF)).to_contain_text("passes")


def test_a_run_of_another_lab_is_none_of_this_page_s(page: Page, server: Server, folder: Path, tmp_path: Path) -> None:
    told = begun(folder, OFF)
    told.result(result(OFF))
    told.ended(report(result(OFF)))
    live(page, server.address + PAGE)
    elsewhere = begun(workspace(tmp_path / "lab 2", "lab2-gunicorn"), OFF, lab="lab2-gunicorn")
    elsewhere.result(result(OFF, "fail"))
    elsewhere.ended(report(result(OFF, "fail"), lab="lab2-gunicorn"))
    page.evaluate(
        "new Promise(done => { const look = () => localStorage.course?.includes('lab2-gunicorn') ? done()"
        " : setTimeout(look, 20); look(); })"
    )

    expect(row(page, OFF)).to_contain_text("passes")
    assert page.evaluate("JSON.parse(localStorage.course).reports['lab1-flask-run'].results.length") == 1


@pytest.mark.parametrize("by", ("mouse", "keyboard"))
def test_the_button_starts_the_check_of_the_chosen_workspace(page: Page, server: Server, folder: Path, by: str) -> None:
    told = begun(folder, OFF)
    told.ended(report(result(OFF)))
    live(page, server.address + PAGE)
    button = page.get_by_role("button", name="Check my stack")
    expect(page.locator(".live-warning")).to_contain_text("stops, kills and freezes parts of the stack")
    if by == "mouse":
        button.click()
    else:
        button.focus()
        page.keyboard.press("Space")

    expect(page.locator(".live-summary")).to_contain_text("no Docker engine answers", timeout=20_000)
    expect(page.locator(".live-summary")).to_contain_text("start Docker Desktop or the docker service")
    expect(page.get_by_role("button", name="End the check")).to_be_hidden()
    expect(button).to_have_attribute("aria-disabled", "false")


def test_the_page_finds_a_server_that_was_started_again(page: Page, server: Server, folder: Path) -> None:
    told = begun(folder, OFF)
    told.ended(report(result(OFF)))
    live(page, server.address + PAGE)
    box = page.locator(".course-live")

    assert server.stop() == 0
    expect(box).to_have_attribute("data-state", "waiting")
    expect(box).to_contain_text("Is grader serve running?")
    expect(page.get_by_role("button", name="Check my stack")).to_have_attribute("aria-disabled", "true")
    told = begun(folder, OFF)
    told.result(result(OFF, "fail"))
    told.ended(report(result(OFF, "fail")))
    server.start()

    expect(box).to_have_attribute("data-state", "live", timeout=15_000)
    expect(row(page, OFF)).to_contain_text("fails")
    page.get_by_role("button", name="Check my stack").click()  # with the token of the new start
    expect(page.locator(".live-summary")).to_contain_text("no Docker engine answers", timeout=20_000)
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_page_in_the_background_lets_go_and_catches_up(page: Page, server: Server, folder: Path) -> None:
    live(page, server.address + PAGE)
    turn = "hidden => {Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
    turn += "document.dispatchEvent(new Event('visibilitychange'))}"
    page.evaluate(turn, True)
    told = begun(folder, OFF)
    told.result(result(OFF, "fail", because="seen meanwhile"))
    other = page.context.new_page()
    live(other, server.address + PAGE)
    expect(row(other, OFF)).to_contain_text("seen meanwhile")
    assert "seen meanwhile" not in page.locator("main").inner_text()

    page.evaluate(turn, False)
    expect(row(page, OFF)).to_contain_text("seen meanwhile")


def test_one_page_lists_the_last_run_of_any_lab(page: Page, server: Server, folder: Path) -> None:
    told = begun(folder, OFF, KEY)
    told.result(result(OFF, "fail"))
    told.result(result(KEY))
    told.ended(report(result(OFF, "fail"), result(KEY)))
    live(page, server.address + "live/")

    expect(page.locator(".live-list > li")).to_have_count(2)
    page.locator(f".live-list [href$='#{OFF}']").click()
    page.wait_for_url(f"**/{PAGE}#{OFF}")


def test_pages_keep_their_policy_and_search_still_works(page: Page, server: Server) -> None:
    page.goto(server.address, wait_until="networkidle")
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("graceful stop")
    expect(page.locator(".md-search-result__item").first).to_be_visible(timeout=15_000)


def dropped(page: Page, name: str, content: str) -> None:
    data = page.evaluate_handle(
        "([name, text]) => { const data = new DataTransfer(); data.items.add(new File([text], name)); return data; }",
        [name, content],
    )
    page.dispatch_event(".live-drop", "drop", {"dataTransfer": data})


def test_without_a_server_the_page_says_how_to_start_it_and_takes_a_dropped_report(page: Page, static: str) -> None:
    opened(page, static + PAGE, "static")
    box = page.locator(".course-live")
    expect(box).to_contain_text("grader serve")
    expect(page.get_by_role("button", name="Check my stack")).to_be_hidden()

    dropped(page, "report.json", json.dumps(report(result(OFF, "fail"), result(KEY))))
    expect(row(page, OFF)).to_contain_text("fails")
    expect(page.locator(".course-live").get_by_role("status")).to_contain_text("1 passed, 1 failed")
    page.reload()
    expect(row(page, KEY)).to_contain_text("passes")


def test_a_report_can_be_chosen_where_it_cannot_be_dropped(page: Page, static: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(report(result(OFF))))
    opened(page, static + PAGE, "static")
    choose = page.get_by_label("Or show a report")  # the browser's own element: it opens by keyboard, too
    choose.focus()
    expect(choose).to_be_focused()
    choose.set_input_files(tmp_path / "report.json")

    expect(row(page, OFF)).to_contain_text("passes")


@pytest.mark.parametrize(
    ("content", "says"),
    (
        ("<testsuite/>", "is not JSON"),
        ("[]", "it is no object"),
        ("null", "it is no object"),
        (report(result(OFF), schema=2), "its schema is 2, and this page reads 1"),
        (report(result(OFF), lab="<b>lab"), "it names no lab"),
        (report(result(OFF), lab="lab2-gunicorn"), "is a report of lab2-gunicorn, and this is the page of lab1"),
        (report(result(OFF), started="then"), "it does not say when it began"),
        (report(result(OFF), counts={}), "its counts are missing"),
        (report(result(OFF), results={}), "it has no results"),
        (report(result(OFF), result(KEY, "great")), "result 2 is not of the form of one"),
        (report(result("constructor")), "result 1 is not of the form of one"),
        (report(result(OFF, because=7)), "result 1 is not of the form of one"),
        ("x" * 2_000_001, "is too large for a report"),
    ),
)
def test_another_file_is_refused_with_what_is_wrong(page: Page, static: str, content: Any, says: str) -> None:
    opened(page, static + PAGE, "static")
    expect(page.locator(".live-drop")).to_be_visible()
    dropped(page, "re\u202eport.json", content if isinstance(content, str) else json.dumps(content))

    expect(page.get_by_role("alert")).to_contain_text(says)
    expect(page.get_by_role("alert")).to_contain_text("report.json")
    assert page.evaluate("localStorage.course") is None
    expect(row(page, OFF)).to_have_count(0)
