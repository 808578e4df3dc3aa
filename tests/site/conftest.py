"""The site, built once for all tests of this folder, by both builders."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

REPO = Path(__file__).parents[2]
BIN = REPO / ".venv/bin"
SOURCES = ("docs", "labs", "solutions")  # pages, and the real files that they include
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
PHONE = ViewportSize(width=360, height=740)
QUIET = {"NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}


def build(folder: Path, builder: str) -> Path:
    """Builds the site from a copy of its sources (Zensical wants them beside mkdocs.yml); returns the built folder."""
    for name in SOURCES:
        shutil.copytree(REPO / name, folder / name)
    shutil.copy(REPO / "mkdocs.yml", folder)
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
