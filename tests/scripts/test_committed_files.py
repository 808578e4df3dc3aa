"""No file of the project names the package mirrors or the index of the machine that it was written on."""

import configparser
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pip._internal.models.index import PyPI

REPO = Path(__file__).parents[2]
LARGEST = 2_000_000  # bytes; a bigger file is data, not text


def hosts_of_apt() -> Iterator[str]:
    """The mirrors of the distribution; other vendors' repositories are public sites that pages may well link to."""
    if shutil.which("apt-get"):
        asked = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)"], capture_output=True, text=True, check=True
        )
        for line in asked.stdout.splitlines():
            origin, _, url = line.partition(" ")
            if origin in ("Debian", "Ubuntu"):
                yield urlsplit(url).hostname or ""


def hosts_of_pip() -> Iterator[str]:
    yield PyPI.netloc
    yield PyPI.file_storage_domain
    for path in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        settings = configparser.RawConfigParser()
        settings.read(path)
        for section in settings.sections():
            for url in re.findall(r"https?://\S+", " ".join(settings[section].values())):
                yield urlsplit(url).hostname or ""


def host_of_npm() -> Iterator[str]:
    if shutil.which("npm"):
        asked = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, timeout=30)
        yield urlsplit(asked.stdout.strip()).hostname or ""


def project_files() -> list[Path]:
    """What is committed or would be with the next `git add`; every file where there is no Git (in an image)."""
    if (REPO / ".git").exists():
        asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(asked, cwd=REPO, capture_output=True, check=True)
        files = [REPO / name for name in listed.stdout.decode().split("\0") if name]
    else:
        files = [file for file in REPO.rglob("*") if ".venv" not in file.parts]
    return [file for file in files if file.is_file() and file.stat().st_size <= LARGEST]


@pytest.fixture(scope="module")
def hosts() -> set[str]:
    return {host for host in (*hosts_of_apt(), *hosts_of_pip(), *host_of_npm()) if host}


def test_no_file_names_a_package_host(hosts: set[str]) -> None:
    assert hosts, "the index that pip itself comes with is always one"
    any_of_them = re.compile("|".join(re.escape(host) for host in sorted(hosts)).encode())
    files = project_files()
    assert REPO / "pyproject.toml" in files
    found = {
        str(file.relative_to(REPO)): match[0].decode()
        for file in files
        if (match := any_of_them.search(file.read_bytes()))
    }
    assert found == {}


def test_no_file_of_another_lock_format_is_committed() -> None:
    names = {file.name for file in project_files()}
    assert "uv.lock" not in names
    for lock in (file for file in project_files() if file.name == "package-lock.json"):
        assert "resolved" not in json.dumps(json.loads(lock.read_text())), f"{lock}: npm wrote its registry"
