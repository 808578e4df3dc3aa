"""The site, built once for all tests of this folder, by both builders."""

import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

REPO = Path(__file__).parents[2]
BIN = REPO / ".venv/bin"
SOURCES = ("docs", "labs", "solutions")  # pages, and the real files that they include
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=900)
QUIET = {"NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}


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


@pytest.fixture(scope="session")
def mkdocs_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("mkdocs"), "mkdocs")


@pytest.fixture(scope="session")
def zensical_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("zensical"), "zensical")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "no Chromium: scripts/browser installs one, or name it in CHROMIUM"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Nothing: a test run is no place for an access log."""


class Patient(ThreadingHTTPServer):
    request_queue_size = 128  # a browser asks for many modules at once; on a busy machine five would be too few


def served(site: Path) -> Iterator[str]:
    """The address of a site, under a path of its own: it must not need to be at the root."""
    folder = site.parent / "served"
    folder.mkdir(exist_ok=True)
    (folder / "course").symlink_to(site)
    server = Patient(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/course/"
    server.shutdown()
    thread.join()
    server.server_close()
    (folder / "course").unlink()
