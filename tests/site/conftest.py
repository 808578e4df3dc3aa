"""The site, built once for all tests of this folder, by both builders."""

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, sync_playwright

REPO = Path(__file__).parents[2]
PARTS = Path(__file__).with_name("parts.md")
BIN = REPO / ".venv/bin"
SOURCES = ("docs", "labs", "solutions")  # pages, and the real files that they include
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=900)
QUIET = {"NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}

# What axe-core finds, a line a rule. It has to be on the page.
AXE_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.map(({id, help, nodes}) =>
    `${id}: ${help}: ${nodes.slice(0, 3).map(node => `${node.target} ${node.html.slice(0, 120)}`).join(' | ')}`);
}"""


def build(folder: Path, builder: str, *more: Path) -> Path:
    """Builds the site from a copy of its sources (Zensical wants them beside mkdocs.yml); returns the built folder.

    `more` are pages of the tests' own, beside the home page.
    """
    for name in SOURCES:
        shutil.copytree(REPO / name, folder / name)
    settings = (REPO / "mkdocs.yml").read_text(encoding="utf-8")
    for page in more:
        shutil.copy(page, folder / "docs")
        settings = settings.replace("\nnav:\n", f"\nnav:\n  - {page.stem}: {page.name}\n")
    (folder / "mkdocs.yml").write_text(settings, encoding="utf-8")
    command = [str(BIN / builder), "build", "--strict"]
    done = subprocess.run(command, cwd=folder, env=os.environ | QUIET, capture_output=True, text=True)
    assert done.returncode == 0, f"{builder}\n{done.stdout}{done.stderr}"
    return folder / "site"


def built_once(folders: pytest.TempPathFactory, builder: str) -> Path:
    """The site, built by the first of pytest-xdist's workers that needs it, in the folder that they share."""
    base = folders.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / f"{builder}-site"
    with (shared / f"{builder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder / "site" if folder.is_dir() else build(folder, builder)


@pytest.fixture(scope="session")
def mkdocs_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_once(tmp_path_factory, "mkdocs")


@pytest.fixture(scope="session")
def zensical_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_once(tmp_path_factory, "zensical")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "no Chromium: scripts/browser installs one, or name it in CHROMIUM"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    path = os.environ.get("AXE")
    assert path, "no axe-core: scripts/axe fetches it where npm is there; name what it prints in AXE"
    return Path(path).read_text(encoding="utf-8")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Nothing: a test run is no place for an access log."""


class Patient(ThreadingHTTPServer):
    request_queue_size = 128  # a browser asks for many modules at once; on a busy machine five would be too few


def served(site: Path) -> Iterator[str]:
    """The address of a site, under a path of its own: it must not need to be at the root."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "course").symlink_to(site)
        server = Patient(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/course/"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session", params=("mkdocs", "zensical"))
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with one more page that has every part once, and a copy of it for what comes back later."""
    folder = tmp_path_factory.mktemp(request.param)
    later = folder / "later.md"
    text = PARTS.read_text(encoding="utf-8").replace("Which signal comes first?", "What answers a probe?")
    later.write_text(text, encoding="utf-8")
    yield from served(build(folder / "course", request.param, PARTS, later))


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page with all parts, in a fresh browser; whatever it complains about fails the test."""
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.goto(f"{address}parts/", wait_until="networkidle")
    yield opened
    context.close()
    assert troubles == []


def prediction(page: Page) -> Locator:
    """The first prediction of that page."""
    return page.locator("section.predict").first
