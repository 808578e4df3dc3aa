"""Given the results that MDN's Observatory can have, when our checks judge such a site, then none is overlooked."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from grader.checks.headers import csp_present, headers_basic, hsts_ok
from grader.checks.https import http_redirects
from grader.checks.secure import cookie_secure
from grader.checks.session import session_cookie_flags
from grader.checks.tls import https_serves
from grader.model import Outcome, Verdict
from grader.probes.app.session import SignedIn, cookie
from grader.probes.edge.headers import HeadersSent, Sent, read_page
from grader.probes.edge.redirects import Redirected
from grader.probes.edge.redirects import Sent as Asked
from grader.probes.greeting import Speaks
from grader.probes.tls.https import OverHttps, TlsPort
from grader.probes.tls.secure import Cookies
from tests.checks.observatory import CASES, CHECKS, GOOD, HOST, HTTPS, NOT_HERE, Case

SITE = f"https://{HOST}:443"


def headers_of(case: Case) -> HeadersSent:
    page = Sent("the home page", "GET", "/", 200, "", True, case.headers)
    reader = read_page(case.html, HTTPS, (HOST,))
    asked_from = Sent("the home page", "GET", "/", 200, "", True, case.cors)
    return HeadersSent(SITE, page, None, None, asked_from, tuple(reader.policies), tuple(reader.scripts))


def https_of(case: Case) -> OverHttps:
    speaks = Speaks.TLS if case.tls else Speaks.HTTP
    port = TlsPort(443, speaks, "TLSv1.3" if case.tls else "", 0.01, "" if case.tls else "wrong version number", False)
    return OverHttps(SITE, HOST, 443, (port,), case.tls, HTTPS, 200, "", True, "", False)


def redirects_of(case: Case) -> Redirected:
    if not case.route:
        return Redirected("", HOST, 443, ())
    target = case.route[1] if len(case.route) > 1 else ""
    path = urlsplit(case.route[0]).path
    return Redirected(f"http://{HOST}:80", HOST, 443, (Asked("GET", path, 301 if target else 200, "", target),))


def login_of(case: Case) -> SignedIn:
    name = case.cookie.partition("=")[0]
    return SignedIn(SITE, HOST, 302, "ada", (cookie(case.cookie, name),))


JUDGES: dict[str, Callable[[Case], Verdict]] = {
    "headers.csp-present": lambda case: csp_present.judge(headers_of(case)),
    "headers.headers-basic": lambda case: headers_basic.judge(headers_of(case)),
    "headers.hsts-ok": lambda case: hsts_ok.judge(headers_of(case)),
    "https.http-redirects": lambda case: http_redirects.judge(redirects_of(case)),
    "session.cookie-secure": lambda case: cookie_secure.judge(Cookies(login_of(case), "", ())),
    "session.session-cookie-flags": lambda case: session_cookie_flags.judge(login_of(case)),
    "tls.https-serves": lambda case: https_serves.judge(https_of(case)),
}


def ours(case: Case) -> bool:
    """Whether the checks that judge the case's rule let it pass."""
    verdicts = [JUDGES[name](case) for name in CHECKS[case.rule]]
    assert {verdict.outcome for verdict in verdicts} <= {Outcome.PASS, Outcome.FAIL}
    return all(verdict.outcome is Outcome.PASS for verdict in verdicts)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.result}-{case.right}")
def test_each_site_is_judged_for_what_it_is(case: Case) -> None:
    assert ours(case) is case.right


def test_every_rule_has_a_site_that_keeps_it_and_one_that_breaks_it() -> None:
    for rule in CHECKS:
        assert {case.right for case in CASES if case.rule == rule} == {True, False}


def test_no_result_is_said_to_be_out_of_place_and_judged_as_well() -> None:
    assert not set(NOT_HERE) & {case.result for case in CASES}


def test_wrong_passes_of_the_observatory_fail_here_and_say_why() -> None:
    wrong = [case for case in CASES if case.passes_there and not case.right]
    assert [case for case in wrong if ("Strict-Transport-Security", "max-age=abc") in case.headers]
    assert all(case.why for case in wrong)
    assert not [case for case in CASES if case.right and not case.passes_there]


def test_a_site_with_the_good_headers_is_good_everywhere() -> None:
    assert all(ours(Case(rule, "", True, GOOD)) for rule in CHECKS)
