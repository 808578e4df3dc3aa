"""Certificates that no authority would sign: a key and a chain as PEM, for the hostile server."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

TEXT = "\x1b[31mlocalhost\x1b]0;owned\x07\u202eexe\u200b ';touch /tmp/owned;' <script>\n"
CHAIN = 20  # certificates, when there are many


def made(kind: str) -> str:
    """`odd-subject`, or `long-chain`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, TEXT),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, TEXT * 3 if kind == "odd-subject" else "many"),
        ]
    )
    names: list[x509.GeneralName] = [x509.DNSName("\x1b[31m\n.example"), x509.UniformResourceIdentifier("\x1b]0;x\x07")]
    if kind == "long-chain":
        names += [x509.DNSName(f"n{number}.example") for number in range(60)]
    now = datetime.datetime.now(datetime.UTC)
    one = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return secret + one * (CHAIN if kind == "long-chain" else 1)
