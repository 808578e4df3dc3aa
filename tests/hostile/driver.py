"""Grades one stack as `grader check` does, in a process of its own, and writes down what that took.

Standard output is the terminal report. The file that its one argument names says what to ask, and gets the rest.
"""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader import checking, show
from grader.catalog import load
from grader.checking import Target
from grader.gate.stacks import red_in_noise
from grader.model import Outcome, Report, Result
from grader.plan import Options, Plan
from grader.probes.base import wait_for
from grader.probes.stack import steady
from grader.render.data import to_json
from grader.render.html import to_html
from grader.render.junit import to_junit
from grader.render.markdown import to_markdown
from grader.render.style import Style
from grader.runner import EXTRA, PATIENCE
from grader.stacks.engine import address
from grader.stacks.sidecar import Sidecar

HAPPENS = 100.0  # seconds until that must have happened which happens in the middle of a run
connected: set[str] = set()
asked_beside: set[str] = set()
own: set[str] = set()


def listen(event: str, words: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        connected.add(words[1] if isinstance(words[1], str) else f"{words[1][0]}:{words[1][1]}")
    elif event == "socket.getaddrinfo":
        connected.add(f"{words[0]}:{words[1]}")


def main(file: Path) -> int:
    """Asks the checks that `file` names, each without what it needs beside them; returns the exit code."""
    told = json.loads(file.read_text(encoding="utf-8"))
    catalog = load()
    asked = [catalog.checks[name] for name in told["asks"]]
    checks = [replace(check, needs=tuple(need for need in check.needs if need in told["asks"])) for check in asked]
    chosen = Plan(tuple(checks), ())
    checking.plan = show.plan = lambda catalog, lab, options: chosen  # type: ignore[attr-defined]
    steady.SETTLE = 5.0  # not a minute: nothing here settles

    reports: list[Report] = []
    run = checking.run

    def kept(*words: Any, **named: Any) -> Report:
        on_result = named["on_result"]

        def held(result: Result) -> None:
            """The run goes on when that has happened which happens in the middle of it."""
            wait_for(lambda: file.with_suffix(".happened").exists() or not told["during"] or None, HAPPENS)
            on_result(result)

        named["on_result"] = held
        reports.append(run(*words, **named))
        return reports[0]

    checking.run = kept
    call = Sidecar.call

    def noted(self: Sidecar, op: str, seconds: float, /, **args: object) -> Any:
        if "address" in args:
            asked_beside.add(str(args["address"]))
        return call(self, op, seconds, **args)

    Sidecar.call = noted  # type: ignore[method-assign]
    opened = socket.socket.listen

    def own_server(self: socket.socket, *words: int) -> None:
        opened(self, *words)
        own.add(f"127.0.0.1:{self.getsockname()[1]}")  # to try old TLS on, say

    socket.socket.listen = own_server  # type: ignore[method-assign, assignment]
    sys.addaudithook(listen)

    target = Target(catalog.lab("lab1"), None, f"compose://{told['project']}")
    style = Style(colour=True, live=True)
    shown = show.Show(catalog, target, Options(), form="terminal", files=(), style=style, write=_write)
    code = shown.once()
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    report = reports[0]
    told |= {
        "code": code,
        "json": to_json(report, catalog.page, shown._owner),
        "junit": to_junit(report),
        "html": to_html(report, catalog.page),
        "markdown": to_markdown(report, catalog.page),
        "seconds": report.seconds,
        "limit": sum(PATIENCE * probe.seconds + EXTRA for probe in {check.probe for check in checks}),
        "peak": peak,
        "connected": sorted(connected - own),
        "beside": sorted(asked_beside),
        "engine": address() or "",
        "red": [one.check.id for one in report.results if red_in_noise(one).outcome is Outcome.FAIL],
    }
    file.write_text(json.dumps(told), encoding="utf-8")
    return 0


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
