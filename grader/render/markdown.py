"""The report as Markdown for a pull request or the summary of a job: short, what fails first.

GitHub is the strictest reader: it makes links and mentions out of plain words. So of a text from a stack only harmless
words stand as they are; the rest stands in code, which GitHub leaves alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.model import Outcome, Report, Result
from grader.render.since import ago
from grader.render.tally import LONG, in_words, is_address, plural, with_outcome
from grader.text import clean

LIMIT = 60_000  # characters; a comment on GitHub holds 65,536, and a workflow may add words of its own
MARKS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.UNKNOWN: "❔"}
CUT = "\nThere is more than a comment holds: the HTML and JSON reports say it all.\n"

CODE = re.compile(r"`([^`]+)`")
WORD = re.compile(r"(\(?)(.*?)([).,;:!?]*)")  # a word, without what stands around it
# Letters, or a number; never what could name a commit or an issue.
PLAIN = re.compile(r"(?![0-9a-f]{7,}$)(?:[^\W\d_]+(?:['’][^\W\d_]+)?|[a-z]+(?:-[a-z]+)+|\d+(?:[.,]\d+)?%?|[–—…]|)")


def to_markdown(report: Report, page: Callable[[str], str], note: str = "") -> str:
    """At most LIMIT characters: what does not fit is left out at the end, and that is said.

    `page` gives a check's page, a link when it is a whole address; `note` is said before the commands.
    """
    failed = with_outcome(report, Outcome.FAIL)
    head = f"## {MARKS[report.outcome]} {prose(report.lab.title)}: {in_words(report)}\n\n"
    head += f"Stack {code(report.stack)}, {plural(len(report.services), 'service')}, in {report.seconds:.1f} s.\n"
    rows = [f"| {_name(r, page)} | {_seen(r)} | {prose(r.verdict.hint)} |\n" for r in failed]
    return _fitting(
        head,
        Part("\n| what fails | seen | look |\n|---|---|---|\n", rows),
        _folded("How to see it yourself", [_command(r) for r in failed if r.verdict.reproduce], note),
        _folded("Could not be judged", [_item(r, page) for r in with_outcome(report, Outcome.UNKNOWN)]),
        _folded("Not judged", [_item(r, page) for r in with_outcome(report, Outcome.SKIP)]),
        _folded("Passed", [_item(r, page) for r in with_outcome(report, Outcome.PASS)]),
    )


def prose(text: str) -> str:
    """A text from anywhere as words; what could be markup, a mention or a link stands in code."""
    out = ""
    for number, part in enumerate(CODE.split(clean(text, LONG))):
        shown = code(part) if number % 2 else _words(part)
        # Between two codes there must be something, or their backquotes would run together.
        apart = shown and out and out[-1] != "(" and shown[0] not in ").,;:!?"
        out += f" {shown}" if apart else shown
    return out


def code(text: str) -> str:
    """A text as code that it cannot leave: not by a backquote, and not by a bar that ends a cell of a table."""
    return "&#124;".join(_fenced(piece) for piece in clean(text, LONG).split("|"))


def _words(text: str) -> str:
    """Neighbours that need code share it, unless a comma or the like stands between them."""
    groups: list[list[str]] = []
    for word in text.split():
        alike = groups and _is_plain(groups[-1][-1]) == _is_plain(word)
        if alike and not _around(groups[-1][-1])[2] and not _around(word)[0]:
            groups[-1].append(word)
        else:
            groups.append([word])
    return " ".join(_shown(" ".join(group)) for group in groups)


def _shown(words: str) -> str:
    before, inner, after = _around(words)
    return words if all(map(_is_plain, words.split())) else f"{before}{code(inner)}{after}"


def _is_plain(word: str) -> bool:
    return PLAIN.fullmatch(_around(word)[1]) is not None


def _around(words: str) -> tuple[str, str, str]:
    match = WORD.fullmatch(words)
    return (match[1], match[2], match[3]) if match else ("", words, "")


def _fenced(text: str) -> str:
    if not text.strip():
        return text
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{space}{text}{space}{fence}"


def _name(result: Result, page: Callable[[str], str]) -> str:
    where, title = page(result.check.id), prose(result.check.title)
    named = f"[{title}]({where})" if is_address(where) else title
    weight = f" ({result.check.weight.name.lower()})" if result.outcome is Outcome.FAIL else ""
    return f"**{named}** {code(result.check.id)}{weight}"


def _seen(result: Result) -> str:
    return prose(result.verdict.because) + (f" (passed {ago(result.since.runs)})" if result.since else "")


def _item(result: Result, page: Callable[[str], str]) -> str:
    reason = f"{result.verdict.reason}: " if result.verdict.reason and result.outcome is Outcome.UNKNOWN else ""
    return f"- {_name(result, page)}: {reason}{prose(result.verdict.because)}\n"


def _command(result: Result) -> str:
    command = clean(result.verdict.reproduce, LONG)
    fence = "```" + "`" * max((len(run) for run in re.findall("`+", command)), default=0)
    return f"{code(result.check.id)}\n\n{fence}sh\n{command}\n{fence}\n\n"


@dataclass(frozen=True, slots=True)
class Part:
    """Some items under a head; shown as far as there is room."""

    head: str
    items: Sequence[str]
    tail: str = ""


def _folded(title: str, items: Sequence[str], note: str = "") -> Part:
    said = f"{prose(note)}\n\n" if note else ""
    return Part(f"\n<details><summary>{title} ({len(items)})</summary>\n\n{said}", items, "\n</details>\n")


def _fitting(head: str, *parts: Part) -> str:
    text, room = head, LIMIT - len(head) - len(CUT)
    for part in parts:
        room -= len(part.head) + len(part.tail)
        taken: list[str] = []
        for item in part.items:
            if len(item) > room:
                return text + (f"{part.head}{''.join(taken)}{part.tail}" if taken else "") + CUT
            taken.append(item)
            room -= len(item)
        text += f"{part.head}{''.join(taken)}{part.tail}" if taken else ""
    return text
