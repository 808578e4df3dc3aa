"""Given the text of an error page, when it is searched, then what it learned from the error is found, and no more."""

from __future__ import annotations

import pytest

from grader.probes.app.errors import leaks

WORD = "c0ffee0123456789"
NAMES = {"SECRET_KEY", "PINBOARD_DATA"}
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/pinboard/notes.py", line 3, in pin\n    raise KeyError(x)'


@pytest.mark.parametrize(
    ("page", "found"),
    (
        ('{"error": "internal"}', ()),
        ("<h1>Internal Server Error</h1><p>We have been told. Request 8f3a91.</p>", ()),
        ("<h1>500</h1><hr><center>nginx</center>", ()),
        ("<h1>Not Found</h1><p>RuntimeError</p>", ()),  # the class alone is generic
        (f"nothing at /bench/boom?m={WORD}", ()),  # it quotes the URL, not the error
        (f"sorry: {WORD}", ("the message of the error",)),
        (f"/bench/boom?m={WORD} failed with {WORD}", ("the message of the error",)),
        (TRACEBACK, ("a traceback", "a file path of the code", "a line of the code")),
        (TRACEBACK.replace('"', "&#34;"), ("a traceback", "a file path of the code", "a line of the code")),
        (TRACEBACK.replace('"', '\\"'), ("a traceback", "a file path of the code", "a line of the code")),  # in JSON
        ("in /usr/lib/python3/dist-packages/flask/app.py", ("a file path of the code",)),
        ("<script>var EVALEX = true</script>", ("a debugger page",)),
        ("held = 'canary-7f3a91c2d4'", ("a local variable of the code",)),
        ("Werkzeug/3.1.9 Python/3.13", ("the version of a library",)),
        ("KeyError: 'SECRET_KEY'", ("names of environment variables",)),
        ("MY_SECRET_KEYS", ()),
    ),
)
def test_a_page_is_searched_for_what_it_gives_away(page: str, found: tuple[str, ...]) -> None:
    assert leaks(page, WORD, NAMES) == found
