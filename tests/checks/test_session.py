"""Given the cookies of a login, when they are judged, then the one that keeps the visitor signed in counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.session import session_cookie_flags
from grader.model import Outcome
from grader.probes.app.session import Cookie, SignedIn

COOKIE = Cookie("session", http_only=True, secure=False, same_site="Lax", domain="", keeps_login=True)
DECOY = replace(COOKIE, name="decoy", keeps_login=False)
BARE = replace(COOKIE, http_only=False, same_site="")


@pytest.mark.parametrize(
    ("cookies", "outcome", "word"),
    (
        ((COOKIE,), Outcome.PASS, "SameSite=Lax"),
        ((replace(COOKIE, same_site="strict"),), Outcome.PASS, "strict"),
        ((replace(COOKIE, name="__Host-id", secure=True),), Outcome.PASS, "__Host-id"),
        ((replace(COOKIE, domain="shop.example"),), Outcome.PASS, "HttpOnly"),  # its own name, no wider
        ((COOKIE, replace(DECOY, http_only=False)), Outcome.PASS, "session"),  # a cookie for the page's own script
        ((replace(COOKIE, same_site=""),), Outcome.FAIL, "does not say SameSite"),  # Flask's default
        ((replace(COOKIE, same_site="None", secure=True),), Outcome.FAIL, "SameSite=None"),
        ((replace(COOKIE, same_site="lack"),), Outcome.FAIL, "SameSite=lack"),
        ((replace(COOKIE, http_only=False),), Outcome.FAIL, "no HttpOnly"),
        ((replace(COOKIE, domain=".example"),), Outcome.FAIL, "all of example"),
        ((DECOY, BARE), Outcome.FAIL, "no HttpOnly"),  # only the decoy is safe
        ((BARE, DECOY), Outcome.FAIL, "no HttpOnly"),
        ((COOKIE, BARE), Outcome.FAIL, "no HttpOnly"),  # set twice: the browser keeps the last
        # it takes both to be known, so it takes both to steal a login
        ((DECOY, replace(BARE, keeps_login=False)), Outcome.PASS, "decoy"),
        ((replace(BARE, keeps_login=False), replace(BARE, keeps_login=False)), Outcome.FAIL, "no HttpOnly"),
    ),
)
def test_the_cookie_that_counts_is_safe(cookies: tuple[Cookie, ...], outcome: Outcome, word: str) -> None:
    seen = SignedIn("http://shop.example:8080", "shop.example", 303, "ada", cookies)
    verdict = session_cookie_flags.judge(seen)
    assert verdict.outcome is outcome
    assert word in verdict.because


def test_a_login_that_is_not_remembered_is_red() -> None:
    verdict = session_cookie_flags.judge(SignedIn("http://localhost:8080", "localhost", 303, "", (COOKIE,)))
    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("site", "word"), (("http://shop.example:8080", "plain HTTP"), ("https://shop.example", "303"))
)
def test_a_secure_cookie_on_a_plain_site_signs_nobody_in(site: str, word: str) -> None:
    verdict = session_cookie_flags.judge(SignedIn(site, "shop.example", 303, "", (replace(COOKIE, secure=True),)))
    assert verdict.outcome is Outcome.FAIL
    assert word in verdict.because
