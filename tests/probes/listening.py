"""Real servers on free ports of this machine, plain or TLS, whose every move a test decides."""

from __future__ import annotations

import contextlib
import datetime
import functools
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from grader.stacks.dealings import Address

NAME = "pinboard.localhost"
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
Handler = Callable[[socket.socket], None]  # what happens on one connection; it is closed afterwards


@functools.cache
def certificate(*, weak: bool = False) -> bytes:
    """A self-signed certificate for NAME with its key, as PEM; made once for all tests."""
    key = rsa.generate_private_key(65537, 1024) if weak else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM) + private


def server_context(version: ssl.TLSVersion | None = None, *, weak: bool = False) -> ssl.SSLContext:
    """A server's side of TLS: today's versions, or only `version`; `weak` with a key that is too short."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if weak:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if version is not None:
        context.minimum_version = context.maximum_version = version
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_bytes(certificate(weak=weak))
        context.load_cert_chain(path)
    return context


@contextmanager
def listening(handle: Handler, *, tls: ssl.SSLContext | None = None) -> Iterator[Address]:
    """Serves each connection in a thread of its own; with `tls` after a handshake, which may fail."""
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            # As real servers do: else an answer may wait behind a session ticket, and be lost when we hang up.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is None:
                handle(connection)
                return
            with tls.wrap_socket(connection, server_side=True) as secret:
                handle(secret)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        door = threading.Thread(target=accept)
        door.start()
        try:
            yield Address("127.0.0.1", listener.getsockname()[1], tls=NAME if tls else "")
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            door.join()
            for thread in threads:
                thread.join(10)


def head_of(connection: socket.socket) -> bytes:
    """Reads a request up to the end of its head; what follows stays unread, as far as the kernel allows."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        chunk = connection.recv(1)
        if not chunk:
            break
        raw += chunk
    return raw
