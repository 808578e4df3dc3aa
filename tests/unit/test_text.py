"""Whatever a stack says becomes one printable line."""

from __future__ import annotations

import pytest

from grader.text import clean, line_of, mask, nearest, plain, url_parts


@pytest.mark.parametrize(
    ("hostile", "shown"),
    (
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a new title\x07text", "text"),
        ("\x1b]52;c;Y2xpcGJvYXJk\x1b\\text", "text"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\nb\r\nc\td", "a b c d"),
        ("\x9b31mC1", "31mC1"),
        ("pay\u202eexe.fdp", "payexe.fdp"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("no\ufffe character\uffff", "no character"),
        ("a\u115f\u3164\u034f\u2800\ufe0f\U000e0101\U000e0041b", "ab"),  # fillers, joiners, selectors, tags
        ("no\ufffe\U0001fffe\u0378thing", "nothing"),  # XML may not hold the first
        (b"caf\xc3\xa9 \xff", "café \ufffd"),
        ("x" * 300, "x" * 199 + "…"),
    ),
)
def test_hostile_text_is_shown_as_one_harmless_line(hostile: str | bytes, shown: str) -> None:
    assert clean(hostile) == shown


def test_a_long_text_is_cut_before_it_is_worked_on() -> None:
    assert clean("y" * 10_000_000, limit=10) == "y" * 9 + "…"


def test_values_of_secret_names_and_private_keys_are_masked() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"

    assert mask(f"SECRET_KEY=abcdef and password: hunter22, {key}") == (
        "SECRET_KEY=[masked] and password: [masked], [private key masked]"
    )


def test_the_nearest_word_is_offered_only_when_one_is_near() -> None:
    assert nearest("edge.forwrded", ["edge.forwarded", "static.gzip"]) == "; did you mean 'edge.forwarded'?"
    assert nearest("zebra", ["edge.forwarded"]) == ""


def test_the_line_of_a_key_is_the_first_that_sets_it() -> None:
    assert line_of("schema = 1\n# title\ntitle = 'x'\n[[steps]]\n", "title") == 3
    assert line_of("schema = 1\n[[stepz]]\n", "stepz") == 2


@pytest.mark.parametrize(
    ("expression", "words"),
    (
        ("^0$", "0"),
        ("zombie", "zombie"),
        ("^HTTP/.* 200", "HTTP/… 200"),
        (r"Exited \(137\)", "Exited (137)"),
        ("^null|NONE", "null or NONE"),
        (r"nginx/1\.26\.3", "nginx/1.26.3"),
        ("^[1-9]", ""),
        (r"real\s+0m", ""),
        (".", ""),
        ("", ""),
    ),
)
def test_a_simple_expression_is_said_in_words_and_another_one_is_not(expression: str, words: str) -> None:
    assert plain(expression) == words


@pytest.mark.parametrize("text", ("http://[", "http://x:port/", "https://a]b"))
def test_what_is_no_url_has_no_parts(text: str) -> None:
    assert url_parts(text).geturl() == ""


def test_a_url_has_the_parts_that_it_has() -> None:
    assert url_parts("https://a.example:8443/x?y")[:3] == ("https", "a.example:8443", "/x")
