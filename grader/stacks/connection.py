"""A connection, plain or TLS: used by the grader and by its sidecars, with Python alone.

Certificates are not verified here: what a site proves about itself is judged by checks, and a site with a wrong
certificate is still looked at.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import time
from typing import Any

PIECE = 65_536  # bytes that are handed to the kernel, or asked of it, at a time


@functools.cache
def tls_context() -> ssl.SSLContext:
    """What a browser of today offers (TLS 1.2 and 1.3), without its doubts about keys and certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a weak key is for a check to find, not a reason to see nothing
    return context


class HandshakeFailed(OSError):
    """There is a connection, but no TLS on it; the text says why, in OpenSSL's words."""


class Connection:
    """A stream connection that waits as long as its timeout says, or never (0).

    TLS happens in memory, between the socket and whoever reads and writes. So one thread can do both, and a peer that
    hangs up while something is still being sent is heard out: what it said before is in the socket all the same.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._sealed = b""  # made for the wire, not taken by the kernel yet
        self._tls: ssl.SSLObject | None = None

    @property
    def version(self) -> str:
        """The version of TLS that was agreed on, such as "TLSv1.3"; "" on a plain connection."""
        return (self._tls.version() or "") if self._tls else ""

    @property
    def unsent(self) -> bool:
        """Whether something that `send` has taken waits for the kernel to take it."""
        return bool(self._sealed) or bool(self._out.pending)

    def start_tls(self, name: str, deadline: float) -> None:
        """Shakes hands with the server `name`; raises HandshakeFailed, or TimeoutError at the deadline."""
        try:
            tls = tls_context().wrap_bio(self._in, self._out, server_hostname=name)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    self._hand_over(deadline)
                    self._feed()
            self._hand_over(deadline)
        except TimeoutError:
            raise
        except (OSError, ValueError) as trouble:  # ValueError: a name that no server can have
            with contextlib.suppress(OSError):  # our side of the story
                self._hand_over(deadline)
            raise HandshakeFailed(f"TLS handshake failed: {reason(trouble)}") from trouble
        self._tls = tls

    def _hand_over(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:  # a peer that always has one more byte to say would keep us for ever
            raise TimeoutError
        self.settimeout(left)
        self._flush()

    def _feed(self) -> None:
        chunk = self._sock.recv(PIECE)
        if chunk:
            self._in.write(chunk)
        else:
            self._in.write_eof()

    def _flush(self) -> bool:
        """Hands what is sealed to the kernel; whether that took all of it."""
        self._sealed += self._out.read()
        try:
            while self._sealed:
                self._sealed = self._sealed[self._sock.send(self._sealed) :]
        except BlockingIOError:
            return False
        return True

    def send(self, data: bytes | memoryview) -> int:
        """Takes at most a piece of `data`; returns how many bytes, 0 when nothing can be taken now."""
        try:
            if self._tls is None:
                return self._sock.send(data[:PIECE])
            if not self._flush():
                return 0
            taken = self._tls.write(data[:PIECE]) if data else 0
            self._flush()
        except BlockingIOError:
            return 0
        return taken

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest) :]

    def recv(self, most: int) -> bytes | None:
        """What is there, b"" at the end, None when nothing is there now. A TLS goodbye is not asked for: many hang up
        without, and HTTP says where a response ends."""
        try:
            while self._tls is not None:
                try:
                    return self._tls.read(most)
                except ssl.SSLWantReadError:
                    self._feed()
            return self._sock.recv(most)
        except ssl.SSLEOFError:
            return b""
        except BlockingIOError:
            return None

    def fileno(self) -> int:
        return self._sock.fileno()

    def settimeout(self, seconds: float) -> None:
        """How long `send` and `recv` wait until they raise TimeoutError; with 0 they return at once."""
        self._sock.settimeout(seconds)

    def close(self) -> None:
        self._sock.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def reason(trouble: Exception) -> str:
    """OpenSSL's own words, such as "wrong version number" when the answer was no TLS at all."""
    if isinstance(trouble, ssl.SSLEOFError):
        return "connection closed"
    if isinstance(trouble, ssl.SSLError):
        return (trouble.reason or "protocol error").replace("_", " ").lower()
    if isinstance(trouble, ConnectionError):
        return "connection reset"
    if isinstance(trouble, ValueError):
        return "not a server name"
    return (trouble.strerror if isinstance(trouble, OSError) else "") or type(trouble).__name__


def connect(address: str, port: int, deadline: float, *, tls: str = "", receive: int = 0) -> Connection:
    """A connection to `address`, TLS for the server name `tls` where one is given; its timeout is what is left.

    An `address` that starts with a slash is the path of a unix socket. `receive` bounds what the kernel keeps that was
    not read yet, in bytes. Raises OSError; TimeoutError and HandshakeFailed are of that kind.
    """
    connection = Connection(_dialled(address, port, deadline, receive))
    try:
        if tls:
            connection.start_tls(tls, deadline)
    except BaseException:
        connection.close()
        raise
    return connection


def _dialled(address: str, port: int, deadline: float, receive: int) -> socket.socket:
    """Tries each address of a name in turn, as socket.create_connection does."""
    if address.startswith("/"):
        places: list[Any] = [(socket.AF_UNIX, socket.SOCK_STREAM, 0, "", address)]
    else:
        places = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    trouble = OSError("no address")
    for family, kind, protocol, _, place in places:
        sock = socket.socket(family, kind, protocol)
        try:
            if receive:  # before connecting: the first packet tells the other side
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            sock.connect(place)
        except OSError as refused:
            sock.close()
            trouble = refused
        else:
            return sock
    raise trouble
