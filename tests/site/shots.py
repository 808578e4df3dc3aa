"""Takes pictures of the site, to be looked at: `python -m tests.site.shots FOLDER`.

A lab's page is shown fresh, with the starter's stack checked, and with the solution's: both are real. The light home
page and the half solved lab are kept for the README with `--keep`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from grader.catalog import root
from tests.labs.conftest import Running, lay_out
from tests.site.conftest import ARGUMENTS, DESK, PHONE
from tests.site.serving import Server, live

LAB = "lab2-gunicorn"
PLAIN = {  # a name, and the page; what comes after # is scrolled to
    "home": "",
    "lab": f"labs/{LAB}/",
    "simulator": "concepts/workers/#simulator",
    "trace": "concepts/anatomy/#step-by-step",
    "ladder": "measure/#the-ladder",
    "incidents": "incidents/",
    "missing": "no-such-page/",
}
LOOKS = {
    f"{scheme}-{name}": (scheme, size)
    for scheme in ("light", "dark")
    for name, size in (("desk", DESK), ("phone", PHONE))
}
KEPT = {"home-light-desk": "home.png", "lab-starter-light-desk": "lab.png"}


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.site.shots", description=(__doc__ or "").partition("\n")[0])
    words.add_argument("folder", type=Path)
    words.add_argument("--keep", action="store_true", help="write those of the README to docs/assets/images")
    told = words.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="shots-") as scratch:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        server = Server(root() / "site", Path(scratch) / "state")
        try:
            for name, path in PLAIN.items():
                pictures(browser, told.folder, name, partial(plain, server.address + path))
        finally:
            server.stop()
        for state in ("starter", "solution"):
            checked_lab(browser, told.folder, state, Path(scratch))
        browser.close()
    if told.keep:
        for shot, image in KEPT.items():
            (root() / "docs/assets/images" / image).write_bytes((told.folder / f"{shot}.png").read_bytes())


def checked_lab(browser: Browser, folder: Path, state: str, scratch: Path) -> None:
    """Pictures of a lab's page beside a stack that was just checked."""
    stack = lay_out(scratch / state / "work", LAB, solution=state == "solution")
    told = {"XDG_STATE_HOME": str(scratch / state), **stack.variables}
    try:
        if problem := stack.bring_up():
            raise SystemExit(problem)
        Running(stack).grader("check", "--quick", **told)
        server = Server(root() / "site", scratch / state, **stack.variables)
        try:
            pictures(browser, folder, f"lab-{state}", partial(checked, f"{server.address}labs/{LAB}/"))
        finally:
            server.stop()
    finally:
        stack.take_down()


def plain(address: str, page: Page) -> None:
    page.goto(address, wait_until="networkidle")


def checked(address: str, page: Page) -> None:
    live(page, address)
    row = page.locator(".live-row").first
    expect(row).to_be_attached()
    row.evaluate("row => row.parentElement.scrollIntoView({block: 'center'})")


def pictures(browser: Browser, folder: Path, name: str, go: Callable[[Page], object]) -> None:
    """What a window shows of a page, in each look."""
    for look, (scheme, size) in LOOKS.items():
        context = browser.new_context(
            viewport=size, color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        page = context.new_page()
        go(page)
        page.screenshot(path=folder / f"{name}-{look}.png")
        context.close()


if __name__ == "__main__":
    main()
