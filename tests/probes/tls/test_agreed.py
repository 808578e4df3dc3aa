"""Given real TLS servers, old and new, when they are offered what nobody should take, then what they take is seen."""

from __future__ import annotations

import random
import ssl
import threading
import time
import warnings
from typing import Any

import pytest

from grader.checks.tls import tls_ciphers_strong, tls_legacy_off, tls_modern_ok
from grader.model import Outcome, Reason
from grader.probes.tls import oldserver
from grader.probes.tls.agreed import Agreed, AgreeTo, weak_kinds
from grader.probes.tls.hello import Flight, Version, client_hello, offer
from grader.probes.tls.oldserver import incapable, old_server
from grader.probes.tls.suites import NAMES, STRONG, WEAK, weakness
from grader.stacks.dealings import Address
from tests.probes.listening import NAME, TLS12, TLS13, listening
from tests.probes.zoo import Issued, context_of, door, issue, shown

EC = issue(NAME, names=(NAME,))
INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)


def rsa_site() -> Issued:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return issue(NAME, names=(NAME,), key=rsa.generate_private_key(65537, 2048))


RSA = rsa_site()


def site(least: ssl.TLSVersion, most: ssl.TLSVersion, ciphers: str, who: Issued = RSA) -> ssl.SSLContext:
    context = context_of(who)
    with warnings.catch_warnings():  # Python warns of old versions: they are what this is about
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = least, most
    context.set_ciphers(ciphers)
    return context


def agreed(context: ssl.SSLContext) -> Agreed:
    with shown(context) as to:
        return AgreeTo().ask(door(to))


SITES = {
    # Mozilla's intermediate and modern
    "good": (TLS12, TLS13, INTERMEDIATE, {"legacy": "pass", "modern": "pass", "ciphers": "pass"}),
    "modern": (TLS13, TLS13, INTERMEDIATE, {"legacy": "pass", "modern": "pass", "ciphers": "pass"}),
    "no 1.3": (TLS12, TLS12, INTERMEDIATE, {"legacy": "pass", "modern": "pass", "ciphers": "pass"}),
    # names old versions, but its OpenSSL cannot do them at this level: safe
    "old by name": (
        ssl.TLSVersion.TLSv1,
        TLS13,
        f"{INTERMEDIATE}:@SECLEVEL=2",
        {"legacy": "pass", "modern": "pass", "ciphers": "pass"},
    ),
    "old": (
        ssl.TLSVersion.TLSv1,
        TLS12,
        "DEFAULT:@SECLEVEL=0",
        {"legacy": "fail", "modern": "pass", "ciphers": "fail"},
    ),
    "default of many servers": (
        TLS12,
        TLS13,
        "HIGH:!aNULL:!MD5",
        {"legacy": "pass", "modern": "pass", "ciphers": "fail"},
    ),
    "rsa key exchange only": (
        TLS12,
        TLS12,
        "AES128-SHA",
        {"legacy": "pass", "modern": "fail", "ciphers": "fail"},
    ),
    "everything": (
        TLS12,
        TLS12,
        "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
        {"legacy": "pass", "modern": "pass", "ciphers": "fail"},
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_what_a_site_agrees_to_is_judged(name: str) -> None:
    least, most, ciphers, wanted = SITES[name]
    seen = agreed(site(least, most, ciphers))
    judges = {"legacy": tls_legacy_off, "modern": tls_modern_ok, "ciphers": tls_ciphers_strong}
    assert {word: check.judge(seen).outcome.value for word, check in judges.items()} == wanted


def test_old_versions_are_named_with_the_cipher_that_was_agreed_on() -> None:
    verdict = tls_legacy_off.judge(agreed(site(ssl.TLSVersion.TLSv1, TLS12, "AES128-SHA:@SECLEVEL=0")))
    assert "TLS 1.0 and TLS 1.1 (with AES128-SHA)" in verdict.because
    assert "-tls1_1" in verdict.reproduce


def test_every_weak_suite_of_a_server_is_found_by_its_name() -> None:
    names = "AES128-SHA:AES256-GCM-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-GCM-SHA256"
    seen = agreed(site(TLS12, TLS12, names))
    found = {name for weak in seen.weak for name in weak.names}
    assert found == {"AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA384"}
    assert {weak.why for weak in seen.weak} == {"no forward secrecy", "CBC mode"}


def test_both_kinds_of_certificate_are_offered_for() -> None:
    seen = agreed(site(TLS12, TLS12, "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256", EC))
    assert [weak.names for weak in seen.weak] == [("ECDHE-ECDSA-AES128-SHA",)]


def test_names_and_numbers_are_those_of_openssl() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    others = ("PSK", "SRP", "GOST", "TLS_")
    theirs = {one["id"] & 0xFFFF: one for one in context.get_ciphers() if not any(w in one["name"] for w in others)}
    assert {number: one["name"] for number, one in theirs.items()}.items() <= NAMES.items()
    for number, one in theirs.items():  # where OpenSSL and our words have to mean the same
        good = one["aead"] and one["kea"] in ("kx-ecdhe", "kx-dhe") and one["auth"] in ("auth-rsa", "auth-ecdsa")
        assert bool(weakness(NAMES[number])) is not good, one["name"]


def test_each_suite_is_weak_or_strong_and_each_weak_one_is_offered_once() -> None:
    assert set(STRONG) | set(WEAK) == set(NAMES)
    assert sorted(number for _, some in weak_kinds() for number in some) == sorted(WEAK)


# --- can the grader still offer it? ---------------------------------------------------------------------------------


def test_the_grader_proves_to_itself_that_it_can_offer_old_versions() -> None:
    assert incapable() == ""


@pytest.mark.parametrize("version", Version)
def test_an_old_server_takes_every_version(version: Version) -> None:
    with old_server() as to:
        assert offer(to, version, WEAK).accepted


def test_a_small_group_is_measured() -> None:
    with old_server() as to:
        reply = offer(to, Version.TLS12, (0x009E,))
        seen = AgreeTo().ask(door(to))
    assert (reply.accepted, reply.group >= 2048) == (True, True)
    small = Agreed(seen.site, "", (), seen.modern, (), 1024, False)
    assert "1024 bits" in tls_ciphers_strong.judge(small).because


def test_a_grader_that_cannot_offer_says_so_and_finds_no_server_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.probes.tls.agreed.incapable", lambda: "it was refused")
    seen = agreed(site(TLS12, TLS13, INTERMEDIATE))
    for check in (tls_legacy_off, tls_ciphers_strong):
        verdict = check.judge(seen)
        assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.GRADER_BUG)


def test_the_self_test_notices_an_offer_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oldserver, "WEAK", (0x1301,))  # no suite that an old version knows
    incapable.cache_clear()
    try:
        assert "did not take" in incapable()
    finally:
        incapable.cache_clear()


# --- servers that mean ill ------------------------------------------------------------------------------------------

RECORD = b"\x16\x03\x03"
HELLO = b"\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\x00\x2f\x00"
DONE = b"\x0e\x00\x00\x00"


@pytest.mark.parametrize(
    "answer",
    (
        b"",
        b"\x15\x03\x03\x00\x02\x02\x46",  # alert
        b"\x15\x03\x03\x00\x05xxxxx",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        RECORD + b"\xff\xff" + b"\0" * 200_000,  # without end
        RECORD + b"\x00\x04" + DONE,  # done, and never began
        RECORD + b"\x00\x00" * 50,
        RECORD + (len(HELLO) - 3).to_bytes(2, "big") + HELLO[:-3] + RECORD + b"\x00\x04" + DONE,  # cut short
        RECORD + b"\x00\x08\x02\x00\x00\x00" + DONE,  # an empty hello
        *(RECORD + b"\x00\x40" + random.Random(number).randbytes(64) for number in range(20)),
    ),
)
def test_no_answer_is_taken_for_agreement_that_is_none(answer: bytes) -> None:
    def serve(connection: Any) -> None:
        connection.recv(100)
        connection.sendall(answer)

    with listening(serve) as to:
        reply = offer(Address(to.host, to.port, tls=NAME), Version.TLS12, WEAK, seconds=2)
    assert not reply.accepted
    assert reply.said


def test_a_hello_of_another_version_is_no_agreement() -> None:
    flight = Flight()
    flight.feed(RECORD + len(HELLO).to_bytes(2, "big") + HELLO + RECORD + b"\x00\x04" + DONE)
    assert flight.reply(Version.TLS12).accepted
    assert not flight.reply(Version.TLS10).accepted


def test_an_alert_after_the_hello_is_a_refusal() -> None:
    flight = Flight()
    flight.feed(RECORD + len(HELLO).to_bytes(2, "big") + HELLO + b"\x15\x03\x03\x00\x02\x02\x50")
    assert flight.over
    assert flight.reply(Version.TLS12).said == "alert internal_error"


def test_a_server_that_drips_is_given_up_and_refuses_nothing() -> None:
    over = threading.Event()

    def serve(connection: Any) -> None:
        while not over.wait(0.05):
            connection.sendall(b"\x16")

    with listening(serve) as to:
        begun = time.monotonic()
        reply = offer(Address(to.host, to.port, tls=NAME), Version.TLS10, WEAK, seconds=0.5)
        over.set()
    assert time.monotonic() - begun < 2
    assert (reply.accepted, reply.late or reply.said == "the answer is no TLS") == (False, True)


def test_a_name_is_asked_for_and_an_address_is_not() -> None:
    assert b"pinboard.localhost" in client_hello(Version.TLS12, STRONG, NAME)
    assert b"127.0.0.1" not in client_hello(Version.TLS12, STRONG, "127.0.0.1")
