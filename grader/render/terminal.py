"""The report for a terminal: a header, a line a check, what to do about a failure, and one last line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.model import Lab, Outcome, Reason, Report, Result, Role, Weight, not_owed
from grader.render.style import Style
from grader.render.tally import in_words, plural
from grader.text import clean, plain

MARGIN = " " * 11  # under the title
NAMED = 3  # checks or files that are named before "and n more"


def header(lab: Lab, stack: str, roles: Iterable[Role], services: Sequence[str], style: Style) -> str:
    """Lab, services and the roles they were given, and why."""
    lines = [style.paint(f"{lab.id}: {lab.title}", "bold"), f"  stack {clean(stack)}, running: {_listed(services)}"]
    for role in roles:
        text = f"{_listed(role.services)} ({clean(role.why)})" if role.services else f"nobody ({clean(role.why)})"
        lines.append(style.wrap(text, " " * 8, f"  {role.name:<5} "))
    return "\n".join(lines) + "\n"


def heading(title: str, style: Style) -> str:
    return "\n" + style.paint(title, "bold") + "\n"


def line(result: Result, page: str, blocked: Sequence[str], style: Style) -> str:
    """One check. A failure says what was seen, where to look, how to see it oneself, and where to read on.

    `blocked` are the checks that wait for this one; they are folded under it.
    """
    word = style.word(result.outcome)
    text = clean(result.check.title)
    verdict = result.verdict
    if result.outcome is Outcome.PASS:
        return f"  {word}  {text}\n"
    if result.outcome is Outcome.SKIP:
        return f"  {word}  {style.paint(text, 'dim')}\n" + _row("", verdict.because, style)
    weight = f" ({result.check.weight.name.lower()})" if result.outcome is Outcome.FAIL else ""
    out = f"  {word}  {style.paint(text + weight, 'bold')}\n"
    if result.outcome is Outcome.UNKNOWN:
        out += _row(f"could not tell ({verdict.reason}): ", verdict.because, style)
        out += _row("try: ", verdict.hint, style)
        return out + _waiting(blocked, style)
    out += _row("seen: ", verdict.because, style)
    out += _row("look: ", verdict.hint, style)
    if verdict.reproduce:
        out += f"{MARGIN}see it: {style.paint(verdict.reproduce, 'cyan')}\n"
        unsure = f"not by itself: {verdict.not_shown}" if verdict.not_shown else ""
        out += _row("shows: ", plain(verdict.shows) or unsure, style)
    out += f"{MARGIN}read: {style.paint(page, 'dim')}\n"
    return out + _waiting(blocked, style)


def earlier(results: Sequence[Result], style: Style) -> str:
    """The one line for the checks of earlier labs that hold."""
    held = sum(1 for result in results if result.outcome is Outcome.PASS)
    verb = "holds" if held == 1 else "hold"
    out = f"  {style.word(Outcome.PASS)}  {plural(held, 'check')} of earlier labs still {verb}\n" if held else ""
    waived = [result for result in results if not_owed(result) and result.verdict.reason is Reason.NOT_APPLICABLE]
    for result in waived:
        out += f"  {style.word(Outcome.SKIP)}  {style.paint(result.check.id, 'dim')}\n"
        out += _row("", result.verdict.because, style)
    return out


def summary(report: Report, next_step: str, style: Style, changed: Sequence[str] = ()) -> str:
    """The last line: the counts, the time, and the one thing to do next.

    Before it, the files that were `changed` after the stack was started, which it may not have.
    """
    text = in_words(report)
    colour = "red" if report.count(Outcome.FAIL) else "green" if report.complete else "bold"
    said = style.wrap(f"{text}, in {report.seconds:.1f} s.", "")
    return f"\n{style.paint(said, colour)}\n{_not_in_it(changed, style)}{style.wrap(next_step, '      ', 'Next: ')}\n"


def _not_in_it(changed: Sequence[str], style: Style) -> str:
    if not changed:
        return ""
    text = (
        f"{_first(changed)} changed after the stack was started. `docker compose up -d --build --wait` brings that in; "
        "what is mounted may want a restart of its service."
    )
    return style.wrap(text, "      ", "Note: ") + "\n"


def unjudged(results: Iterable[Result], style: Style) -> str:
    """What does not apply, by what it would need: one row for each reason, with the checks that share it."""
    by_reason: dict[str, list[str]] = {}
    for result in results:
        if result.verdict.reason is Reason.NOT_APPLICABLE and result.outcome is Outcome.SKIP:
            by_reason.setdefault(result.verdict.because, []).append(result.check.id)
    out = heading("Not judged, and what it would need", style) if by_reason else ""
    for because, names in by_reason.items():
        out += (
            style.wrap(because, "    ", "  ") + "\n" + style.paint(style.wrap(", ".join(names), "    "), "dim") + "\n"
        )
    return out


def all_waits(style: Style) -> str:
    """What stands under the heading of a step of which nothing could be asked."""
    return style.paint("  waits    for what failed in another step", "dim") + "\n"


def next_step(report: Report, follow_up: str) -> str:
    """The one thing to do next; `follow_up` is what comes after a lab that is complete."""
    failures = [result for result in report.results if result.outcome is Outcome.FAIL]
    worst = max(failures, key=lambda result: result.check.weight, default=None)
    if worst and report.complete:
        names, verb = _listed([result.check.id for result in failures]), "is" if len(failures) == 1 else "are"
        return f"{report.lab.id} is complete; {names} {verb} the polish that is left. {_slower(report)}{follow_up}"
    if worst and worst.check.weight >= Weight.MAJOR:
        return _mend(worst)
    troubles = [result for result in report.results if result.outcome is Outcome.UNKNOWN]
    if troubles:
        return troubles[0].verdict.hint or f"`grader explain {troubles[0].check.id}`, then `grader check` again."
    if not report.judged:
        return "`grader list --checks` shows what there is to check."
    if not report.whole:
        quick = any(r.verdict.reason is Reason.LEFT_OUT and not r.check.deep for r in report.results)
        return f"`grader check`{' without --quick' if quick else ''} asks the rest."
    return _mend(worst) if worst else f"{report.lab.id} is complete. {_slower(report)}{follow_up}"


def _slower(report: Report) -> str:
    """What a complete lab was not asked, because it takes long: it is not owed, and has not been seen either."""
    slow = sum(1 for r in report.results if r.check.deep and r.verdict.reason is Reason.LEFT_OUT)
    return f"`grader check --deep` asks {plural(slow, 'slow check')} more. " if slow else ""


def _mend(worst: Result) -> str:
    return f"mend {worst.check.id}, then run `grader check` again (`grader hint` helps)."


def progress(done: int, total: int, style: Style) -> str:
    """The line that stands below the report while it grows."""
    return style.paint(f"  … {done} of {total} checked", "dim")


def trouble(text: str, hint: str, style: Style) -> str:
    """Why nothing could be graded, and the next action."""
    action = style.wrap(clean(hint, 400), "      ", "Next: ") + "\n" if hint else ""
    return style.wrap(clean(text, 1000), "") + "\n" + action


def _row(label: str, text: str, style: Style) -> str:
    return style.wrap(text, MARGIN + " " * len(label), MARGIN + label) + "\n" if text else ""


def _waiting(blocked: Sequence[str], style: Style) -> str:
    if not blocked:
        return ""
    verb = "waits" if len(blocked) == 1 else "wait"
    text = f"{plural(len(blocked), 'check')} {verb} for this one: {_first(blocked)}"
    return style.paint(style.wrap(text, MARGIN + "  ", MARGIN), "dim") + "\n"


def _first(names: Sequence[str]) -> str:
    return _listed(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(clean(name, 40) for name in names) or "nothing"
