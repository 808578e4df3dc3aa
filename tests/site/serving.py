"""`grader serve` as a process of its own, and the runs that its pages hear of."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

from grader.catalog import root

# How many seconds after its event each result was on the page: the event's own time is in it.
WATCH = """
() => {
  window.late = [];
  const begin = Date.now() / 1000; // what an earlier run has said is no news
  new MutationObserver(changes => {
    for (const { target } of changes)
      if (Number(target.dataset.at) > begin) window.late.push(Date.now() / 1000 - Number(target.dataset.at));
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-at"] });
}
"""


MOMENTS = (f"2026-01-02T03:{number // 60:02}:{number % 60:02}+00:00" for number in itertools.count())


class Server:
    """`state` is the folder in which runs tell how they go; it starts on a free port, and later on the same one."""

    def __init__(self, pages: Path, state: Path, **environment: str) -> None:
        self.state = state
        self._environment = {
            **os.environ,
            "SITE_DIR": str(pages),
            "XDG_STATE_HOME": str(state),
            "PYTHONPATH": str(root()),
            **environment,
        }
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "grader", "serve", "--port", str(self.port)],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout
        for line in self._process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            if found:
                self.port = int(found[1])
                return
        raise AssertionError("grader serve ended before it said where it is")

    def stop(self, how: int = signal.SIGINT) -> int:
        """Ctrl-C reaches every process of a terminal's group at once."""
        assert self._process
        if how == signal.SIGINT:
            os.killpg(self._process.pid, how)
        else:
            self._process.send_signal(how)
        code = self._process.wait(60)
        if self._process.stdout:
            self._process.stdout.close()
        return code


def result(name: str, outcome: str = "pass", **more: Any) -> dict[str, Any]:
    """A result as it stands in a report."""
    return {
        "id": name,
        "title": f"What {name} asks",
        "lab": "lab1-flask-run",
        "step": "debug",
        "weight": "major",
        "outcome": outcome,
        "reason": "",
        "because": f"seen of {name}",
        "hint": "look there",
        "reproduce": "",
        "shows": "",
        "seconds": 0.2,
        "page": f"labs/lab1-flask-run/#{name}",
        "passed_until": "",
        "runs_ago": 0,
        **more,
    }


def report(*results: dict[str, Any], lab: str = "lab1-flask-run", **more: Any) -> dict[str, Any]:
    outcomes = [one["outcome"] for one in results]
    return {
        "schema": 1,
        "grader": "0.1.0",
        "lab": lab,
        "stack": lab,
        "started": next(MOMENTS),
        "seconds": 1.0,
        "services": [],
        "roles": [],
        "complete": False,
        "changes": [],
        "counts": {word: outcomes.count(word) for word in ("pass", "fail", "skip", "unknown")},
        "results": list(results),
        **more,
    }


def row(page: Page, check: str) -> Any:
    """The state of a check beside its paragraph."""
    return page.locator(f'[id="{check}"] > .live-row')


def opened(page: Page, address: str, state: str) -> None:
    """Goes to a page, and waits until its box of live checks is in this state.

    Chromium fails what it is loading when a network appears (ERR_NETWORK_CHANGED), and stacks beside this test make
    networks: such a page is loaded again, as a reader would.
    """
    box = page.locator(f".course-live[data-state={state}]")
    for _ in range(4):
        with contextlib.suppress(Error):
            page.goto(address)
            box.wait_for(timeout=10_000)
            return
    page.goto(address)
    box.wait_for(timeout=30_000)


def live(page: Page, address: str) -> None:
    opened(page, address, "live")


def checked(folder: Path, variables: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
    """`grader check` as in another terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "grader", "check", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root()), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
