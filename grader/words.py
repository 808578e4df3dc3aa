"""What the commands beside `check` say: lists, explanations, plans, findings."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote

from grader.catalog import Catalog
from grader.course import Laid
from grader.doctor import Finding
from grader.model import AnyCheck, Lab, Weight
from grader.plan import Plan
from grader.progress import PastRun, last_known
from grader.render.style import Style
from grader.render.tally import plural
from grader.text import continued

WEIGHTS = {
    Weight.BLOCKER: "blocker: without it this is not production",
    Weight.MAJOR: "major: the lab is complete only with it",
    Weight.MINOR: "minor: polish",
    Weight.GUARD: "guard: looks after the grading itself",
}


def labs(catalog: Catalog, style: Style) -> str:
    lines = []
    for lab in catalog.labs:
        name = style.paint(f"{lab.id:<18}", "bold")
        size = f"{lab.minutes} minutes, {plural(len(lab.checks), 'check')}"
        lines.append(f"{name} {lab.title} ({size})")
    return "\n".join(lines) + "\n"


def checks(catalog: Catalog, chosen: Sequence[Lab], style: Style) -> str:
    lines: list[str] = []
    for lab in chosen:
        for step in lab.steps:
            lines.append(style.paint(f"{lab.id}: {step.title}", "bold"))
            lines += [f"  {name:<36} {catalog.checks[name].title}" for name in step.checks]
    return "\n".join(lines) + "\n"


def explain(check: AnyCheck, page: str, taught: str, style: Style) -> str:
    rows = [
        style.paint(f"{check.id}: {check.title}", "bold"),
        "",
        style.wrap(f"It passes when {continued(check.rule)}", "  "),
        "",
        *(style.wrap(" ".join(part.split()), "  ") for part in check.why.split("\n\n")),
        "",
        style.wrap(check.fix, "             ", "  start      "),
        f"  weight     {WEIGHTS[check.weight]}",
        f"  asked      {probe_in_words(check)}",
        *([style.wrap(", ".join(check.needs), "             ", "  needs      ")] if check.needs else []),
        *([f"  taught in  {taught}"] if taught else []),
        style.wrap(check.source, "             ", "  source     "),
        f"  page       {page}",
    ]
    return "\n".join(rows) + "\n"


def plan(chosen: Plan, style: Style) -> str:
    rows: list[str] = []
    seen: set[str] = set()
    calm = [check for check in chosen.asked if not (check.disturbs or check.probe.alone)]
    late = [check for check in chosen.asked if check not in calm]
    for heading, checks in (
        ("Asked side by side, what takes longest first:", sorted(calm, key=lambda check: -check.probe.seconds)),
        ("Then one after the other, what disturbs last:", sorted(late, key=lambda check: check.disturbs)),
    ):
        rows += [style.paint(heading, "bold")] if checks else []
        for check in checks:
            shared = " (the same look)" if repr(check.probe) in seen else ""
            seen.add(repr(check.probe))
            rows.append(f"  {check.id:<36} {probe_in_words(check)}{shared}")
    if chosen.left_out:
        rows.append(style.paint("Left out:", "bold"))
        rows += [f"  {check.id:<36} {probe_in_words(check)}" for check in chosen.left_out]
    disturbing = [check for check in chosen.asked if check.disturbs]
    rows.append(
        f"\n{plural(len(disturbing), 'check')} of {len(chosen.asked)} disturb the stack for a while and put it back."
        if disturbing
        else "\nNothing disturbs the stack."
    )
    return "\n".join(rows) + "\n"


def disturbances(chosen: Plan) -> str:
    """What a run would do to a stack beside looking at it, before it does."""
    rows = [f"  {check.id:<36} {check.title}" for check in chosen.asked if check.disturbs]
    rows = ["To see how the stack takes it, services are stopped, frozen, killed and reloaded for these checks:", *rows]
    return "\n".join([*rows, "Each is put back at once; visitors may notice. The rest only looks.", ""])


def probe_in_words(check: AnyCheck) -> str:
    how = "disturbs the stack" if check.disturbs else "measures time, alone" if check.probe.alone else "looks only"
    return f"{how}, about {check.probe.seconds:g} s"


def findings(found: Sequence[Finding], style: Style) -> str:
    rows = []
    for finding in found:
        word = style.paint("  ok  ", "green") if finding.good else style.paint("  FAIL", "red")
        rows.append(style.wrap(finding.seen, " " * 26, f"{word}  {finding.name:<17} "))
        if not finding.good:
            rows.append(style.wrap(finding.action, " " * 14, "        do: "))
    bad = sum(1 for finding in found if not finding.good)
    rows.append(
        f"\n{plural(bad, 'thing')} to mend, the first one first."
        if bad
        else "\nThis machine is ready. Next: grader start"
    )
    return "\n".join(rows) + "\n"


def laid(result: Laid, shown: Callable[[Path], str], style: Style) -> str:
    where = shown(result.workspace)
    rows = [f"{where}: {plural(len(result.written), 'file')} written."]
    if not result.written and not result.set_aside:
        rows = [f"{where}: nothing to write, it is laid out already."]
    rows += [f"  kept yours: {name}" for name in result.kept]
    rows += [f"  kept yours as {place}; {name} is the course's again" for name, place in result.set_aside]
    rows.append(f"\nNext:\n  cd {quote(where)}\n  docker compose up -d --build --wait\n  grader check")
    return "\n".join(rows) + "\n"


def status(catalog: Catalog, runs: dict[str, tuple[PastRun, ...]], style: Style) -> str:
    """Each lab with what is known of its checks: a run that left something out does not make that unknown again."""
    rows = []
    for lab in catalog.labs:
        past = runs.get(lab.id, ())
        name = style.paint(f"{lab.id:<18}", "bold")
        if not past:
            rows.append(f"{name} not checked yet")
            continue
        known = last_known(past)
        failing = [check for check in lab.checks if known.get(check) is False]
        held = sum(1 for check in lab.checks if known.get(check))
        done = any(run.complete for run in past) and not failing
        state = style.paint("complete", "green") if done else f"{held} of {len(lab.checks)} hold"
        rows.append(f"{name} {state} ({plural(len(past), 'run')}, last {past[-1].started})")
        rows += [f"{'':<18}   fails: {check}{_until(check, past)}" for check in failing]
    return "\n".join(rows) + "\n"


def _until(check: str, past: Sequence[PastRun]) -> str:
    """Since when a check fails, when it has passed before."""
    last = next((run.started for run in reversed(past) if check in run.passed), "")
    return f" (passed until {last})" if last else ""


def hint(title: str, text: str, level: int, levels: int, style: Style) -> str:
    body = style.wrap(text, "  ")
    more = "`grader hint` again says more." if level + 1 < levels else "`grader diff` shows the reference solution."
    return f"{style.paint(title, 'bold')} (hint {level + 1} of {levels})\n{body}\n\n{more}\n"


def paragraph(text: str) -> str:
    return textwrap.fill(text, width=80, break_long_words=False, break_on_hyphens=False) + "\n"
