"""Whether the grader came through: its verdicts, its bounds, what it showed and where it connected."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from tests.hostile.harness import Graded, Hostile

MEMORY = 150  # MB that the grader may take
OPENING = 20.0  # seconds beside those that its probes are given: until a sidecar that cannot be started is given up
OURS = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[K")  # what the grader itself writes: colours, and one line again
HARMFUL = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800"


def problems(case: Hostile, graded: Graded) -> list[str]:
    """Everything that is not as it must be; empty when the grader came through."""
    found = [*_verdicts(case, graded), *_bounds(graded), *_texts(graded), *_places(graded)]
    if graded.stderr:
        found.append(f"on standard error: {graded.stderr[-2000:]}")
    if graded.left and not case.holds:
        found.append(f"containers of the grader's own are left: {graded.left}")
    if graded.journal:
        found.append(f"the journal is open: {graded.journal}")
    if not case.changes and graded.before != graded.after:
        found.append(f"the stack is not as it was: {graded.before} {graded.after}")
    return found


def disturbed(case: Hostile, graded: Graded) -> bool:
    """Whether a verdict is missing only because other tests kept the machine busy."""
    busy = (name for name, one in graded.results.items() if one["reason"] == "noisy host")
    return any(not _as_wanted(case, graded, name) for name in busy)


def _verdicts(case: Hostile, graded: Graded) -> Iterator[str]:
    for name, one in graded.results.items():
        if one["reason"] == "grader bug":
            yield f"{name}: {one['because']}"
        if not _as_wanted(case, graded, name):
            yield f"{name} should be {case.verdicts[name]}, is {_seen(one)}: {one['because']}"
    missing = set(case.verdicts) - set(graded.results)
    if missing:
        yield f"not asked: {missing}"
    if case.says and not any(case.says in one["because"] for one in graded.results.values()):
        yield f"nothing says {case.says!r}: {[one['because'] for one in graded.results.values()]}"


def _as_wanted(case: Hostile, graded: Graded, name: str) -> bool:
    """A red that is expected of a stack needs no quiet machine, as in the gate: it confirms what is known of it."""
    wanted = tuple(case.verdicts[name].split(" or "))
    return _seen(graded.results[name]).startswith(wanted) or (name in graded.told["red"] and "fail" in wanted)


def _seen(one: Mapping[str, Any]) -> str:
    return f"{one['outcome']} ({one['reason']})" if one["reason"] else str(one["outcome"])


def _bounds(graded: Graded) -> Iterator[str]:
    if graded.told["peak"] > MEMORY:
        yield f"the grader took {graded.told['peak']} MB"
    if graded.told["seconds"] > graded.told["limit"] + OPENING:
        yield f"it took {graded.told['seconds']:.1f} s; its probes have {graded.told['limit']:.1f} s"


def _texts(graded: Graded) -> Iterator[str]:
    for what, text in (
        ("the terminal", OURS.sub("", graded.terminal)),
        ("JSON", graded.told["json"]),
        ("what JSON holds", "\n".join(_strings(json.loads(graded.told["json"])))),
        ("JUnit", graded.told["junit"]),
        ("HTML", graded.told["html"]),
        ("Markdown", graded.told["markdown"]),
        ("what JUnit holds", "\n".join(_xml(ElementTree.fromstring(graded.told["junit"])))),
    ):
        bad = sorted({f"U+{ord(char):04X}" for char in text if char != "\n" and harmful(char)})
        if bad:
            yield f"{what} holds {', '.join(bad)}: {text[:3000]!r}"
    if "<script" in graded.told["html"].lower():
        yield "HTML holds a script"
    for one in graded.results.values():
        if one["reproduce"] and "touch" in one["reproduce"] and runs_touch(one["reproduce"]):
            yield f"whoever pastes it runs what the stack wants: {one['reproduce']}"


def runs_touch(command: str) -> bool:
    """Whether a shell would run the word that hostile stacks smuggle into commands."""
    words = list(shlex.shlex(command, posix=True, punctuation_chars=True))
    return any(word == "touch" and set(before) <= set("();<>|&") for before, word in pairwise(words))


def harmful(char: str) -> bool:
    """Whether a character does something to a terminal or a reader other than being seen."""
    return unicodedata.category(char) in HARMFUL or char in UNSEEN


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (str(key), *_strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _xml(element: ElementTree.Element) -> Iterator[str]:
    for one in element.iter():
        yield from (one.text or "", *one.attrib.values())


def _places(graded: Graded) -> Iterator[str]:
    engine = graded.told["engine"].removeprefix("unix://")
    for place in graded.told["connected"]:
        if not place.startswith("/") and place not in graded.reachable and place not in engine:
            yield f"connected to {place}, which is no port of this project"
    for place in graded.told["beside"]:
        if not place.startswith("/proc/") and place not in {"127.0.0.1", "::1"} and place not in graded.reachable:
            yield f"a sidecar was sent to {place}"
    if graded.elsewhere:
        yield f"somebody asked the server that is none of the project's: {graded.elsewhere}"
