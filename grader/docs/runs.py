"""The pages that show what was run on real stacks, out of the files in which that was written down."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from grader.catalog import Catalog, page_folder

RESTORED = "tests/restore/results.json"
BREAKS, JUDGED = "tests/mutations/results.json", "tests/mutations/judged.toml"
HEADROOM = "stack.host-headroom"  # says that the machine was busy, and keeps nothing else from being judged
LONGEST = 80  # characters that a cell of a table shows of a break
STOPPED, RED, LATER, NOBODY = "would not start", "red", "red in a later lab", "nobody"
MATRIX = "tests/matrix.json"
KINDS = {"starter": "starters", "solution": "reference solutions", "mutant": "mutants", "variant": "variants"}
BUSY = "tests/noise/results.json"
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")


def restored(base: Path, catalog: Catalog) -> str:
    """For every disturbing probe, how often the grader was killed in it, and what the repair did not put back."""
    every = _read(base / RESTORED)
    entries = [entry for entry in every if entry["landed"]]
    probes: dict[str, list[str]] = {}
    for check in (catalog.checks[name] for lab in catalog.labs for name in lab.checks):
        if check.disturbs:
            probes.setdefault(type(check.probe).__name__, []).append(check.id)
    lines = [
        f"| checks | {' | '.join(SIGNALS)} | with an open undo | repair killed, too | not as before |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for probe, checks in probes.items():
        these = [entry for entry in entries if entry["probe"] == probe]
        signals = Counter(str(entry["signal"]) for entry in these)
        counts = [signals[name] for name in SIGNALS]
        counts += [sum(bool(entry[name]) for entry in these) for name in ("open", "again", "wrong")]
        shown = "<br>".join(_link(catalog, name) for name in checks)
        lines.append(f"| {shown} | {' | '.join(map(str, counts))} |")
    took = max((float(entry["took"]) for entry in entries if entry["signal"] != SIGNALS[0]), default=0.0)
    lines += [
        "",
        f"{len(entries)} kills in all. {len(every) - len(entries)} more came when the check was over already: they "
        "are not counted. From Ctrl-C or SIGTERM to the grader's end, with everything put back, it took "
        f"{took:.0f} s at most.",
        "",
    ]
    left = [(entry, "; ".join(entry["wrong"]).replace("<", "&lt;")) for entry in every if entry["wrong"]]
    lines += [f"- {entry['probe']}, {entry['signal']}: {text}" for entry, text in left]
    return "\n".join([*lines, "", *_where(every)])


def busy(base: Path) -> str:
    """For every stack that was checked while all cores were busy: what was wrong, and what was unknown, how often."""
    entries = _read(base / BUSY)
    lines = ["| stack | asked | runs | wrong | unknown |", "|---|---|--:|---|---|"]
    for stack in dict.fromkeys(str(entry["stack"]) for entry in entries):
        these = [entry for entry in entries if entry["stack"] == stack]
        asked = ", ".join(f"`{name}`" for name in these[0]["checks"]) or "everything"
        shown = [_counted(Counter(name for entry in these for name in entry[kind])) for kind in ("wrong", "unknown")]
        lines.append(f"| `{stack}` | {asked} | {len(these)} | {' | '.join(shown)} |")
    return "\n".join([*lines, "", *_beside(entries), *_where(entries)])


def _beside(entries: list[dict[str, Any]]) -> list[str]:
    """What else the machine did meanwhile."""
    loads, stacks = (sorted({int(entry[name]) for entry in entries}) for name in ("load", "at_once"))
    if not entries:
        return []
    return [
        f"Checked beside {_or(loads)} processes that never rest, and as one of {_or(stacks)} stacks at once: each is "
        "more load for the others.\n"
    ]


def _or(numbers: list[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}" if first else last


def verdicts(base: Path) -> str:
    """How many verdicts were given to how many stacks, and which of them were wrong."""
    quiet, noisy = _read(base / MATRIX), _read(base / BUSY)
    rows = []
    for kind, name in KINDS.items():
        these = [entry for entry in quiet if entry["kind"] == kind]
        given = sum(entry["pass"] + entry["fail"] for entry in these)
        wrong = [Counter(check for entry in these for check in entry[f"false_{word}"]) for word in ("pass", "fail")]
        rows.append((name, len(these), given, *wrong, sum(entry["unknown"] for entry in these)))
    for kind in ("solution", "mutant"):
        these = [entry for entry in noisy if entry["kind"] == kind]
        given = sum(entry["passed"] + entry["failed"] for entry in these)
        said = [(check, text) for entry in these for check, text in entry["wrong"].items()]
        wrong = [Counter(check for check, text in said if text.startswith(word)) for word in ("pass", "fail")]
        name = f"{KINDS[kind]}, all cores busy (runs)"
        rows.append((name, len(these), given, *wrong, sum(len(entry["unknown"]) for entry in these)))
    lines = [
        "| what was asked | stacks | verdicts | green, though broken | red, though right | unknown |",
        "|---|--:|--:|---|---|--:|",
        *(
            f"| {name} | {stacks} | {given} | {_counted(green)} | {_counted(red)} | {unknown} |"
            for name, stacks, given, green, red, unknown in rows
            if stacks
        ),
    ]
    return "\n".join([*lines, "", *_where([*quiet, *noisy])])


def broken(base: Path, catalog: Catalog) -> str:
    """For each lab, how many systematic breaks of its solution were noticed, and why the others do not matter."""
    results = _found(base / BREAKS)
    reasons = tomllib.loads(_text(base / JUDGED))
    lines = ["| solution | breaks | would not start | red | red in a later lab | nobody |", "|---|--:|--:|--:|--:|--:|"]
    survivors: list[str] = []
    for lab in catalog.labs:
        these = {name: found for name, found in sorted(results.items()) if name.startswith(f"{lab.id}/")}
        if not these:
            continue
        ways = Counter(noticed(found) for found in these.values())
        counts = (len(these), *(ways[way] for way in (STOPPED, RED, LATER, NOBODY)))
        lines.append(f"| {lab.id} | {' | '.join(map(str, counts))} |")
        survivors += [name for name, found in these.items() if noticed(found) == NOBODY]
    lines += ["", "| what was changed | why no check minds |", "|---|---|"]
    for name in survivors:
        open_still = "" if "later" in results[name] else " (Not asked every check yet.)"
        lines.append(
            f"| {_change(name)} | {_unsure(results[name])}{reasons.get(name, 'Not judged yet.')}{open_still} |"
        )
    days = sorted({found["day"] for found in results.values()})
    return "\n".join([*lines, "", f"Run from {days[0]} to {days[-1]}.\n" if days else ""])


def noticed(found: dict[str, Any]) -> str:
    """Who noticed a break: STOPPED, RED, LATER or NOBODY."""
    if found["noticed"]:
        return STOPPED if found["noticed"] == ["start"] else RED
    return LATER if found.get("later", {}).get("noticed") else NOBODY


def _unsure(found: dict[str, Any]) -> str:
    """Which checks said that they could not tell, of those that are not about the machine."""
    last = found.get("later") or found
    names = [f"`{name}`" for name in last.get("unknown", ()) if "later" in found and name != HEADROOM]
    return f"Unknown to {', '.join(names)}. " if names else ""


def _change(name: str) -> str:
    """What a break does, short enough for a cell of a table: of a long statement the words that change."""
    file, _, what = name.partition("/")[2].partition(": ")
    old, _, new = what.partition("` as `")
    if len(what) > LONGEST and new:
        left, right = old.strip("`").split(), new.rpartition("`")[0].split()
        gone = (Counter(left) - Counter(right)).elements()
        come = list((Counter(right) - Counter(left)).elements())
        what = f"`{' '.join(gone)}` {f'as `{chr(32).join(come)}`' if come else 'left out'}, in `{' '.join(left[:3])} …`"
    elif len(what) > LONGEST:
        what = f"{what[:LONGEST]} …`"
    return f"{file}: {what}".replace("|", "\\|")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _found(path: Path) -> dict[str, dict[str, Any]]:
    return dict(json.loads(_text(path) or "{}"))


def _counted(names: Counter[str]) -> str:
    return "<br>".join(f"`{name}` {count}×" for name, count in sorted(names.items())) or "nothing"


def _read(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else []


def _where(entries: list[dict[str, Any]]) -> list[str]:
    """On which machines, and when."""
    days: dict[str, set[str]] = {}
    for entry in entries:
        days.setdefault(str(entry["versions"]), set()).add(str(entry["day"]))
    return [f"Run with {versions}, {' and '.join(sorted(on))}.\n" for versions, on in sorted(days.items())]


def _link(catalog: Catalog, name: str) -> str:
    owner = catalog.owner(name)
    return f"[`{name}`](../{page_folder(owner[0])}/{owner[0].id}.md#{name})" if owner else f"`{name}`"
