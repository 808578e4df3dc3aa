"""Scores of pages by Lighthouse, on the site as the course's image serves it: `python -m tests.site.scored [FOLDER]`.

Scores are whole numbers to 100. That of the performance is a measurement of this machine in this moment; the others
are about what is in the page. Lighthouse takes a telephone to be four times as slow as this machine, however slow that
is: its own index of the machine (benchmarkIndex, 1500 to 2000 for a fast desktop of 2020) says what a score is worth.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from grader.catalog import root
from grader.stacks.throwaway import free_port

PAGES = {"home": "", "a lab": "labs/lab2-gunicorn/", "a concept": "concepts/workers/"}
SECONDS = 120.0  # for one page
FLAGS = "--headless=new --no-sandbox --disable-quic --disable-background-networking"
BAR = 95  # of 100: what a page has to reach


@contextmanager
def production(site: Path) -> Iterator[str]:
    """The address of the site behind the server of the course's image, with its files compressed as there."""
    compress = [sys.executable, "-m", "whitenoise.compress", "--quiet", str(site)]
    subprocess.run(compress, check=True, cwd=root())
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "python:grader.site", "grader.site:app"],
        cwd=root(),
        env=os.environ | {"SITE_DIR": str(site), "BIND": f"127.0.0.1:{port}"},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _answering(f"http://127.0.0.1:{port}/")
    finally:
        server.terminate()
        server.wait(20)


def _answering(url: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(url, timeout=5):
                return url
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def report(url: str) -> dict[str, Any]:
    """Lighthouse's whole report of a page (its own JSON), as a telephone on a slow line meets it."""
    done = subprocess.run(
        ["node", os.environ["LIGHTHOUSE"], url, "--quiet", "--output=json", f"--chrome-flags={FLAGS}"],
        env=os.environ | {"CHROME_PATH": os.environ["CHROMIUM"]},
        capture_output=True,
        check=True,
        timeout=SECONDS,
    )
    return dict(json.loads(done.stdout))


def scores(found: dict[str, Any]) -> dict[str, int]:
    """The score of each category, by its name: performance, accessibility, best-practices, seo."""
    return {name: round(100 * category["score"]) for name, category in found["categories"].items()}


def lost(found: dict[str, Any]) -> list[str]:
    """What cost something, a line each: the audit, its weight in the category, and what it measured."""
    lines = []
    for name, category in found["categories"].items():
        for reference in category["auditRefs"]:
            audit = found["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 1:
                lines.append(f"{name}: {audit['title']} {audit.get('displayValue', '')} ({audit['score']:.2f})")
    return lines


def rows(runs: int) -> list[tuple[str, str, str]]:
    """Rows of the bench's table: how fast each page of the built site is, the median of some runs."""
    if not os.environ.get("LIGHTHOUSE"):
        return [("Lighthouse, performance", "-", "not measured: LIGHTHOUSE=/path/to/its/cli/index.js")]
    table = []
    with tempfile.TemporaryDirectory(prefix="scored-") as folder:
        site = shutil.copytree(root() / "site", Path(folder) / "site")
        with production(site) as url:
            for name, path in PAGES.items():
                reports = [report(url + path) for _ in range(runs)]
                found = [scores(one)["performance"] for one in reports]
                index = statistics.median(one["environment"]["benchmarkIndex"] for one in reports)
                note = f"of 100; wanted {BAR}; {runs} runs from {min(found)} to {max(found)}; index {index:.0f}"
                table.append((f"Lighthouse, performance of {name}", f"{statistics.median(found):.0f}", note))
    return table


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="scored-") as folder:
        given = Path(sys.argv[1]) if len(sys.argv) > 1 else root() / "site"
        with production(shutil.copytree(given, Path(folder) / "site")) as url:
            for name, path in PAGES.items():
                found = report(url + path)
                sys.stdout.write(f"{name:<10} {scores(found)}\n")
                sys.stdout.writelines(f"           {line}\n" for line in lost(found))


if __name__ == "__main__":
    main()
