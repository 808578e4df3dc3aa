"""What the pages show of the worker simulator and of the followed request, out of what was recorded on real stacks."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

RECORDED = "docs/_recorded/simulator"  # one file a setting: every request, and when it was answered
CALIBRATION = f"{RECORDED}/calibration.json"
JUDGED = "docs/_recorded/simulator.json"  # what the model says to the same requests
TRACE = "docs/_recorded/trace.json"
NOTE = "// Written by `grader docs` from the recordings. Change those, not this file.\n"


def parameters(base: Path) -> dict[str, Any]:
    """What the model takes from the calibration: seconds for `overhead` and `boot`, megabytes for `memory`.

    The overhead is the median time that a request took besides its own work, while hardly anybody else asked.
    """
    seen = _read(base / CALIBRATION)
    beside = [latency - seconds for _, seconds, _, latency, status, _ in seen["requests"] if status == 200]
    arbiter, *workers = seen["memory_kb"]
    return {
        "timeout": seen["timeout"],
        "overhead": round(statistics.median(beside), 4),
        "boot": seen["boot"],
        "memory": {"arbiter": round(arbiter / 1024, 1), "worker": round(statistics.mean(workers) / 1024, 1)},
    }


def module(base: Path) -> str:
    """The same as a module that the simulator imports."""
    return f"{NOTE}export const MEASURED = {json.dumps(parameters(base), indent=2)};\n"


def compared(base: Path) -> str:
    """Measured and modelled, side by side, for each setting."""
    lines = [f"| setting | {' | '.join(map(_head, ('p50', 'p95', 'memory')))} |", "|---|--:|--:|--:|"]
    for entry in _read(base / JUDGED):
        seen, said = entry["measured"], entry["model"]
        used = sum(_read(base / RECORDED / f"{entry['name']}.json")["memory_kb"]) / 1024
        cells = (
            entry["title"],
            _beside(seen["p50"], said["p50"], "{:.2f} s"),
            _beside(seen["p95"], said["p95"], "{:.2f} s"),
            _beside(used, said["memory"], "{:.0f} MB"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def how(base: Path) -> str:
    """Under which conditions it was measured, and what the model was told beforehand."""
    told = parameters(base)
    seen = [_read(base / RECORDED / f"{entry['name']}.json") for entry in _read(base / JUDGED)]
    versions = {name: number for recording in seen for name, number in recording["versions"].items()}
    days = " and ".join(sorted({recording["day"] for recording in seen}))
    named = ", ".join(f"{name.capitalize()} {number}" for name, number in versions.items())
    late = max(recording["late"]["p95"] for recording in seen) * 1000
    loads = [recording["load"] for recording in seen]
    memory = told["memory"]
    return (
        "Times are those of the visitors that were not slow themselves. The model was told four numbers first. All "
        "are from one more run, with two workers and hardly any load, and they are the same for every row: a request "
        f"takes {told['overhead'] * 1000:.1f} ms beside its own work, a new worker needs {told['boot']:.2f} s to load "
        f"the app, Gunicorn's arbiter takes {memory['arbiter']:.0f} MB and each worker {memory['worker']:.0f} MB. "
        f"A worker that is silent for {told['timeout']} s is replaced, as lab 2's solution says.\n\n"
        f"Recorded on {days}, on a machine with {seen[0]['machine']}, with {named}. Others worked on that machine "
        f"meanwhile (load {min(loads):.0f} to {max(loads):.0f}), so the stacks got their cores first, by the weight of "
        "their control group. What was left of the noise: the sender took naps of 50 ms, and 95 of 100 ended less than "
        f"{late:.1f} ms late, also in the noisiest run.\n"
    )


def _beside(measured: float, modelled: float, form: str) -> str:
    off = f"{(modelled / measured - 1) * 100:+.0f}".replace("-0", "0").replace("+0", "0").replace("-", "\u2212")
    return f"{form.format(measured)}<br>{form.format(modelled)} ({off} %)".replace(" ", "\N{NO-BREAK SPACE}")


def _head(title: str) -> str:
    return f"{title} measured<br>in the model"


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def trace(base: Path) -> dict[str, str]:
    """What one request left at each place, by the name of the place."""
    seen = _read(base / TRACE)
    worker = str(seen["body"]["pid"])
    processes = [
        f"{said}    <- answered" if said.split()[0] == worker else said for said in seen["server"]["processes"]
    ]
    lines = {place: _screen("json", [seen[place]["line"]]) for place in ("edge", "app")}
    before, after = seen["metric"]["before"], seen["metric"]["after"]
    counted = [f"- {line}" for line in before] + [f"+ {line}" for line in after]
    return {
        "visitor": _screen("http", seen["sent"]),
        "edge": _times(seen),
        "server": _screen("text", processes),
        "app": _screen("json", json.dumps(seen["body"], indent=2).splitlines()),
        "logs": f"Nginx:\n\n{lines['edge']}\nThe app:\n\n{lines['app']}",
        "metric": _screen("diff", counted),
        "answer": _screen("http", seen["answer"]),
        "where": f"Recorded on {seen['day']}, on a machine with {seen['machine']}.\n",
    }


def _times(seen: dict[str, Any]) -> str:
    """When each part was over, for the visitor, for Nginx and for the app."""
    times, tls = seen["times_ms"], seen["tls"]
    edge, app = (json.loads(seen[place]["line"]) for place in ("edge", "app"))
    rows = [
        ("the connection was open after", times["connected"]),
        (f"both had agreed on {tls['version']} after", times["encrypted"]),
        ("the first byte of the answer was there after", times["first_byte"]),
        ("the answer was complete after", times["done"]),
        ("Nginx had the request for", edge["seconds"] * 1000),
        ("… and waited for the app", float(edge["app_seconds"]) * 1000),
        ("the app worked on it for", app["seconds"] * 1000),
    ]
    lines = ["| what | milliseconds |", "|---|--:|"]
    return "\n".join([*lines, *(f"| {what} | {_milliseconds(value)} |" for what, value in rows)]) + "\n"


def _milliseconds(value: float) -> str:
    """The lines know whole milliseconds only: 0 there means that it was over before the first."""
    return f"{value:g}" if value else "under 1"


def _screen(kind: str, lines: list[str]) -> str:
    return "\n".join((f"``` {{ .{kind} .output }}", *lines, "```", ""))
