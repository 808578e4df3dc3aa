"""A report with every kind of result, made by hand: what renderers are tested on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from grader.model import (
    Check,
    Lab,
    Reason,
    Report,
    Result,
    Role,
    Step,
    Verdict,
    Weight,
    failed,
    passed,
    skipped,
    unknown,
)


@dataclass(frozen=True)
class Look:
    name: str
    disturbs: bool = False
    alone: bool = False
    last: bool = False
    ahead: tuple[Any, ...] = ()
    seconds: float = 1.0
    runs: str = ""

    def ask(self, stack: object, /) -> str:
        return self.name


def check(name: str, title: str, weight: Weight = Weight.MAJOR, needs: tuple[str, ...] = ()) -> Check[str]:
    def judge(evidence: str) -> Verdict:
        return passed(evidence)

    return Check(name, title, f"rule of {name}", f"why {name}", weight, Look(name), judge, needs, "RFC 9110", "look")


PASSES = check("net.listens", "The app listens where others can reach it", Weight.BLOCKER)
FAILS = check("debug.debugger-off", "The debugger is not reachable", Weight.BLOCKER)
WAITS = check("debug.mode-off", "Debug mode is off", needs=("debug.debugger-off",))
WAITS_TOO = check("errors.generic", "Error pages say nothing", needs=("debug.mode-off",))
UNSURE = check("server.concurrent", "Slow requests do not block each other")
NOT_HERE = check("server.heartbeat", "Heartbeat files live in memory", Weight.MINOR)
LEFT_OUT = check("stack.cold-start", "The stack comes up from nothing")
OLD = check("stack.up", "Every service runs", Weight.BLOCKER)

LAB = Lab(
    id="lab2-sample",
    title="A sample",
    after="lab1-sample",
    minutes=5,
    stack="compose://compose.yaml",
    roles=(("app", "app"),),
    steps=(
        Step("first", "Reach the app", (PASSES.id, NOT_HERE.id)),
        Step("second", "Switch the debugger off", (FAILS.id, WAITS.id, WAITS_TOO.id)),
        Step("third", "Serve several at once", (UNSURE.id, LEFT_OUT.id)),
    ),
    starter_fails=frozenset(),
)
LONG = (
    "GET /?__debugger__=yes&cmd=resource&f=debugger.js answered 200 with 10068 bytes of the debugger's own JavaScript, "
    "through the edge and on port 8000 of the app"
)
RESULTS = (
    Result(OLD, passed("2 services run"), 0.3),
    Result(PASSES, passed("0.0.0.0:8000"), 0.12),
    Result(NOT_HERE, skipped("the server keeps no heartbeat files"), 0.01),
    Result(
        FAILS,
        failed(
            LONG,
            hint="look at the command that starts the app",
            reproduce="curl -si 'http://localhost:8080/?__debugger__=yes&cmd=resource&f=debugger.js' | head -5",
            shows="^HTTP/.* 200",
        ),
        0.5,
    ),
    Result(WAITS, skipped("blocked by debug.debugger-off", Reason.BLOCKED), 0.0),
    Result(WAITS_TOO, skipped("blocked by debug.mode-off", Reason.BLOCKED), 0.0),
    Result(UNSURE, unknown(Reason.NOISY_HOST, "the control took 0.4 s", "close other programs"), 2.0),
    Result(LEFT_OUT, skipped("ask with --deep", Reason.LEFT_OUT), 0.0),
)
REPORT = Report(
    lab=LAB,
    stack="lab2-sample",
    services=("app",),
    roles=(Role("edge", ("app",), "publishes 127.0.0.1:8080"), Role("app", ("app",), "gunicorn listens on port 8000")),
    results=RESULTS,
    started=1_790_000_000.0,
    seconds=12.34,
)
SHORT_LAB = replace(LAB, steps=(Step("first", "Reach the app", (PASSES.id, NOT_HERE.id)),))
ALL_GREEN = Report(SHORT_LAB, "lab2-sample", ("app",), (), RESULTS[:3], 0.0, 1.0)


def with_results(results: tuple[Result, ...]) -> Report:
    return replace(REPORT, results=results)
