"""The report as one HTML file for a colleague: no script, nothing fetched, and no text that could become markup."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

from grader import __version__
from grader.model import Outcome, Reason, Report, Result, Role, Since
from grader.render.since import ago
from grader.render.tally import in_words, is_address, plural, waiting_for, with_outcome
from grader.text import clean, continued, sentence

LONG = 4000  # characters of one text; the longest are paragraphs of ours
CHANGED = 60  # lines of what is configured otherwise
CODE = re.compile(r"`([^`]+)`")
STYLE = files("grader.render").joinpath("report.css").read_text(encoding="utf-8")
DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{DIGEST}'; base-uri 'none'; form-action 'none'"

MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.SKIP: "–", Outcome.UNKNOWN: "?"}
# The parts of the report, in this order.
TITLES = {
    Outcome.FAIL: "Failed",
    Outcome.UNKNOWN: "Could not be judged",
    Outcome.SKIP: "Not judged",
    Outcome.PASS: "Passed",
}
CAPTIONS = {Outcome.SKIP: "Checks that were not asked, and why", Outcome.PASS: "Checks that hold, and what was seen"}


def to_html(report: Report, page: Callable[[str], str], note: str = "") -> str:
    """`page` gives a check's page, a link when it is a whole address; `note` is said before the commands."""
    shown = [outcome for outcome in TITLES if report.count(outcome)]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_text(report.lab.title)}: {in_words(report)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            *_header(report, shown),
            "<main>",
            *_roles(report.roles),
            *(line for outcome in shown for line in _section(report, outcome, page, note)),
            "</main>",
            f"<footer><p>Written by the grader, version {_text(__version__)}.</p></footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _header(report: Report, shown: Iterable[Outcome]) -> Iterator[str]:
    started = datetime.fromtimestamp(report.started, UTC)
    yield "<header>"
    yield f'<p class="kind">What the grader found: <code>{_text(report.lab.id)}</code></p>'
    yield f"<h1>{_text(report.lab.title)}</h1>"
    yield f'<p class="verdict {report.outcome}">{_mark(report.outcome)} {_verdict(report)}</p>'
    yield '<dl class="facts">'
    yield f"<dt>Stack</dt><dd><code>{_text(report.stack)}</code></dd>"
    yield f"<dt>Services</dt><dd>{_codes(report.services)}</dd>"
    yield f'<dt>Looked at</dt><dd><time datetime="{started:%Y-%m-%dT%H:%M:%SZ}">{started:%Y-%m-%d %H:%M} UTC</time>'
    yield f"for {report.seconds:.1f} s</dd>"
    yield "</dl>"
    yield '<nav aria-label="Results"><ul class="counts">'
    for outcome in shown:
        count = f'<b class="{outcome}">{_mark(outcome)} {report.count(outcome)}</b>'
        yield f'<li><a href="#{outcome}">{count} <span>{TITLES[outcome].lower()}</span></a></li>'
    yield "</ul></nav>"
    yield "</header>"


def _verdict(report: Report) -> str:
    """The whole report in one line."""
    if report.outcome is Outcome.PASS:
        return f"{plural(len(report.judged), 'judged check')} passed, none failed"
    if report.outcome is Outcome.FAIL:
        return f"{report.count(Outcome.FAIL)} of {plural(len(report.judged), 'judged check')} failed"
    if not report.judged:
        return "Nothing could be judged"
    return f"Nothing failed, but {plural(report.count(Outcome.UNKNOWN), 'check')} could not be judged"


def _roles(roles: Iterable[Role]) -> Iterator[str]:
    yield '<section aria-labelledby="roles"><h2 id="roles">Who does what</h2>'
    yield '<table class="roles"><caption>What the grader takes each service for, and why</caption>'
    yield '<thead><tr><th scope="col">Role</th><th scope="col">Service</th><th scope="col">Why</th></tr></thead><tbody>'
    for role in roles:
        yield f'<tr><th scope="row">{_text(role.name)}</th><td>{_codes(role.services)}</td>'
        yield f"<td>{_rich(role.why)}</td></tr>"
    yield "</tbody></table></section>"


def _section(report: Report, outcome: Outcome, page: Callable[[str], str], note: str) -> Iterator[str]:
    results = with_outcome(report, outcome)
    yield f'<section aria-labelledby="{outcome}"><h2 id="{outcome}">'
    yield f'<span class="{outcome}">{_mark(outcome)}</span> {TITLES[outcome]} ({len(results)})</h2>'
    if note and any(result.verdict.reproduce for result in results):
        yield f'<p class="soft">{_rich(note)}</p>'
    if outcome in CAPTIONS:
        yield from _table(report, outcome)
    else:
        for result in results:
            yield from _article(report, result, page(result.check.id))
    yield "</section>"


def _article(report: Report, result: Result, page: str) -> Iterator[str]:
    """One check that needs somebody: what was seen, where to look, how to see it, why it matters."""
    check, verdict = result.check, result.verdict
    failed = result.outcome is Outcome.FAIL
    note = check.weight.name.lower() if failed else verdict.reason
    kind = "" if failed else ' class="doubt"'
    yield f'<article{kind} aria-labelledby="{check.id}">'
    yield f'<h3 id="{check.id}">{_rich(check.title)}</h3>'
    yield f'<p class="soft"><code>{check.id}</code> · {note}</p>'
    yield f"<dl><dt>Seen</dt><dd>{_rich(verdict.because)}</dd>"
    if result.since:
        yield f"<dt>Passed until</dt><dd>{_until(result.since)}</dd>"
    if verdict.hint:
        yield f"<dt>Where to look</dt><dd>{_rich(verdict.hint)}</dd>"
    if verdict.reproduce:
        yield f"<dt>See it yourself</dt><dd><pre><code>{_text(verdict.reproduce)}</code></pre></dd>"
    blocked = [other.check for other in report.results if other.verdict.reason is Reason.BLOCKED]
    waiting = waiting_for(check.id, blocked)
    if waiting:
        yield f"<dt>Waits for this one</dt><dd>{_codes(waiting)}</dd>"
    yield "</dl>"
    yield f"<details><summary>Why it matters</summary><p>It passes when {_rich(sentence(continued(check.rule)))}</p>"
    yield from (f"<p>{_rich(part)}</p>" for part in check.why.split("\n\n"))
    yield f"<p>Start here: {_rich(sentence(check.fix))} Source: {_rich(sentence(check.source))}</p></details>"
    linked = f'<a href="{_text(page)}">{_text(page)}</a>' if is_address(page) else f"<code>{_text(page)}</code>"
    yield f'<p class="soft">In the course: {linked}</p>'
    yield "</article>"


def _until(since: Since) -> str:
    """When it passed for the last time; what is configured otherwise since then is folded."""
    when = f"{datetime.fromtimestamp(since.at, UTC):%Y-%m-%d %H:%M} UTC, {ago(since.runs)}"
    lines = [line for change in since.changes or () for line in (change.name, *change.lines)]
    if not lines:
        return when
    more = [f"… and {plural(len(lines) - CHANGED, 'more line')}"] if len(lines) > CHANGED else []
    text = "\n".join(_text(line) if line[:1] != " " else f" {_text(line)}" for line in (*lines[:CHANGED], *more))
    return f"{when}<details><summary>What is configured otherwise since then</summary><pre>{text}</pre></details>"


def _table(report: Report, outcome: Outcome) -> Iterator[str]:
    """Two columns, in groups with the headings of the lab's steps."""
    said = "Why" if outcome is Outcome.SKIP else "Seen"
    yield f'<table class="results"><caption>{CAPTIONS[outcome]}</caption>'
    yield f'<thead><tr><th scope="col">Check</th><th scope="col">{said}</th></tr></thead>'
    for title, names in _groups(report):
        rows = [r for r in report.results if r.check.id in names and r.outcome is outcome]
        if rows:
            yield f'<tbody><tr><th scope="rowgroup" colspan="2">{_rich(title)}</th></tr>'
        for result in rows:
            name = f"{_rich(result.check.title)} <code>{result.check.id}</code>"
            yield f'<tr><th scope="row">{name}</th><td>{_rich(_because(result))}</td></tr>'
        if rows:
            yield "</tbody>"
    yield "</table>"


def _groups(report: Report) -> Iterator[tuple[str, frozenset[str]]]:
    own = frozenset(report.lab.checks)
    yield "Other labs", frozenset(result.check.id for result in report.results) - own
    for step in report.lab.steps:
        yield step.title, frozenset(step.checks)


def _because(result: Result) -> str:
    """With its reason, unless the words say that already."""
    because, reason = result.verdict.because, result.verdict.reason
    return because if not reason or because.startswith(reason) else f"{reason}: {because}"


def _mark(outcome: Outcome) -> str:
    return f'<span aria-hidden="true">{MARKS[outcome]}</span>'


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{_text(name)}</code>" for name in names) or "none"


def _text(text: str) -> str:
    return escape(clean(text, LONG))


def _rich(text: str) -> str:
    """A text, with what stands in backquotes as code."""
    parts = CODE.split(clean(text, LONG))
    return "".join(f"<code>{escape(part)}</code>" if n % 2 else escape(part) for n, part in enumerate(parts))
