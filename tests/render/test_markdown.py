"""The Markdown report, read as GitHub reads it, and by Python-Markdown: words of a stack stay words."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import cmarkgfm
import markdown
import pytest

from grader.model import Report, Result, failed
from grader.render.markdown import CODE, LIMIT, code, prose, to_markdown
from grader.render.tally import LONG
from grader.text import clean
from tests.render import hostile, real, samples

OURS = "https://course.example/"
GITHUB = ("table", "autolink", "strikethrough", "tasklist")
# What GitHub makes a link of after Markdown is done, anywhere but in code and in links.
LINKED = re.compile(r"@[a-z0-9]|#\d|\bGH-\d|\b[0-9a-f]{7,}\b|https?:|www\.|:[a-z]+:", re.IGNORECASE)


class Read(HTMLParser):
    """What a reader gets: tags, addresses, and the text that stands in code or outside of it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.inside: list[str] = []
        self.code = ""
        self.words = ""
        self.whole = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.whole += data
        if {"code", "pre"} & set(self.inside):
            self.code += data
        else:
            self.words += data


def written(report: Report, site: str = OURS) -> str:
    return to_markdown(report, lambda name: f"{site}labs/lab2-sample/#{name}")


def as_github(text: str) -> Read:
    return Read(cmarkgfm.markdown_to_html_with_extensions(text, cmarkgfm.Options.CMARK_OPT_UNSAFE, GITHUB))


def test_the_summary_comes_first_then_the_failures() -> None:
    lines = written(samples.REPORT).splitlines()

    assert lines[0].startswith("## ❌ A sample: 2 passed, 1 failed")
    assert lines[4] == "| what fails | seen | look |"
    assert lines[6].startswith(f"| **[The debugger is not reachable]({OURS}labs/lab2-sample/#debug.debugger-off)** ")
    assert "the control took" in written(samples.REPORT)
    assert "curl -si 'http://localhost:8080/?__debugger__=yes&cmd=resource&f=debugger.js' | head -5" in lines


def test_a_green_report_has_no_table() -> None:
    text = written(samples.ALL_GREEN)

    assert text.startswith("## ✅ A sample: 2 passed, 1 not applicable\n")
    assert "| seen |" not in text


def test_without_a_site_nothing_is_a_link() -> None:
    assert as_github(written(samples.REPORT, site="")).addresses == []


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_on_github_no_text_of_a_stack_is_markup_a_mention_or_a_link(text: str) -> None:
    harmless = as_github(written(hostile.report("harmless")))
    read = as_github(written(hostile.report(text)))

    assert [tag for tag in read.tags if tag != "code"] == [tag for tag in harmless.tags if tag != "code"]
    assert read.addresses == harmless.addresses
    assert LINKED.search(read.words) is None


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_in_a_table_of_python_markdown_neither(text: str) -> None:
    table = written(hostile.report(text)).partition("\n<details>")[0]
    read = Read(markdown.markdown(table, extensions=["tables"]))

    assert [tag for tag in read.tags if tag != "code"] == [
        *("h2", "p", "table", "thead", "tr", "th", "th", "th", "tbody", "tr", "td", "strong", "a", "td", "td")
    ]
    assert read.addresses == [f"{OURS}labs/lab2-sample/#hostile.fail"]
    assert LINKED.search(read.words) is None


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_nothing_of_a_text_is_lost(text: str) -> None:
    whole = clean(text, LONG)
    for shown, wanted in ((code(text), whole), (prose(text), CODE.sub(r"\1", whole))):
        read = as_github(f"| x |\n|---|\n| {shown} |\n")
        assert "".join(read.whole.split()) == "x" + "".join(wanted.split())


def test_words_are_read_as_words() -> None:
    seen = "GET /healthz answered 200 (not 503), the debugger's own page: see `docker ps`. a.b=1 c_d, e_f (g/h)"

    assert prose(seen) == (
        "GET `/healthz` answered 200 (not 503), the debugger's own page: see `docker ps`. `a.b=1 c_d`, `e_f` (`g/h`)"
    )


def test_the_longest_report_still_fits_a_comment_and_says_that_it_was_cut() -> None:
    wordy = failed("|" * 300, hint="`|" * 150, reproduce="`" * 400, shows="x")
    many = tuple(Result(samples.check(f"many.check-{n}", "|`" * 40), wordy, 0.1) for n in range(300))
    text = written(replace(samples.REPORT, results=many))

    assert LIMIT * 0.9 < len(text) <= LIMIT
    assert text.endswith("There is more than a comment holds: the HTML and JSON reports say it all.\n")


def test_a_real_report_of_a_broken_lab_fits_whole() -> None:
    report = real.report("lab6")
    text = written(report)

    assert len(text) < LIMIT
    assert all(f"`{result.check.id}`" in text for result in report.results)
    assert as_github(text).tags.count("tr") == 1 + sum(1 for result in report.results if result.outcome == "fail")
