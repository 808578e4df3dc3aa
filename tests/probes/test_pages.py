"""Given HTML as people write it, when it is read, then links, visible text and sameness come out right."""

from __future__ import annotations

import time

import pytest

from grader.probes.pages import anchors, linked, same_page, visible

PAGE = """<!doctype html><title>Pinboard</title>
<link rel="stylesheet" href="static/app.css?v=3"><link rel=icon href=/favicon.ico>
<script src="https://localhost:8080/static/app.js"></script><script>let a = "<img src='/no.png'>"</script>
<img src="//cdn.example/x.png"><img src="data:image/png;base64,AA"><img src="../up.png"><img src="http://[bad/">
<p>Hello <b>there</b></p><style>p { color: red }</style><a href="app.css">x</a>
"""


def test_only_what_the_site_serves_itself_counts_as_linked() -> None:
    assert linked(PAGE, "/app/", ("localhost",)) == (
        "/app/static/app.css?v=3",
        "/favicon.ico",
        "/static/app.js",
        "/up.png",
    )


def test_visible_text_has_no_tags_scripts_or_styles() -> None:
    assert visible(PAGE) == "Pinboard Hello there x"


def test_anchors_are_what_people_follow() -> None:
    assert anchors(PAGE) == ("app.css",)


LINES = [f"<p>Line {number} of the page</p>" for number in range(20)]
PAGE_A = "\n".join([*LINES, "<input value=token-1>", "<time>12:00</time>"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    (
        (PAGE_A, PAGE_A, True),
        (PAGE_A, PAGE_A.replace("token-1", "token-2").replace("12:00", "12:01"), True),
        (PAGE_A, "\n".join([*LINES[:3], "import os", *(f"x = {n}" for n in range(30))]), False),
        (PAGE_A, "", False),
        ('{"error": "no /abc here"}', '{"error": "no /xyz here"}', True),
        ('{"error": "no /abc here"}', "SECRET_KEY=4a7f\nDEBUG=1\n", False),
        ("", "", True),
    ),
)
def test_two_copies_of_a_page_may_differ_in_a_token(one: str, other: str, same: bool) -> None:
    assert same_page(one, other) is same
    assert same_page(other, one) is same


@pytest.mark.parametrize("open_end", ('<a href="', "<!--", "<script\n", "<a b"))
def test_a_page_of_what_never_ends_is_not_gone_through_again_and_again(open_end: str) -> None:
    begun = time.process_time()

    assert linked(PAGE + open_end * 100_000, "/", ("localhost",)) == linked(PAGE, "/", ("localhost",))

    assert time.process_time() - begun < 5  # it would be hours


def test_a_long_script_and_a_cut_end_are_read_over() -> None:
    script = "<script>" + "x < y; " * 20_000 + "</script>"

    assert linked(script + '<link href="/a.css"><link href="/b.cs', "/", ("localhost",)) == ("/a.css",)
    assert visible("<p>one</p>two") == "one two"
