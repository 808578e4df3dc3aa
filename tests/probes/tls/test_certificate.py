"""Given a site that shows a certificate from the zoo, when it is asked for it, then each rule is judged by itself."""

from __future__ import annotations

import contextlib
import functools
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from grader.checks.certificates import cert_chain, cert_dates, cert_key_strength, cert_name
from grader.model import AnyCheck, Outcome, Reason
from grader.probes.tls.certificate import Served, ServedCertificate
from grader.probes.tls.handshake import lenient, shake
from grader.stacks.base import CouldNotLook
from grader.stacks.dealings import Address
from tests.probes.listening import NAME, TLS12, TLS13, listening
from tests.probes.zoo import Issued, context_of, door, issue, key_pem, over_sha1, pem, shown

CHECKS: dict[str, AnyCheck] = {
    "name": cert_name,
    "chain": cert_chain,
    "dates": cert_dates,
    "key": cert_key_strength,
}


@functools.cache
def root() -> Issued:
    return issue("Zoo Root", ca=True)


@functools.cache
def between() -> Issued:
    return issue("Zoo Intermediate", root(), ca=True)


@functools.cache
def short_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


@dataclass(frozen=True)
class Animal:
    """A leaf, what is sent along (None: all that is needed), and the checks that fail on it."""

    leaf: Issued
    fails: frozenset[str] = frozenset()
    above: tuple[x509.Certificate, ...] | None = None
    ca: Issued | None = None
    host: str = NAME


def leaf(*names: str, **options: Any) -> Issued:
    return issue("", between(), names=names or (NAME,), **options)


def animals() -> dict[str, Animal]:
    good, self_signed = leaf(), issue(NAME, names=(NAME,))
    stale = issue("Stale Intermediate", root(), ca=True, days=(-30, -1))
    stranger = issue("Somebody Else", issue("Another Root", ca=True), names=(NAME,))
    rsa_key = rsa.generate_private_key(65537, 2048)
    with_rsa = issue("Zoo RSA Intermediate", root(), ca=True, key=rsa_key)
    other_way = issue("Zoo Intermediate", issue("Old Root", ca=True), ca=True, key=between().key)
    return {
        "good": Animal(good),
        "rsa": Animal(leaf(key=rsa.generate_private_key(65537, 2048))),
        "p384": Animal(leaf(key=ec.generate_private_key(ec.SECP384R1()))),
        "sha384": Animal(leaf(digest=hashes.SHA384())),
        "wildcard": Animal(leaf("*.course.example"), host="pinboard.course.example"),
        "several names": Animal(leaf("other.example", NAME)),
        "root sent too": Animal(good, above=(between().certificate, root().certificate)),
        "cross-signed": Animal(good, above=(between().certificate, other_way.certificate)),
        "six days": Animal(leaf(days=(-1, 5))),
        "47 days": Animal(leaf(days=(-1, 46))),
        "clock a little behind": Animal(leaf(days=(0.002, 90))),  # 3 minutes
        "own authority": Animal(self_signed, ca=self_signed),
        "self-signed": Animal(self_signed, frozenset({"chain"})),
        "leaf only": Animal(good, frozenset({"chain"}), above=()),
        "wrong order": Animal(good, frozenset({"chain"}), above=(root().certificate, between().certificate)),
        "stray": Animal(good, frozenset({"chain"}), above=(between().certificate, stranger.certificate)),
        "expired intermediate": Animal(issue("", stale, names=(NAME,)), frozenset({"chain"})),
        "another authority": Animal(stranger, frozenset({"chain"})),
        "wrong name": Animal(leaf("other.example"), frozenset({"name"})),
        "common name only": Animal(issue(NAME, between()), frozenset({"name"})),
        "nobody": Animal(issue("", between()), frozenset({"name"})),
        "wildcard of a whole domain": Animal(leaf("*.localhost"), frozenset({"name"})),
        "wildcard of another level": Animal(leaf("*.pinboard.localhost"), frozenset({"name"})),
        "expired": Animal(leaf(days=(-90, -1)), frozenset({"dates"})),
        "not yet valid": Animal(leaf(days=(1, 90)), frozenset({"dates"})),
        "about to expire": Animal(leaf(days=(-85, 5)), frozenset({"dates"})),
        "ten years": Animal(leaf(days=(-1, 3650)), frozenset({"dates"})),
        "rsa 1024": Animal(leaf(key=short_key()), frozenset({"key"})),
        "sha1": Animal(over_sha1(issue("", with_rsa, names=(NAME,)), rsa_key), frozenset({"key"})),
        "everything at once": Animal(
            issue("x", days=(-90, -1), key=short_key()), frozenset({"name", "chain", "dates", "key"})
        ),
    }


ANIMALS = animals()


def served(animal: Animal, folder: Path, context: ssl.SSLContext | None = None) -> Served:
    (folder / "root.pem").write_text((animal.ca or root()).pem)
    with shown(context or context_of(animal.leaf, animal.above, weak=True)) as to:
        to = Address(to.host, to.port, tls=animal.host)
        return ServedCertificate().ask(door(to, workspace=folder, ca="root.pem", hosts=(animal.host,)))


@pytest.mark.parametrize("name", ANIMALS)
def test_each_animal_fails_what_is_wrong_with_it_and_nothing_else(name: str, tmp_path: Path) -> None:
    seen = served(ANIMALS[name], tmp_path)
    verdicts = {word: check.judge(seen) for word, check in CHECKS.items()}
    assert {word for word, verdict in verdicts.items() if verdict.outcome is Outcome.FAIL} == ANIMALS[name].fails
    assert {verdict.outcome for verdict in verdicts.values()} <= {Outcome.PASS, Outcome.FAIL}
    for verdict in verdicts.values():
        assert bool(verdict.reproduce) == bool(verdict.hint) == (verdict.outcome is Outcome.FAIL)


@pytest.mark.parametrize("version", (TLS12, TLS13))
def test_the_chain_is_read_as_it_was_sent_in_every_version(version: ssl.TLSVersion, tmp_path: Path) -> None:
    context = context_of(ANIMALS["good"].leaf)
    context.minimum_version = context.maximum_version = version
    seen = served(ANIMALS["good"], tmp_path, context)
    assert [one.called for one in seen.chain] == [NAME, "Zoo Intermediate"]


def test_a_missing_intermediate_is_named(tmp_path: Path) -> None:
    verdict = cert_chain.judge(served(ANIMALS["leaf only"], tmp_path))
    assert "1 certificate; the last was signed by Zoo Intermediate, trusted is Zoo Root" in verdict.because


def test_an_intermediate_is_no_root_though_python_would_take_it_for_one(tmp_path: Path) -> None:
    animal = Animal(ANIMALS["good"].leaf, ca=between())
    assert cert_chain.judge(served(animal, tmp_path)).outcome is Outcome.FAIL


def test_an_address_may_be_the_name_of_a_site(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(root().pem)
    with shown(context_of(leaf("127.0.0.1"))) as to:
        to = Address(to.host, to.port, tls="127.0.0.1")
        fits = ServedCertificate().ask(door(to, workspace=tmp_path, ca="root.pem", hosts=("127.0.0.1",)))
        wrong = ServedCertificate().ask(door(to, workspace=tmp_path, ca="root.pem", hosts=("127.0.0.2",)))
    assert cert_name.judge(fits).outcome is Outcome.PASS
    assert cert_name.judge(wrong).outcome is Outcome.FAIL


def test_every_host_name_of_the_site_counts(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(root().pem)
    with shown(context_of(leaf(NAME))) as to:
        seen = ServedCertificate().ask(door(to, workspace=tmp_path, ca="root.pem", hosts=(NAME, "www.localhost")))
    assert "not for www.localhost" in cert_name.judge(seen).because


def test_another_certificate_for_another_name_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(root().pem)
    first, second = context_of(leaf(NAME)), context_of(leaf("snakeoil.example"))

    def choose(sock: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        sock.context = second if name == "www.localhost" else first

    first.sni_callback = choose
    with shown(first) as to:
        seen = ServedCertificate().ask(door(to, workspace=tmp_path, ca="root.pem", hosts=(NAME, "www.localhost")))
    assert "it is for snakeoil.example" in cert_name.judge(seen).because


@pytest.mark.parametrize(
    "content", ("", "no certificate", "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----")
)
def test_an_authority_that_cannot_be_read_leaves_the_chain_open_and_the_rest_judged(
    content: str, tmp_path: Path
) -> None:
    (tmp_path / "root.pem").write_text(content)
    with shown(context_of(ANIMALS["good"].leaf)) as to:
        seen = ServedCertificate().ask(door(to, workspace=tmp_path, ca="root.pem"))
    assert cert_chain.judge(seen).outcome is Outcome.UNKNOWN
    assert cert_name.judge(seen).outcome is cert_dates.judge(seen).outcome is Outcome.PASS


def test_without_a_declared_authority_this_machine_s_own_decide(tmp_path: Path) -> None:
    with shown(context_of(ANIMALS["good"].leaf)) as to:
        seen = ServedCertificate().ask(door(to, workspace=tmp_path))
    assert cert_chain.judge(seen).outcome is Outcome.FAIL
    assert "the authorities that this machine trusts" in cert_chain.judge(seen).because


def test_a_key_of_another_certificate_ends_the_handshake_with_a_reason() -> None:
    from tlslite.api import TLSConnection, X509CertChain, parsePEMKey

    good, other = issue(NAME, names=(NAME,)), issue(NAME, names=(NAME,))
    chain = X509CertChain()
    chain.parsePemList(pem(good.certificate))
    key = parsePEMKey(key_pem(other.key), private=True)

    def serve(connection: Any) -> None:
        TLSConnection(connection).handshakeServer(certChain=chain, privateKey=key)

    with listening(_hushed(serve)) as to:
        seen = shake(Address(to.host, to.port, tls=NAME), lenient())
    assert not seen.chain
    assert seen.error  # "bad signature", or what this OpenSSL calls it


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    over = threading.Event()
    with listening(lambda _: _until(over)) as to:
        stack, begun = door(Address(to.host, to.port, tls=NAME), workspace=tmp_path), time.monotonic()
        with pytest.raises(CouldNotLook) as caught:
            ServedCertificate().ask(stack)
        assert time.monotonic() - begun < 5
        over.set()
    assert caught.value.reason is Reason.TIMED_OUT


@pytest.mark.parametrize("noise", (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x03\xff\xff" + b"x" * 70_000))
def test_what_is_no_tls_is_no_certificate(noise: bytes, tmp_path: Path) -> None:
    def serve(connection: Any) -> None:
        connection.recv(100)
        connection.sendall(noise)

    with listening(serve) as to, pytest.raises(CouldNotLook):
        ServedCertificate().ask(door(Address(to.host, to.port, tls=NAME), workspace=tmp_path))


def _until(over: threading.Event) -> None:
    over.wait(10)


def _hushed(serve: Any) -> Any:
    """The client hangs up on such a server: that is no trouble of the test's."""

    def quiet(connection: Any) -> None:
        with contextlib.suppress(Exception):
            serve(connection)

    return quiet
