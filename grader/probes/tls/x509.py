"""What a certificate says, as plain values."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. Times are seconds since the epoch; `names` and `addresses` are its subjectAltName.

    `key` is RSA, EC, Ed25519, …; `bits` its size and `curve` the name of its curve, where it has one. `hash` is what
    the signature was made over, such as sha256; "" where the kind of key decides that. `sha256` and `public` are
    digests of the certificate and of its public key. `trouble` says why it could not be read; then the rest is empty.
    """

    subject: str = ""
    issuer: str = ""
    common_name: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    since: float = 0.0
    until: float = 0.0
    serial: str = ""
    key: str = ""
    bits: int = 0
    curve: str = ""
    hash: str = ""
    sha256: str = ""
    public: str = ""
    trouble: str = ""

    @property
    def called(self) -> str:
        """What to call it in a sentence."""
        return self.subject or next(iter((*self.names, *self.addresses)), "a certificate without a name")


def read(der: bytes) -> Certificate:
    """A certificate from its DER. What cannot be read gives a certificate with `trouble`."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    try:
        found = x509.load_der_x509_certificate(der)
        key, bits, curve = _key(found)
        digest = found.signature_hash_algorithm
        return Certificate(
            subject=_short(found.subject),
            issuer=_short(found.issuer),
            common_name=_common(found.subject),
            names=tuple(_alternative(found, x509.DNSName)),
            addresses=tuple(_alternative(found, x509.IPAddress)),
            since=found.not_valid_before_utc.timestamp(),
            until=found.not_valid_after_utc.timestamp(),
            serial=f"{found.serial_number:x}",
            key=key,
            bits=bits,
            curve=curve,
            hash=digest.name if digest else "",
            sha256=found.fingerprint(hashes.SHA256()).hex(),
            public=public_of(found.public_key()),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as trouble:
        return Certificate(trouble=str(trouble) or type(trouble).__name__)


def _key(found: x509.Certificate) -> tuple[str, int, str]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = found.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size, ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size, key.curve.name
    return type(key).__name__.removesuffix("PublicKey").strip("_"), int(getattr(key, "key_size", 0)), ""


def public_of(key: object) -> str:
    """The SHA-256 of a public key (its SubjectPublicKeyInfo), in hexadecimal: the same for key and certificate."""
    import hashlib

    from cryptography.hazmat.primitives import serialization

    encode = getattr(key, "public_bytes")  # noqa: B009 - every kind of public key has it, and no base class says so
    raw = encode(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(raw).hexdigest()


def _alternative(found: x509.Certificate, kind: type[x509.DNSName] | type[x509.IPAddress]) -> list[str]:
    from cryptography import x509

    with suppress(x509.ExtensionNotFound):
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [str(name) for name in names.get_values_for_type(kind)]
    return []


def _common(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _short(name: x509.Name) -> str:
    """The common name, or all there is where it has none."""
    return _common(name) or name.rfc4514_string()
