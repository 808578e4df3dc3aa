"""Given sites that send visitors from plain HTTP to HTTPS, each in its way, only what leads straight there is right."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from grader.checks.https import acme_challenge_open, http_redirects, no_plain_bypass, redirect_not_open
from grader.model import Outcome
from grader.probes.edge import redirects
from grader.probes.edge.hops import MOST
from grader.probes.edge.redirects import CHALLENGE, EVIL, AskChallenge, LureAway, RedirectsOf
from grader.probes.tls.bypass import PlainWays
from grader.stacks.base import NotApplicable
from tests.probes.listening import NAME, Handler, listening, server_context
from tests.probes.web import OLD, PLAIN, TLS, Answer, Asked, answered, web

HOME = b"<html>\n<h1>Pinboard</h1>\n<p>hello</p>\n<p>there</p>\n<link rel=stylesheet href=/static/app.css>\n</html>"
UNKNOWN = b"<html>\n<h1>No such page</h1>\n<p>of the board</p>\n<p>go home</p></html>"
NGINX_404 = b"<html>\n<head><title>404 Not Found</title></head>\n<body><center>nginx</center></body>\n</html>"
NGINX_400 = answered(400, body=b"<html>400 Bad Request</html>")


def app(asked: Asked) -> bytes:
    """Pinboard, as much as is needed."""
    parts = urlsplit(asked.target if asked.target.startswith("/") else "/")
    if parts.path == "/bench/whoami":
        word = parse_qs(parts.query).get("nonce", [""])[0]
        return answered(200, body=json.dumps({"nonce": word, "pid": 7}).encode(), kind="application/json")
    if parts.path == "/login" and asked.method == "POST":
        return answered(302, ("Location", "/"), ("Set-Cookie", "session=x"))
    found = parts.path in ("/", "/static/app.css")
    return answered(200, body=HOME) if found else answered(404, body=UNKNOWN)


def to_https(asked: Asked, status: int = 308) -> bytes:
    return answered(status, ("Location", f"https://{NAME}:{TLS}{asked.target}"))


def good(asked: Asked) -> bytes:
    """The reference solution: own names only, the challenge from a folder, all else to HTTPS."""
    if asked.tls:
        return app(asked)
    if not asked.target.startswith("/"):
        return NGINX_400
    if asked.host != NAME:
        return b""  # 444
    if asked.target.startswith(CHALLENGE):
        return answered(404, body=NGINX_404)
    return to_https(asked)


def plainly(change: Answer) -> Answer:
    """The good site but for what the plain port does; `change` answers b"?" for what it leaves alone."""

    def answer(asked: Asked) -> bytes:
        changed = b"?" if asked.tls else change(asked)
        return good(asked) if changed == b"?" else changed

    return answer


def sends(text: str, status: int = 301) -> Answer:
    return plainly(lambda asked: answered(status, ("Location", text.format(target=asked.target, host=asked.host))))


def refuses_forms(asked: Asked) -> bytes:
    return answered(405) if asked.method == "POST" else b"?"


def only_root(asked: Asked) -> bytes:
    return b"?" if asked.target == "/" else app(asked)


def over_http_again(asked: Asked) -> bytes:
    if asked.target.startswith("/2"):
        return b"?"
    return answered(301, ("Location", f"http://{NAME}:{PLAIN}/2{asked.target}"))


def loops(asked: Asked) -> bytes:
    """An app that redirects again, because nobody told it that the visitor has come over TLS."""
    return to_https(asked)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    (
        (good, Outcome.PASS),
        (sends("https://{host}{target}"), Outcome.PASS),  # the usual port: it may be another one inside
        (sends(f"https://{{host}}:{TLS}{{target}}", 302), Outcome.PASS),
        (sends(f"https://{{host}}:{TLS}{{target}}", 307), Outcome.PASS),
        (plainly(refuses_forms), Outcome.PASS),
        (plainly(app), Outcome.FAIL),  # the site itself
        (plainly(only_root), Outcome.FAIL),
        (plainly(over_http_again), Outcome.FAIL),
        (sends(f"https://{NAME}:{TLS}/"), Outcome.FAIL),  # every page to the home page
        (sends("https://{host}:8080{target}"), Outcome.FAIL),  # the port of the Host header
        (sends("https://www.localhost{target}"), Outcome.FAIL),
        (sends("https://{host}:nine{target}"), Outcome.FAIL),
        (sends("//{host}{target}"), Outcome.FAIL),
        (sends(f"https://{{host}}:{TLS}{{target}}", 303), Outcome.FAIL),
        (
            plainly(lambda asked: answered(200, body=b"<meta http-equiv=refresh content='0;url=https://x'>")),
            Outcome.FAIL,
        ),
        (plainly(lambda asked: b""), Outcome.FAIL),  # nothing at all
        (loops, Outcome.FAIL),
    ),
)
def test_every_request_must_be_sent_straight_to_https(answer: Answer, outcome: Outcome) -> None:
    verdict = http_redirects.judge(RedirectsOf().ask(web(answer)))
    assert verdict.outcome is outcome, verdict.because


def test_a_loop_is_named_and_followed_no_further_than_needed() -> None:
    count = 0

    def counting(asked: Asked) -> bytes:
        nonlocal count
        count += 1
        return to_https(asked, 301)

    verdict = http_redirects.judge(RedirectsOf().ask(web(counting)))
    assert "round in circles" in verdict.because
    assert count < 10 * MOST


def test_a_site_without_plain_http_needs_no_redirect() -> None:
    stack = web(app, ports=(TLS,))
    assert http_redirects.judge(RedirectsOf().ask(stack)).outcome is Outcome.PASS
    for probe in (LureAway(), AskChallenge()):
        with pytest.raises(NotApplicable):
            probe.ask(stack)


def test_of_several_plain_ports_the_one_that_redirects_is_the_front_door() -> None:
    def answer(asked: Asked) -> bytes:
        return app(asked) if asked.port == OLD else good(asked)

    stack = web(answer, ports=(PLAIN - 1000, PLAIN, TLS, OLD))
    assert http_redirects.judge(RedirectsOf().ask(stack)).outcome is Outcome.PASS
    verdict = no_plain_bypass.judge(PlainWays().ask(stack))
    assert verdict.outcome is Outcome.FAIL
    assert "127.0.0.1:9080" in verdict.because


# --- somewhere else -------------------------------------------------------------------------------------------------


def any_host(asked: Asked) -> bytes:
    """return 301 https://$http_host$uri, in a default server."""
    host = urlsplit(asked.target).netloc or asked.headers.get("host", "")
    path = unquote(urlsplit(asked.target).path if "://" in asked.target else asked.target)
    return f"HTTP/1.1 301 x\r\nLocation: https://{host}{path}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")


def decodes(asked: Asked) -> bytes:
    """return 301 https://NAME$uri: the name is safe, the path is not."""
    if not asked.target.startswith("/") or asked.host != NAME:
        return NGINX_400
    path = unquote(asked.target)
    return f"HTTP/1.1 301 x\r\nLocation: https://{NAME}{path}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")


def believes_forwarded(asked: Asked) -> bytes:
    host = asked.headers.get("x-forwarded-host", NAME)
    return answered(301, ("Location", f"https://{host}/bench/whoami"))


def relative(asked: Asked) -> bytes:
    return answered(301, ("Location", asked.target))


def no_slash(asked: Asked) -> bytes:
    return answered(301, ("Location", f"https://{NAME}{asked.target}")) if asked.host == NAME else NGINX_400


@pytest.mark.parametrize(
    ("answer", "outcome", "what"),
    (
        (good, Outcome.PASS, ""),
        (sends(f"https://{NAME}/"), Outcome.PASS, ""),  # always the canonical name
        (plainly(any_host), Outcome.FAIL, EVIL),
        (plainly(decodes), Outcome.FAIL, "took a header from the path"),
        (plainly(believes_forwarded), Outcome.FAIL, "X-Forwarded-Host"),
        (plainly(relative), Outcome.FAIL, "evil.example"),  # //evil.example is an address of its own
        (plainly(no_slash), Outcome.FAIL, "pinboard.localhosthttp://evil.example"),  # glued together
    ),
)
def test_a_redirect_must_not_be_steered_elsewhere(answer: Answer, outcome: Outcome, what: str) -> None:
    verdict = redirect_not_open.judge(LureAway().ask(web(answer)))
    assert verdict.outcome is outcome, verdict.because
    assert what in verdict.because


# --- the challenge --------------------------------------------------------------------------------------------------


def hides(status: int) -> Answer:
    return plainly(lambda asked: answered(status) if "/." in asked.target else b"?")


def challenge_over_https(asked: Asked) -> bytes:
    if asked.target.startswith(CHALLENGE):
        return answered(404, body=NGINX_404) if asked.tls else to_https(asked)
    return good(asked)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    (
        (good, Outcome.PASS),
        (challenge_over_https, Outcome.PASS),
        (hides(403), Outcome.FAIL),
        (hides(502), Outcome.FAIL),
        (plainly(lambda asked: b"" if "/." in asked.target else b"?"), Outcome.FAIL),  # 444
        (plainly(to_https), Outcome.FAIL),  # ends at the app's own 404
        (plainly(lambda asked: app(asked) if "/." in asked.target else b"?"), Outcome.FAIL),
        (plainly(lambda asked: answered(301, ("Location", "https://evil.example/"))), Outcome.FAIL),
    ),
)
def test_a_challenge_must_reach_its_folder(answer: Answer, outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirects, "proves_itself", lambda to: False)
    verdict = acme_challenge_open.judge(AskChallenge().ask(web(answer)))
    assert verdict.outcome is outcome, verdict.because


def test_a_server_that_gets_its_certificates_itself_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirects, "proves_itself", lambda to: to.tls == NAME)
    verdict = acme_challenge_open.judge(AskChallenge().ask(web(plainly(to_https))))
    assert verdict.outcome is Outcome.PASS
    assert "acme-tls/1" in verdict.because


def alert(number: int) -> Handler:
    """A server that answers every offer with a fatal alert (RFC 8446 §6)."""

    def say(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(bytes((21, 3, 3, 0, 2, 2, number)))

    return say


@pytest.mark.parametrize(("number", "proves"), ((80, True), (120, False), (40, False)))
def test_who_agrees_to_acme_tls_and_has_nothing_to_prove_takes_part_in_acme(number: int, proves: bool) -> None:
    with listening(alert(number)) as to:
        assert redirects.proves_itself(replace(to, tls=NAME)) is proves


def test_who_agrees_to_any_offer_does_not_take_part_in_acme() -> None:
    with listening(lambda connection: None, tls=server_context()) as to:
        assert not redirects.proves_itself(replace(to, tls=NAME))


# --- around it ------------------------------------------------------------------------------------------------------


def other_name(asked: Asked) -> bytes:
    return app(asked) if not asked.tls and asked.host == "localhost" else b"?"


def form_only(asked: Asked) -> bytes:
    return app(asked) if asked.method == "POST" else b"?"


@pytest.mark.parametrize("bench", (True, False))
@pytest.mark.parametrize(
    ("answer", "outcome"),
    (
        (good, Outcome.PASS),
        (plainly(lambda asked: answered(200, body=b"admin of something else\nx\ny\nz")), Outcome.PASS),
        (plainly(app), Outcome.FAIL),
        (plainly(other_name), Outcome.FAIL),
        (plainly(form_only), Outcome.FAIL),
    ),
)
def test_no_port_may_serve_the_app_in_the_clear(answer: Answer, outcome: Outcome, bench: bool) -> None:
    def without_bench(asked: Asked) -> bytes:
        return answered(404, body=UNKNOWN) if asked.target.startswith("/bench") else answer(asked)

    stack = web(answer if bench else without_bench, bench=bench)
    verdict = no_plain_bypass.judge(PlainWays().ask(stack))
    assert verdict.outcome is outcome, verdict.because
