"""Given what became of requests on the wire, when the wire checks judge it, then only changes and leaks are red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import wire
from grader.model import Outcome
from grader.probes.edge.banners import Banner, Banners
from grader.probes.edge.smuggling import Judged, Smuggled
from grader.probes.edge.wire import Echoed, Echoes, Said

SITE = "http://localhost:8080"
SENT = Said("PUT", "/bench/echo/a//b", "x=1&x=2", "0" * 64)
SAME = Echoed("PUT /bench/echo/a//b?x=1&x=2", SENT, 200, "", SENT)
HEAD = Echoed("HEAD /bench/echo/head", replace(SENT, method="HEAD"), 200, "", None)


@pytest.mark.parametrize(
    ("echo", "outcome"),
    (
        (SAME, Outcome.PASS),
        (replace(SAME, got=replace(SENT, path="/bench/echo/a/b")), Outcome.PASS),  # `//` is merged
        (HEAD, Outcome.PASS),
        (replace(SAME, got=replace(SENT, path="/a/b")), Outcome.FAIL),  # the prefix is gone
        (replace(SAME, got=replace(SENT, query="x=2&x=1")), Outcome.FAIL),
        (replace(SAME, got=replace(SENT, query="")), Outcome.FAIL),
        (replace(SAME, got=replace(SENT, method="GET")), Outcome.FAIL),
        (replace(SAME, got=replace(SENT, sha256="1" * 64)), Outcome.FAIL),
        (replace(SAME, status=405, got=None), Outcome.FAIL),  # limit_except
        (replace(SAME, status=0, error="timed out", got=None), Outcome.FAIL),
        (replace(HEAD, surplus=20), Outcome.FAIL),
        (replace(HEAD, status=405), Outcome.FAIL),
        (replace(HEAD, status=0), Outcome.FAIL),
    ),
)
def test_a_request_must_arrive_as_it_was_sent(echo: Echoed, outcome: Outcome) -> None:
    verdict = wire.path_and_method_preserved.judge(Echoes((SAME, echo), SITE))
    assert verdict.outcome is outcome
    assert (f"{SITE}/bench/echo/" in verdict.reproduce) is (outcome is Outcome.FAIL)


def smuggled(*statuses: int, answers: int = 1, after: tuple[int, ...] = (200, 200)) -> Smuggled:
    one = Judged("two lengths, 0 first", statuses, answers)
    return Smuggled((Judged("an unknown Transfer-Encoding", (501,), 1), one), 200, after, SITE)


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    (
        (smuggled(400), Outcome.PASS),
        (smuggled(), Outcome.PASS),  # the connection is closed
        (smuggled(200), Outcome.PASS),  # one response, then close
        (smuggled(200, 404, answers=2), Outcome.PASS),  # the chunks end the request, the rest is another
        (smuggled(200, 404), Outcome.FAIL),
        (smuggled(400, 404), Outcome.FAIL),  # refused, and read on
        (smuggled(200, 404, 400, answers=2), Outcome.FAIL),
        (smuggled(400, after=(200, 404)), Outcome.FAIL),  # somebody else got the answer
    ),
)
def test_an_ambiguous_request_must_not_hide_another(evidence: Smuggled, outcome: Outcome) -> None:
    assert wire.smuggling_rejected.judge(evidence).outcome is outcome


def test_the_ambiguous_request_can_be_sent_by_hand() -> None:
    command = wire.smuggling_rejected.judge(smuggled(200, 404)).reproduce
    assert "Content-Length: 0\\r\\nContent-Length: " in command
    assert "telnet://localhost:8080" in command


def test_over_tls_the_same_bytes_can_be_sent_by_hand() -> None:
    there = replace(smuggled(200, 404), site="https://pinboard.localhost:8443")
    command = wire.smuggling_rejected.judge(there).reproduce
    assert "Host: pinboard.localhost\\r\\n" in command
    assert "openssl s_client -quiet -no_ign_eof -connect localhost:8443 -servername pinboard.localhost" in command


def banner(text: str = "", **headers: str) -> Banners:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Banners((Banner("a missing page", "/nowhere", 404, named, text),), SITE)


@pytest.mark.parametrize(
    ("evidence", "token"),
    (
        (banner(), ""),
        (banner(Server="nginx"), ""),
        (banner(Server="gunicorn"), ""),
        (banner(Via="HTTP/1.1 front"), ""),
        (banner("404 Not Found nginx"), ""),
        (banner("The page /notes/2.5 is not here, see 1.2"), ""),
        (banner(Server="nginx/1.28.0"), "nginx/1.28.0"),
        (banner(Server="Werkzeug/3.1.3 Python/3.13.5"), "Werkzeug/3.1.3"),
        (banner(X_Powered_By="PHP/8.2"), "PHP/8.2"),
        (banner(Via="1.1 varnish (Varnish/7.1)"), "Varnish/7.1"),
        (banner("404 Not Found nginx/1.22.1", Server="nginx"), "nginx/1.22.1"),  # hidden in the header only
        (banner("Apache/2.4.57 (Debian) Server at localhost Port 80"), "Apache/2.4.57"),
    ),
)
def test_no_answer_may_name_a_version(evidence: Banners, token: str) -> None:
    verdict = wire.no_version_leak.judge(evidence)
    assert verdict.outcome is (Outcome.FAIL if token else Outcome.PASS)
    assert token in verdict.because
