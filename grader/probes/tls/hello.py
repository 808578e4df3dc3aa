"""One offer to a TLS server, and whether it takes it: any version and any suite, whatever OpenSSL is on this machine.

A ClientHello is sent that offers exactly one version; a server that agrees answers with its whole first flight, up to
ServerHelloDone. More is not needed, so nothing here encrypts. Messages are tlslite-ng's.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address

from grader.stacks.dealings import Address

SECONDS = 3.0  # for the whole answer
FLIGHT_CAP = 128 * 1024  # bytes of it
ALERT, HANDSHAKE = 21, 22  # types of records (RFC 5246 §6.2.1)
SERVER_HELLO, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE = 2, 12, 14  # types of messages (RFC 5246 §7.4)
RENEGOTIATION_SCSV = 0x00FF  # some servers refuse clients that do not know of RFC 5746
GROUPS = (29, 23, 24, 25)  # x25519, secp256r1, secp384r1, secp521r1
# Pairs (hash, signature), RSA-PSS among them, down to SHA-1: an old server knows no others.
SIGNATURES = ((8, 4), (8, 5), (8, 6), (4, 3), (5, 3), (6, 3), (4, 1), (5, 1), (6, 1), (4, 2), (2, 3), (2, 1), (2, 2))


class Version(Enum):
    """A version of the protocol and the number that it has on the wire."""

    SSL3 = ("SSL 3.0", (3, 0))
    TLS10 = ("TLS 1.0", (3, 1))
    TLS11 = ("TLS 1.1", (3, 2))
    TLS12 = ("TLS 1.2", (3, 3))

    @property
    def words(self) -> str:
        return self.value[0]

    @property
    def number(self) -> tuple[int, int]:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Reply:
    """What an offer was answered with. `accepted`: the server chose `suite` and said all that it had to say.

    `group` is the size of the Diffie-Hellman group in bits, 0 without one. `said` is the refusal in words; `late` says
    that there was no answer in time, which is no refusal.
    """

    accepted: bool
    suite: int = 0
    group: int = 0
    said: str = ""
    late: bool = False


def offer(to: Address, version: Version, suites: tuple[int, ...], *, seconds: float = SECONDS) -> Reply:
    """Offers one version with these suites to the server name `to.tls`."""
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection((to.host, to.port), timeout=seconds) as sock:
            sock.sendall(client_hello(version, suites, to.tls))
            reader = Flight()
            while not reader.over:
                sock.settimeout(max(deadline - time.monotonic(), 0.001))
                reader.feed(sock.recv(16_384))
    except TimeoutError:
        return Reply(False, said="no answer in time", late=True)
    except OSError as trouble:
        return Reply(False, said=str(trouble.strerror or type(trouble).__name__).lower())
    return reader.reply(version)


def client_hello(version: Version, suites: tuple[int, ...], name: str) -> bytes:
    """The record with which a client opens a connection."""
    from tlslite import extensions as ext
    from tlslite.messages import ClientHello, RecordHeader3

    offered = [ext.SupportedGroupsExtension().create(list(GROUPS)), ext.ECPointFormatsExtension().create([0])]
    if not is_address(name):  # an address is no server name (RFC 6066 §3)
        offered.append(ext.SNIExtension().create(bytearray(name, "idna")))
    if version is Version.TLS12:
        offered.append(ext.SignatureAlgorithmsExtension().create(list(SIGNATURES)))
    hello = ClientHello().create(
        version.number,
        bytearray(secrets.token_bytes(32)),
        bytearray(),
        [*suites, RENEGOTIATION_SCSV],
        extensions=None if version is Version.SSL3 else offered,
    )
    body = bytes(hello.write())
    outer = min(version.number, Version.TLS10.number)  # what every server reads, whatever version is inside
    return bytes(RecordHeader3().create(outer, HANDSHAKE, len(body)).write()) + body


def is_address(name: str) -> bool:
    """Whether a host is given by its IP address."""
    with contextlib.suppress(ValueError):
        return bool(ip_address(name))
    return False


class Flight:
    """A server's records as they arrive, until its first flight is complete, refused, or no TLS at all."""

    def __init__(self) -> None:
        self.over = False
        self._raw, self._messages = bytearray(), bytearray()
        self._refusal = ""

    def feed(self, chunk: bytes) -> None:
        self._raw += chunk
        if not chunk:
            self._end("the connection was closed")
        elif len(self._raw) > FLIGHT_CAP:
            self._end("an answer without end")
        while not self.over and len(self._raw) >= 5:
            kind, length = self._raw[0], int.from_bytes(self._raw[3:5], "big")
            if kind not in (ALERT, HANDSHAKE) or self._raw[1] != 3:
                self._end("the answer is no TLS")
            elif len(self._raw) < 5 + length:
                return
            else:
                self._record(kind, bytes(self._raw[5 : 5 + length]))
                del self._raw[: 5 + length]

    def _record(self, kind: int, content: bytes) -> None:
        if kind == ALERT:
            self._end(f"alert {_alert(content[-1])}" if len(content) == 2 else "a broken alert")
            return
        self._messages += content
        self.over = any(number == SERVER_HELLO_DONE for number, _ in self._split())

    def _end(self, refusal: str) -> None:
        self.over, self._refusal = True, refusal

    def _split(self) -> Iterator[tuple[int, bytes]]:
        """The complete messages so far: type, and length with content."""
        start = 0
        while start + 4 <= len(self._messages):
            end = start + 4 + int.from_bytes(self._messages[start + 1 : start + 4], "big")
            if end > len(self._messages):
                return
            yield self._messages[start], bytes(self._messages[start + 1 : end])
            start = end

    def reply(self, version: Version) -> Reply:
        """What came of an offer of `version`."""
        from tlslite.messages import ServerHello
        from tlslite.utils.codec import Parser

        messages = dict(reversed(list(self._split())))
        if self._refusal:
            return Reply(False, said=self._refusal)
        try:
            hello = ServerHello().parse(Parser(bytearray(messages[SERVER_HELLO])))
        except (KeyError, SyntaxError, ValueError, AssertionError):  # SyntaxError is what the library raises
            return Reply(False, said="an answer that cannot be read")
        if hello.server_version != version.number:
            return Reply(False, said="another version")
        return Reply(True, hello.cipher_suite, _group(messages.get(SERVER_KEY_EXCHANGE, b""), version, hello))


def _group(message: bytes, version: Version, hello: object) -> int:
    """The size in bits of the Diffie-Hellman group that the server chose; 0 when it chose none."""
    from tlslite.messages import ServerKeyExchange
    from tlslite.utils.codec import Parser

    with contextlib.suppress(SyntaxError, ValueError, AssertionError):
        found = ServerKeyExchange(getattr(hello, "cipher_suite", 0), version.number)
        return int(found.parse(Parser(bytearray(message))).dh_p.bit_length())
    return 0


def _alert(number: int) -> str:
    from tlslite.constants import AlertDescription

    return str(AlertDescription.toRepr(number) or number)
