"""The HTML report: one file that fetches nothing, in which every text of a stack is text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from grader.model import Outcome, Report
from grader.render.html import to_html
from tests.render import hostile, real, samples, test_since

OURS = "https://course.example/"
VOID = {"meta", "img", "br", "link", "input"}


class Read(HTMLParser):
    """Elements in their order, with attributes and text; refuses a tag that closes what is not open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.text.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data.split()
        for tag in set(self.open):
            self.text[tag][-1] += data

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(report: Report, site: str = OURS) -> Read:
    return Read(to_html(report, lambda name: f"{site}labs/lab2-sample/#{name}"))


def test_the_style_is_the_only_thing_that_the_policy_allows() -> None:
    read = page(samples.REPORT)
    digest = base64.b64encode(hashlib.sha256(read.text["style"][0].encode()).digest()).decode()

    policy = next(meta["content"] for meta in read.named("meta") if "http-equiv" in meta)
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_nothing_is_fetched_and_nothing_is_run() -> None:
    read = page(samples.REPORT)
    names = {name for _, attributes in read.elements for name in attributes}

    assert {tag for tag, _ in read.elements} & {"script", "link", "img", "iframe", "object", "form", "base"} == set()
    assert not any(name == "style" or name == "src" or name.startswith("on") for name in names)
    assert re.search(r"url\(|@import|expression", read.text["style"][0]) is None


def test_it_says_stack_roles_and_counts_and_then_what_failed() -> None:
    read = page(samples.REPORT)
    text = " ".join(read.words)

    said = (
        "A sample ✗ 1 of 3 judged checks failed Stack lab2-sample Services app Looked at 2026-09-21 14:13 UTC for",
        "edge app publishes 127.0.0.1:8080",
        "✗ Failed (1) The debugger is not reachable debug.debugger-off · blocker Seen GET /?__debugger__=yes",
        "Where to look look at the command that starts the app",
        "See it yourself curl -si 'http://localhost:8080/?__debugger__=yes&cmd=resource&f=debugger.js' | head -5",
        "Waits for this one debug.mode-off , errors.generic",
        "It passes when rule of debug.debugger-off. why debug.debugger-off",
        "? Could not be judged (1) Slow requests do not block each other server.concurrent · noisy host",
        "– Not judged (4)",
        "✓ Passed (2)",
    )
    places = [text.index(part) for part in said]
    assert places == sorted(places)
    assert read.text["title"] == [
        "A sample: 2 passed, 1 failed, 2 waiting, 1 could not be judged, 1 not applicable, 1 left out"
    ]


def test_a_failure_says_until_when_it_passed_and_what_is_different_since() -> None:
    text = " ".join(page(test_since.REPORT).words)

    assert "Passed until 2026-09-21 13:13 UTC, 3 runs ago What is configured otherwise since then" in text
    assert "- server_tokens off; + server_tokens on;" in text


def test_a_failure_links_to_its_page_only_when_there_is_an_address() -> None:
    linked = [link["href"] for link in page(samples.REPORT).named("a")]
    bare = [link["href"] for link in page(samples.REPORT, site="").named("a")]

    assert f"{OURS}labs/lab2-sample/#debug.debugger-off" in linked
    assert bare == ["#fail", "#unknown", "#skip", "#pass"]


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_no_text_of_a_stack_becomes_markup(text: str) -> None:
    harmless, read = page(hostile.report("harmless")), page(hostile.report(text))

    # A text may hold code in backquotes; that is all that it can make.
    wanted = [element for element in harmless.elements if element[0] != "code"]
    assert [element for element in read.elements if element[0] != "code"] == wanted
    assert all(attributes == {} for attributes in read.named("code"))


@pytest.mark.parametrize(
    "report",
    (samples.REPORT, samples.ALL_GREEN, real.report("lab6"), real.report("lab3", frozenset())),
    ids=("all-kinds", "green", "broken", "solved"),
)
def test_a_screen_reader_finds_its_way(report: Report) -> None:
    read = page(report)
    anchors = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h[1-6]", tag)]

    assert read.named("html") == [{"lang": "en"}]
    assert [tag for tag, _ in read.elements if tag in ("header", "nav", "main", "footer")] == [
        *("header", "nav", "main", "footer")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(anchors) == len(set(anchors))
    for tag, attributes in read.elements:
        if tag in ("section", "article"):
            assert attributes["aria-labelledby"] in anchors
        if tag == "th":
            assert attributes["scope"] in ("col", "row", "rowgroup")
    assert len(read.named("caption")) == len(read.named("table"))
    assert all(caption.strip() for caption in read.text["caption"])
    assert {link["href"] for link in read.named("a") if link["href"].startswith("#")} <= {
        f"#{name}" for name in anchors
    }


@pytest.mark.parametrize(
    ("report", "says"),
    (
        (samples.ALL_GREEN, "2 judged checks passed, none failed"),
        (samples.with_results(samples.RESULTS[:3] + samples.RESULTS[6:]), "Nothing failed, but 1 check could not be"),
        (samples.with_results(()), "Nothing could be judged"),
    ),
)
def test_the_verdict_is_one_line(report: Report, says: str) -> None:
    assert says in page(report).text["header"][0]


def test_each_result_is_shown_once() -> None:
    report = real.report("lab6")
    shown = to_html(report, lambda name: name)

    for result in report.results:
        where = (
            f'<h3 id="{result.check.id}">' if result.outcome is Outcome.FAIL else f"<code>{result.check.id}</code></th>"
        )
        assert shown.count(where) == 1
