"""Given what a guess and a search of the image found, when it is judged, then a key that others can have is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import secrets
from grader.model import Outcome
from grader.probes.app.image import Contents, Junk, Kind, Leak, Lock
from grader.probes.app.keys import Guess

GUESS = Guess("app", True, 464, None, 0)


@pytest.mark.parametrize(
    ("guess", "outcome"),
    (
        (GUESS, Outcome.PASS),
        (replace(GUESS, signed=False, tried=0), Outcome.PASS),  # sessions on the server: the cookie is a number
        (replace(GUESS, found="dev", length=3), Outcome.FAIL),
        (replace(GUESS, found="", length=0), Outcome.FAIL),  # an empty key is a key
    ),
)
def test_a_key_that_a_guess_finds_is_no_secret(guess: Guess, outcome: Outcome) -> None:
    assert secrets.secret_key_not_guessable.judge(guess).outcome is outcome


CONTENTS = Contents("app", "lab-app", 139_000_000, 177, (), Lock.SIGNED, 18_000, ())
KEY = Junk("app/tls/server.key", Kind.KEY, hidden=False)


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (CONTENTS, Outcome.PASS, "18000 strings"),
        (replace(CONTENTS, junk=(Junk("app/.env", Kind.SETTINGS, False),)), Outcome.PASS, "is the key"),
        (replace(CONTENTS, lock=Lock.OPAQUE, tried=0), Outcome.PASS, "not signed by Flask"),
        (replace(CONTENTS, lock=Lock.NONE, tried=0), Outcome.SKIP, "nobody could sign in"),
        (replace(CONTENTS, leaks=(Leak("app/.env", True),)), Outcome.FAIL, "/app/.env (hidden by a later layer)"),
        (replace(CONTENTS, leaks=(Leak("", False),)), Outcome.FAIL, "settings or build history"),  # ENV SECRET_KEY=
        (replace(CONTENTS, junk=(KEY,)), Outcome.FAIL, "/app/tls/server.key"),
        (replace(CONTENTS, lock=Lock.NONE, junk=(KEY,)), Outcome.FAIL, "private key"),
    ),
)
def test_a_key_in_any_layer_is_no_secret(seen: Contents, outcome: Outcome, word: str) -> None:
    verdict = secrets.secret_not_in_image.judge(seen)
    assert verdict.outcome is outcome
    assert word in verdict.because


def test_what_a_layer_hides_is_looked_for_in_the_layers() -> None:
    seen = replace(CONTENTS, leaks=(Leak("app/.env", True),))
    assert "docker save lab-app" in secrets.secret_not_in_image.judge(seen).reproduce
