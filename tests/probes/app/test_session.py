"""Given Set-Cookie headers and cookies, when they are taken apart, then attributes and signatures are read as meant."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from grader.probes.app.keys import key_among, live_seals, seal_of
from grader.probes.app.session import Cookie, Login, cookie, jar_of, log_in
from grader.probes.http import HttpAnswer, client_on
from grader.stacks.dealings import HOST, Address, Vantage
from tests.probes.site import response, stack


@pytest.mark.parametrize(
    ("header", "expected"),
    (
        ("s=1; HttpOnly; SameSite=Lax; Path=/", Cookie("s", True, False, "Lax", "", True)),
        ("s=1;httponly;samesite=strict;secure", Cookie("s", True, True, "strict", "", True)),
        ("s=a=b; SameSite=None; SameSite=Lax", Cookie("s", False, False, "Lax", "", True)),  # the last one counts
        ("t=1; Domain=.example", Cookie("t", False, False, "", ".example", False)),
        ("s=HttpOnly", Cookie("s", False, False, "", "", True)),  # a value is no attribute
        ("s", Cookie("s", False, False, "", "", True)),
    ),
)
def test_attributes_are_read_as_a_browser_reads_them(header: str, expected: Cookie) -> None:
    assert cookie(header, "s") == expected


def test_a_later_cookie_of_the_same_name_replaces_an_earlier_one() -> None:
    headers = (("Set-Cookie", "a=1; Path=/"), ("set-cookie", "b=2"), ("Set-Cookie", "a=3; HttpOnly"))
    answered = HttpAnswer(303, headers, "", 0, "", 0.0)
    assert Login(answered, jar_of(answered)).header == "a=3; b=2"


def test_over_plain_http_a_browser_does_not_keep_what_is_secure() -> None:
    headers = (("Set-Cookie", "a=1; Secure; HttpOnly"), ("Set-Cookie", "b=2"), ("Set-Cookie", "c=secure; path=/"))
    answered = HttpAnswer(303, headers, "", 0, "", 0.0)
    assert jar_of(answered) == (("a", "1"), ("b", "2"), ("c", "secure"))
    assert jar_of(answered, plain=True) == (("b", "2"), ("c", "secure"))


@pytest.mark.parametrize(
    ("to", "via", "kept"),
    (
        (Address("127.0.0.1", 8443, tls="pinboard.localhost"), HOST, "session=1"),
        (Address("127.0.0.1", 8080), HOST, ""),
        (Address("172.18.0.2", 8000), client_on("lab_default"), "session=1"),  # where the proxy stands
    ),
)
def test_a_secure_cookie_is_sent_back_over_tls_only(to: Address, via: Vantage, kept: str) -> None:
    there = stack(lambda target, request: response(303, Set_Cookie="session=1; Secure; HttpOnly"))
    assert log_in(there, to, via=via).header == kept


def flask_cookie(key: str | bytes, **values: str) -> str:
    app = Flask("signer")
    app.secret_key = key
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return str(signer.dumps(values))


@pytest.mark.parametrize("text", ("ada", "a" * 500))  # the long one is compressed, and begins with a dot
@pytest.mark.parametrize("key", ("dev", "ünï", b"\xec\x00raw"))
def test_the_key_that_flask_signed_with_opens_the_seal(key: str | bytes, text: str) -> None:
    seal = seal_of(flask_cookie(key, user=text))
    assert seal is not None
    known = key if isinstance(key, str) else key.decode("utf-8", "surrogateescape")
    assert key_among(("secret", known, "other"), (seal,)) == known
    assert key_among(("secret", "other"), (seal,)) is None


@pytest.mark.parametrize(
    "value",
    (
        "",
        "8f14e45fceea167a5a36dedd4bea2543",  # the number of a session that is kept on the server
        "eyJ1c2VyIjoiYWRhIn0",
        "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYWRhIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",  # a JWT: SHA-256
        "a.b.c",
        "a.b.!!!!",
    ),
)
def test_a_cookie_that_flask_did_not_sign_has_no_seal(value: str) -> None:
    assert seal_of(value) is None


def test_a_seal_is_read_from_a_cookie_that_no_browser_would_send_back() -> None:
    value = flask_cookie("dev", user="ada")
    plain = stack(lambda target, request: response(303, Set_Cookie=f"session={value}; Secure"))
    assert key_among(("dev",), live_seals(plain)) == "dev"
