"""A TLS server of the grader's own that takes whatever it is offered: can the grader still offer what nobody should?

Without it a grader that cannot speak the old versions would find every server safe.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from grader.probes.tls.hello import SECONDS, Version, offer
from grader.probes.tls.suites import WEAK
from grader.stacks.dealings import Address

NAME = "old.example"
PATIENCE = 0.05  # seconds between two looks whether it is over
BITS = 1024  # of a key that lives for a moment, and protects nothing


@functools.cache
def incapable() -> str:
    """ "" when an old server on this machine takes every offer of ours, else what went wrong. Asked once."""
    with old_server() as to:
        for version in Version:
            told = offer(to, version, WEAK)
            if not told.accepted:
                return f"the grader's own server did not take {version.words}: {told.said}"
    return ""


@contextlib.contextmanager
def old_server() -> Iterator[Address]:
    """Serves SSL 3.0 to TLS 1.2 on a port of 127.0.0.1 while the block runs."""
    from tlslite.api import TLSConnection, X509CertChain, parsePEMKey
    from tlslite.handshakesettings import HandshakeSettings

    key, certificate = _key_pair()
    chain, private = X509CertChain(), parsePEMKey(key, private=True)
    chain.parsePemList(certificate)
    settings = HandshakeSettings()
    settings.minVersion, settings.maxVersion = Version.SSL3.number, Version.TLS12.number
    settings.cipherNames = [*settings.cipherNames, "3des", "rc4"]
    settings.macNames = [*settings.macNames, "sha", "md5"]
    settings.rsaSigHashes = ["sha256", "sha1"]  # what a short key can sign

    def serve(client: socket.socket) -> None:
        with client, contextlib.suppress(Exception):  # the client leaves after our first flight
            TLSConnection(client).handshakeServer(certChain=chain, privateKey=private, settings=settings)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        thread = threading.Thread(target=_accept, args=(listening, over, serve), daemon=True)
        thread.start()
        try:
            yield Address("127.0.0.1", listening.getsockname()[1], tls=NAME)
        finally:
            over.set()
            thread.join()


def _accept(listening: socket.socket, over: threading.Event, serve: Callable[[socket.socket], None]) -> None:
    while not over.is_set():
        with contextlib.suppress(OSError):  # nobody came
            client, _ = listening.accept()
            client.settimeout(SECONDS)
            serve(client)


def _key_pair() -> tuple[str, str]:
    """A fresh RSA key and a certificate that it signed for itself, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
