"""One whole TLS handshake with a context of the probe's own, and the certificates that the server presented."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass

from grader.stacks.dealings import Address

SECONDS = 3.0  # for a handshake: a browser's patience is longer, a visitor's is not
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which Python has no name for
NAME_MISMATCH, ADDRESS_MISMATCH = 62, 64  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a handshake came to. `error` is "" or OpenSSL's reason; `code` its X509_V_ERR number, 0 when it is none.

    `chain` is what the server presented, leaf first, as DER; empty after an error.
    """

    version: str
    cipher: str
    chain: tuple[bytes, ...]
    seconds: float
    error: str = ""
    code: int = 0
    late: bool = False


def shake(to: Address, context: ssl.SSLContext, *, name: str = "", seconds: float = SECONDS) -> Handshake:
    """A handshake with the server name `name` (that of `to` unless told), on a connection of its own."""
    begun = time.monotonic()
    try:
        with socket.create_connection((to.host, to.port), timeout=seconds) as plain:
            plain.settimeout(max(seconds - (time.monotonic() - begun), 0.001))
            with context.wrap_socket(plain, server_hostname=name or to.tls) as sock:
                cipher = sock.cipher() or ("", "", 0)
                return Handshake(sock.version() or "", cipher[0], presented(sock), time.monotonic() - begun)
    except ssl.SSLCertVerificationError as trouble:
        return _failed(begun, trouble.verify_message, code=trouble.verify_code)
    except TimeoutError:
        return _failed(begun, "no answer in time", late=True)
    except ssl.SSLError as trouble:
        return _failed(begun, (trouble.reason or "the connection was closed").replace("_", " ").lower())
    except (OSError, ValueError) as trouble:  # ValueError: a name that no server can have
        return _failed(begun, str(getattr(trouble, "strerror", "") or trouble).lower())


def _failed(begun: float, error: str, *, code: int = 0, late: bool = False) -> Handshake:
    return Handshake("", "", (), time.monotonic() - begun, error, code, late)


def presented(sock: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The certificates that the server sent, in its order, as DER: what it was asked to prove nothing with, too."""
    public = getattr(sock, "get_unverified_chain", None)
    if public is not None:
        return tuple(public())
    # Python 3.11 and 3.12 have it under a private name; they get no more features, so it stays.
    inner = sock._sslobj  # type: ignore[attr-defined]  # not in typeshed
    return tuple(ssl.PEM_cert_to_DER_cert(found.public_bytes()) for found in inner.get_unverified_chain() or ())


def lenient() -> ssl.SSLContext:
    """Verifies nothing, and takes weak keys: for looking at what is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def trusting(anchors: str, *, check_time: bool = True) -> ssl.SSLContext:
    """Verifies the chain up to one of `anchors` (PEM; this machine's authorities when ""), and no name.

    Strict only about what curl is strict about: Python 3.13 on its own would take an intermediate for a root, and
    refuse certificates for want of an extension.
    """
    context = lenient()
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags &= ~(ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN)
    if not check_time:
        context.verify_flags |= NO_CHECK_TIME
    if anchors:
        context.load_verify_locations(cadata=anchors)
    else:
        context.load_default_certs()
    return context


def naming(leaf: bytes) -> ssl.SSLContext:
    """Verifies that `leaf` is for the server name, as OpenSSL sees it, and nothing else: not who signed it, nor when.

    The common name does not count: browsers have not looked at it for years (RFC 9525 §2).
    """
    context = trusting(ssl.DER_cert_to_PEM_cert(leaf), check_time=False)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the leaf is its own anchor
    context.check_hostname = True
    context.hostname_checks_common_name = False
    return context
