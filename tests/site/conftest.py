"""The site, built once for all tests of this folder, by both builders."""

import os
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
BIN = REPO / ".venv/bin"
QUIET = {"NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}


def build(folder: Path, *command: str) -> Path:
    """Runs a builder on the project's own mkdocs.yml, with its output in `folder`; returns that folder.

    The working folder is the project's, as in `make site`: that is where snippets are looked up from.
    """
    site = folder / "site"
    config = folder / "mkdocs.yml"
    config.write_text(f"INHERIT: {REPO}/mkdocs.yml\ndocs_dir: {REPO}/docs\nsite_dir: {site}\n", encoding="utf-8")
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:], "--strict", "--config-file", str(config)],
        cwd=REPO,
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return site


@pytest.fixture(scope="session")
def mkdocs_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("mkdocs"), "mkdocs", "build")


@pytest.fixture(scope="session")
def zensical_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("zensical"), "zensical", "build")
