"""Given how a site answers over HTTPS, and where its key lies, when it is judged, then only real trouble is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.certificates import cert_renewal_live
from grader.checks.secure import app_knows_https, cookie_secure, key_private
from grader.checks.tls import https_serves
from grader.model import Outcome, Reason
from grader.probes.app.session import SignedIn, cookie
from grader.probes.greeting import Speaks
from grader.probes.load import Failure, Loaded
from grader.probes.tls.https import OverHttps, TlsPort
from grader.probes.tls.privatekey import KeyPlaces, Lies, Packed
from grader.probes.tls.renewal import Renewal, Turn
from grader.probes.tls.secure import Cookies, Links

HOST = "pinboard.localhost"
SITE = f"https://{HOST}:8443"
PORT = TlsPort(8443, Speaks.TLS, "TLSv1.3", 0.01, "", False)
PLAIN = TlsPort(8080, Speaks.HTTP, "", 0.01, "wrong version number", False)
SERVED = OverHttps(SITE, HOST, 8443, (PLAIN, PORT), True, f"{SITE}/bench/whoami", 200, "", True, "", False)
NOT_SERVED = replace(SERVED, tls=False, port=8080, url="", status=0, bench=False, ports=(PLAIN,))


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (SERVED, Outcome.PASS),
        (replace(SERVED, bench=False, url=f"{SITE}/"), Outcome.PASS),  # a site without a bench
        (replace(SERVED, ports=(replace(PORT, version="TLSv1.2", seconds=2.9),)), Outcome.PASS),
        (replace(SERVED, ports=(replace(PORT, seconds=3.1),)), Outcome.FAIL),
        (replace(SERVED, ports=(replace(PORT, version="", error="tlsv1 unrecognized name"),)), Outcome.FAIL),
        (NOT_SERVED, Outcome.FAIL),
        (replace(SERVED, status=502, bench=False), Outcome.FAIL),
        (replace(SERVED, status=0, error="timed out", bench=False), Outcome.FAIL),
        (replace(SERVED, status=301, bench=False, location=f"{SITE}/", loop=True), Outcome.FAIL),
        (replace(SERVED, status=301, bench=False, location="https://elsewhere.example/"), Outcome.FAIL),
        (replace(SERVED, status=0, error="no HTTP response (LineTooLong)", bench=False), Outcome.FAIL),  # 10 MB of head
    ),
)
def test_the_site_must_be_there_over_https(seen: OverHttps, outcome: Outcome) -> None:
    verdict = https_serves.judge(seen)
    assert verdict.outcome is outcome
    assert bool(verdict.reproduce) is (outcome is Outcome.FAIL)


def test_a_loop_and_a_missing_port_are_named() -> None:
    assert "without end" in https_serves.judge(replace(SERVED, loop=True, location=f"{SITE}/")).because
    assert "8080 speaks HTTP (wrong version number)" in https_serves.judge(NOT_SERVED).because


LINKS = Links(SITE, "https", f"{SITE}/bench/whoami", (("GET /bench/redirect", f"{SITE}/x"), ("POST /login", "/")))


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (LINKS, Outcome.PASS),
        (replace(LINKS, locations=(("GET /bench/dir", ""),)), Outcome.PASS),
        (replace(LINKS, locations=(("GET /bench/dir", "//other/"),)), Outcome.PASS),  # it keeps the scheme
        (replace(LINKS, scheme="http"), Outcome.FAIL),  # even where the proxy repairs the redirects
        (replace(LINKS, scheme=""), Outcome.FAIL),
        (replace(LINKS, url=f"http://{HOST}/"), Outcome.FAIL),
        (replace(LINKS, locations=(("GET /bench/dir", f"http://{HOST}/bench/dir/"),)), Outcome.FAIL),
        (replace(LINKS, locations=(("POST /login", f"http://{HOST}/"),)), Outcome.FAIL),
    ),
)
def test_the_app_must_know_that_it_is_https(seen: Links, outcome: Outcome) -> None:
    assert app_knows_https.judge(seen).outcome is outcome


def signed_in(*headers: str, keeper: str = "session") -> Cookies:
    return Cookies(SignedIn(SITE, HOST, 302, "ada", tuple(cookie(header, keeper) for header in headers)), "", ())


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (signed_in("session=x; Secure; HttpOnly"), Outcome.PASS),
        (signed_in("__Host-session=x; secure; Path=/", keeper="__Host-session"), Outcome.PASS),
        (signed_in("session=x; HttpOnly"), Outcome.FAIL),
        (signed_in("session=x", "theme=dark; Secure"), Outcome.FAIL),  # another cookie is
        (signed_in("session=x; Secure", "theme=dark"), Outcome.PASS),
        (signed_in("session=x; Secure", "session=y"), Outcome.FAIL),  # the last of the same name stays
        (signed_in("a=1; Secure", "b=2", keeper=""), Outcome.PASS),  # it takes both, and one stays here
        (signed_in("a=1", "b=2", keeper=""), Outcome.FAIL),
        (signed_in(), Outcome.SKIP),
        (replace(signed_in("session=x; Secure"), plain="http://x", over_plain=("session",)), Outcome.FAIL),
        (replace(signed_in("session=x; Secure"), plain="http://x"), Outcome.PASS),
    ),
)
def test_the_cookie_that_counts_must_be_secure(seen: Cookies, outcome: Outcome) -> None:
    assert cookie_secure.judge(seen).outcome is outcome


LIE = Lies("proxy", "/etc/letsencrypt/archive/x/privkey1.pem", 0o600, False, "")
PLACES = KeyPlaces(SITE, ("app", "proxy"), (LIE,), (), False)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (PLACES, Outcome.PASS),
        (replace(PLACES, lies=()), Outcome.PASS),  # in memory, or behind a passphrase
        (replace(PLACES, lies=(replace(LIE, mode=0o640),)), Outcome.PASS),
        (replace(PLACES, lies=(replace(LIE, mode=0o444, path="/run/secrets/key"),)), Outcome.PASS),
        (replace(PLACES, lies=(replace(LIE, mode=0o644),)), Outcome.FAIL),
        (replace(PLACES, lies=(replace(LIE, app=True),)), Outcome.FAIL),
        (replace(PLACES, lies=(replace(LIE, app=True),), terminates=True), Outcome.PASS),
        (replace(PLACES, lies=(LIE, replace(LIE, app=True, mode=0o644)), terminates=True), Outcome.FAIL),
        (replace(PLACES, lies=(replace(LIE, public="/certs/key.pem"),)), Outcome.FAIL),
        (replace(PLACES, packed=(Packed("proxy", "lab4-proxy", "etc/nginx/certs/key.pem", False),)), Outcome.FAIL),
        (replace(PLACES, packed=(Packed("proxy", "lab4-proxy", "tmp/key.pem", True),)), Outcome.FAIL),
    ),
)
def test_the_key_must_be_seen_by_its_server_only(seen: KeyPlaces, outcome: Outcome) -> None:
    verdict = key_private.judge(seen)
    assert verdict.outcome is outcome
    assert bool(verdict.reproduce) is (outcome is Outcome.FAIL)


TURN = Turn(0, 2.4, "renewed", "2", 0.6, "")
LOAD = Loaded(520, 0, 0.2, ())
RENEWED = Renewal(SITE, "renew", "", "1", (TURN, replace(TURN, serial="3")), LOAD)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (RENEWED, Outcome.PASS),
        (replace(RENEWED, turns=(TURN,)), Outcome.PASS),  # a public authority is asked once
        (replace(RENEWED, turns=(TURN, replace(TURN, waited=-1.0))), Outcome.PASS),  # nothing was due the second time
        (replace(RENEWED, turns=(replace(TURN, waited=-1.0, serial="1"),)), Outcome.FAIL),
        (replace(RENEWED, turns=(replace(TURN, code=1),)), Outcome.FAIL),
        (replace(RENEWED, turns=(replace(TURN, code=None),)), Outcome.FAIL),
        (replace(RENEWED, turns=(replace(TURN, code=None, output=""),)), Outcome.FAIL),
        (replace(RENEWED, turns=(TURN, replace(TURN, code=2))), Outcome.FAIL),  # twice is not safe
        (replace(RENEWED, turns=(TURN, replace(TURN, serial=""))), Outcome.FAIL),  # nobody gets in any more
        (replace(RENEWED, turns=(replace(TURN, distrusted="unable to get local issuer certificate"),)), Outcome.FAIL),
        (replace(RENEWED, load=replace(LOAD, failed=1, failures=(Failure(2.0, "connection refused"),))), Outcome.FAIL),
    ),
)
def test_a_renewal_must_reach_the_visitors_and_cost_them_nothing(seen: Renewal, outcome: Outcome) -> None:
    verdict = cert_renewal_live.judge(seen)
    assert verdict.outcome is outcome
    assert bool(verdict.reproduce) is (outcome is Outcome.FAIL)


def test_a_command_that_nobody_agreed_to_is_left_out_and_the_lab_is_not_whole_without_it() -> None:
    verdict = cert_renewal_live.judge(Renewal(SITE, "renew", "nobody agreed", "", (), None))
    assert (verdict.outcome, verdict.reason) == (Outcome.SKIP, Reason.LEFT_OUT)
