"""Given what a site sends along with its answers, when it is judged, then only headers that protect nobody are red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.header_rules import SIX_MONTHS
from grader.checks.headers import (
    csp_present,
    headers_basic,
    headers_everywhere,
    headers_not_doubled,
    headers_on_502,
    hsts_ok,
)
from grader.model import Outcome
from grader.probes.app.down import AppDown
from grader.probes.app.outage import NO_REPLY, Comeback
from grader.probes.edge.headers import HeadersSent, Script, Sent, SentEverywhere

SITE = "https://pinboard.localhost:8443"
HSTS = ("Strict-Transport-Security", "max-age=63072000")
NOSNIFF = ("X-Content-Type-Options", "nosniff")
REFERRER = ("Referrer-Policy", "strict-origin-when-cross-origin")
CSP = ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
GOOD = (HSTS, NOSNIFF, REFERRER, CSP)
PAGE = Sent("the home page", "GET", "/", 200, "", True, GOOD)
FILE = replace(PAGE, what="a static file", path="/static/app.css", html=False)
SENT = HeadersSent(SITE, PAGE, FILE, None, PAGE, (), ())


def without(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple(header for header in GOOD if header[0] not in names)


def with_headers(*headers: tuple[str, str]) -> HeadersSent:
    names = {name for name, _ in headers}
    return replace(SENT, page=replace(PAGE, headers=(*without(*names), *headers)))


def sts(*values: str) -> HeadersSent:
    return with_headers(*((HSTS[0], value) for value in values))


@pytest.mark.parametrize(
    ("values", "outcome"),
    (
        (("max-age=63072000",), Outcome.PASS),
        ((f"max-age={SIX_MONTHS}",), Outcome.PASS),
        (("Max-Age=31536000; includeSubDomains; preload",), Outcome.PASS),
        (("includeSubDomains ; max-age = 31536000",), Outcome.PASS),
        (('max-age="31536000"',), Outcome.PASS),
        (("max-age=31536000;",), Outcome.PASS),
        ((f"max-age={SIX_MONTHS - 1}",), Outcome.FAIL),
        (("max-age=0",), Outcome.FAIL),
        (("max-age=abc",), Outcome.FAIL),  # which MDN's Observatory lets pass
        (("max-age=63072000abc",), Outcome.FAIL),
        (("max-age=-1",), Outcome.FAIL),
        (("max-age=6e7",), Outcome.FAIL),
        (("max-age=٦٣٠٧٢٠٠٠",), Outcome.FAIL),  # digits, and no ASCII
        (("max-age=31536000; max-age=31536000",), Outcome.FAIL),
        (("max-age=31536000, max-age=31536000",), Outcome.FAIL),
        (("max-age=31536000", "max-age=31536000"), Outcome.FAIL),
        (("includeSubDomains",), Outcome.FAIL),
        (("max-age",), Outcome.FAIL),
        (("",), Outcome.FAIL),
    ),
)
def test_hsts_must_be_there_once_and_last_for_half_a_year(values: tuple[str, ...], outcome: Outcome) -> None:
    assert hsts_ok.judge(sts(*values)).outcome is outcome


def test_hsts_over_plain_http_protects_nobody() -> None:
    bare = replace(SENT, page=replace(PAGE, headers=without(HSTS[0])), plain=replace(PAGE, headers=(HSTS,)))
    verdict = hsts_ok.judge(bare)
    assert verdict.outcome is Outcome.FAIL
    assert "over plain HTTP" in verdict.because
    both = hsts_ok.judge(replace(SENT, plain=PAGE))
    assert both.outcome is Outcome.PASS
    assert "ignore" in both.because


def test_less_than_two_years_is_enough_and_said() -> None:
    verdict = hsts_ok.judge(sts("max-age=31536000"))
    assert verdict.outcome is Outcome.PASS
    assert "63072000" in verdict.because


FRAMES, REF = "X-Frame-Options", "Referrer-Policy"
NO_ANCESTORS = ("Content-Security-Policy", "default-src 'self'")


@pytest.mark.parametrize(
    ("headers", "outcome"),
    (
        ((), Outcome.PASS),
        ((("x-content-type-options", "NoSniff"), NOSNIFF), Outcome.PASS),
        (((FRAMES, "DENY"), NO_ANCESTORS), Outcome.PASS),
        (((FRAMES, "sameorigin"), NO_ANCESTORS), Outcome.PASS),
        (((FRAMES, "ALLOW-FROM https://x.example"),), Outcome.PASS),  # frame-ancestors overrides it
        (((FRAMES, "ALLOW-FROM https://x.example"), NO_ANCESTORS), Outcome.FAIL),
        (((FRAMES, "DENNY"), NO_ANCESTORS), Outcome.FAIL),
        ((NO_ANCESTORS,), Outcome.FAIL),
        ((("Content-Security-Policy", "frame-ancestors *"), (FRAMES, "DENY")), Outcome.FAIL),
        ((("Content-Security-Policy", "frame-ancestors https:"),), Outcome.FAIL),
        ((("Content-Security-Policy", "frame-ancestors 'self' https://a.example"),), Outcome.PASS),
        ((("Content-Security-Policy", "default-src 'self', frame-ancestors 'none'"),), Outcome.PASS),  # two policies
        ((("X-Content-Type-Options", "no-sniff"),), Outcome.FAIL),
        ((("X-Content-Type-Options", ""),), Outcome.FAIL),
        (((REF, "no-referrer"),), Outcome.PASS),
        (((REF, "same-origin"),), Outcome.PASS),
        (((REF, "unsafe-url, strict-origin"),), Outcome.PASS),  # the last one that is known counts
        (((REF, "strict-origin, something-new"),), Outcome.PASS),
        (((REF, "strict-origin, unsafe-url"),), Outcome.FAIL),
        (((REF, "unsafe-url"),), Outcome.FAIL),
        (((REF, "no-referrer-when-downgrade"),), Outcome.FAIL),
        (((REF, "origin"),), Outcome.FAIL),
        (((REF, "no-refferer"),), Outcome.FAIL),
    ),
)
def test_the_basic_headers_must_say_what_protects(headers: tuple[tuple[str, str], ...], outcome: Outcome) -> None:
    assert headers_basic.judge(with_headers(*headers)).outcome is outcome


@pytest.mark.parametrize("name", ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy"))
def test_each_of_the_basic_headers_is_missed(name: str) -> None:
    assert headers_basic.judge(replace(SENT, page=replace(PAGE, headers=without(name)))).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("origin", "credentials", "outcome"),
    (
        ("https://evil.example", "true", Outcome.FAIL),
        ("https://evil.example", "false", Outcome.PASS),
        ("*", "true", Outcome.PASS),  # browsers refuse that pair
        ("https://friend.example", "true", Outcome.PASS),
    ),
)
def test_no_stranger_may_read_the_page_as_the_visitor(origin: str, credentials: str, outcome: Outcome) -> None:
    cors = (("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", credentials))
    seen = replace(SENT, asked_from=replace(PAGE, headers=cors))
    assert headers_basic.judge(seen).outcome is outcome


def policy(*values: str, meta: tuple[str, ...] = ()) -> HeadersSent:
    headers = (*without("Content-Security-Policy"), *(("Content-Security-Policy", value) for value in values))
    return replace(SENT, page=replace(PAGE, headers=headers), meta=meta)


@pytest.mark.parametrize(
    ("value", "outcome"),
    (
        ("default-src 'self'", Outcome.PASS),
        ("default-src 'none'; script-src 'self'; img-src 'self' blob:", Outcome.PASS),
        ("DEFAULT-SRC 'SELF'", Outcome.PASS),
        ("default-src 'self'; style-src 'self' 'unsafe-inline'", Outcome.PASS),
        ("default-src 'self'; script-src 'nonce-abc' 'unsafe-inline'", Outcome.PASS),
        ("script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'; object-src 'none'", Outcome.PASS),
        ("script-src 'sha256-abc' 'self'; object-src 'none'", Outcome.PASS),
        ("default-src 'self'; report-uri http://r.example", Outcome.PASS),
        ("default-src", Outcome.PASS),  # nothing at all
        ("default-src *", Outcome.FAIL),
        ("default-src 'self'; script-src *", Outcome.FAIL),
        ("default-src 'self'; script-src 'unsafe-inline'", Outcome.FAIL),
        ("default-src 'self'; script-src 'self' 'unsafe-eval'", Outcome.FAIL),
        ("default-src 'self'; style-src 'self' 'unsafe-eval'", Outcome.FAIL),
        ("default-src https:", Outcome.FAIL),
        ("default-src 'self' data:", Outcome.FAIL),
        ("default-src 'self'; script-src http://cdn.example", Outcome.FAIL),
        ("default-src 'self'; img-src http:", Outcome.FAIL),
        ("default-src 'self'; object-src *", Outcome.FAIL),
        ("script-src 'self'", Outcome.FAIL),  # objects from everywhere
        ("script-src 'strict-dynamic'; object-src 'none'", Outcome.FAIL),
        ("default-src 'self'; default-src *", Outcome.FAIL),
        ("img-src 'self'", Outcome.FAIL),
        ("nonsense", Outcome.FAIL),
        (";;;", Outcome.FAIL),
    ),
)
def test_a_policy_must_keep_foreign_scripts_out(value: str, outcome: Outcome) -> None:
    assert csp_present.judge(policy(value)).outcome is outcome


def test_of_two_policies_one_that_holds_is_enough() -> None:
    assert csp_present.judge(policy("default-src *", "default-src 'self'")).outcome is Outcome.PASS
    assert csp_present.judge(policy("default-src *, default-src 'self'")).outcome is Outcome.PASS
    assert csp_present.judge(policy("default-src *", "img-src 'self'")).outcome is Outcome.FAIL


def test_a_policy_that_only_reports_stops_nothing() -> None:
    seen = policy()
    seen = replace(
        seen, page=replace(seen.page, headers=(("Content-Security-Policy-Report-Only", "default-src 'self'"),))
    )
    verdict = csp_present.judge(seen)
    assert verdict.outcome is Outcome.FAIL
    assert "Report-Only" in verdict.because


def test_a_policy_in_the_page_counts_and_is_worth_less() -> None:
    verdict = csp_present.judge(policy(meta=("default-src 'self'",)))
    assert verdict.outcome is Outcome.PASS
    assert "<meta>" in verdict.because
    assert csp_present.judge(policy(meta=("default-src *",))).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("script", "outcome"),
    (
        (Script("https://cdn.example/a.js", True), Outcome.PASS),
        (Script("https://cdn.example/a.js", False), Outcome.FAIL),
        (Script("http://cdn.example/a.js", True), Outcome.FAIL),
    ),
)
def test_scripts_of_other_sites_must_be_pinned(script: Script, outcome: Outcome) -> None:
    assert csp_present.judge(replace(SENT, scripts=(script,))).outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    (
        (PAGE, Outcome.PASS),
        (FILE, Outcome.PASS),
        (replace(FILE, headers=(HSTS, NOSNIFF)), Outcome.PASS),  # a file may be framed
        (replace(FILE, status=304, headers=(HSTS,)), Outcome.PASS),
        (replace(FILE, status=304, headers=(NOSNIFF,)), Outcome.FAIL),
        (replace(PAGE, status=404, headers=()), Outcome.FAIL),
        (replace(PAGE, status=404, headers=(HSTS, NOSNIFF)), Outcome.FAIL),  # a page that may be framed
        (replace(PAGE, status=404, headers=(HSTS, NOSNIFF, (FRAMES, "DENY"))), Outcome.PASS),
        (replace(PAGE, status=500, headers=without("X-Content-Type-Options")), Outcome.FAIL),
        (replace(PAGE, status=413, headers=without("Strict-Transport-Security")), Outcome.FAIL),
        (replace(PAGE, status=405, headers=(*GOOD, HSTS)), Outcome.PASS),  # twice is another check's matter
        (replace(PAGE, status=0, error="connection reset", headers=()), Outcome.PASS),  # no answer, no header
    ),
)
def test_every_kind_of_answer_must_carry_them(answer: Sent, outcome: Outcome) -> None:
    verdict = headers_everywhere.judge(SentEverywhere(SITE, (PAGE, answer)))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert str(answer.status) in verdict.because


COMEBACK = Comeback(1.0, 1.0, 0, NO_REPLY)
DOWN = AppDown(SITE, "/bench/whoami", "app", True, NO_REPLY, 1.0, (), COMEBACK)
ERROR = replace(PAGE, status=502, path="/bench/whoami")


@pytest.mark.parametrize(
    ("pages", "outcome"),
    (
        ((ERROR, ERROR), Outcome.PASS),
        ((replace(ERROR, headers=(HSTS, NOSNIFF)),), Outcome.PASS),  # it is static: framing it does no harm
        ((replace(ERROR, headers=(NOSNIFF,)),), Outcome.FAIL),
        ((ERROR, replace(ERROR, headers=(HSTS,))), Outcome.FAIL),
        ((PAGE,), Outcome.PASS),  # a copy that a cache has kept
        ((), Outcome.UNKNOWN),
        ((replace(ERROR, status=0),), Outcome.UNKNOWN),
    ),
)
def test_the_page_for_an_app_that_is_away_must_carry_them(pages: tuple[Sent, ...], outcome: Outcome) -> None:
    assert headers_on_502.judge(replace(DOWN, error_pages=pages)).outcome is outcome


@pytest.mark.parametrize(
    ("twice", "outcome"),
    ((HSTS, Outcome.FAIL), (NOSNIFF, Outcome.FAIL), (REFERRER, Outcome.FAIL), (CSP, Outcome.PASS)),
)
def test_no_header_may_be_there_twice_but_a_policy(twice: tuple[str, str], outcome: Outcome) -> None:
    page = replace(PAGE, headers=(*GOOD, (twice[0].lower(), twice[1])))
    assert headers_not_doubled.judge(replace(SENT, page=page)).outcome is outcome
    on_file = headers_not_doubled.judge(replace(SENT, file=replace(FILE, headers=page.headers)))
    assert on_file.outcome is outcome
