"""Signs a certificate for the site with the key of Pebble's intermediate, which Pebble shows to whoever asks.

It leads to the lab's root, like those that Pebble issues.
"""

import datetime as dt
import os
import ssl
import time
from pathlib import Path
from urllib.request import urlopen

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: F401 - the other kind of key that a certificate may have

NAME = os.environ["SITE_NAME"]
ALTERNATIVE_NAMES = [NAME]
FIRST_DAY, LAST_DAY = -1, 89  # days from now
HOME = Path("/etc/letsencrypt")
GIVEN = HOME / "keys" / "given.pem"  # a key that came with the proxy's image
PEM = serialization.Encoding.PEM


def from_pebble(path: str) -> bytes:
    """One of the files that Pebble's management port shows."""
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    with urlopen(f"https://acme:15000/{path}", timeout=5, context=context) as answer:
        return answer.read()


def new_key():
    """The site's key."""
    if GIVEN.exists():
        return serialization.load_pem_private_key(GIVEN.read_bytes(), None)
    return ec.generate_private_key(ec.SECP256R1())


def certificate(key, issuer, issuer_key):
    """For the site, as Pebble would make it but for the names and the days above."""
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=FIRST_DAY))
        .not_valid_after(now + dt.timedelta(days=LAST_DAY))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
    )
    if ALTERNATIVE_NAMES:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in ALTERNATIVE_NAMES])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def main() -> None:
    """Writes what certbot would have written, and stays."""
    chain = from_pebble("intermediates/0")
    key = new_key()
    issuer_key = serialization.load_pem_private_key(from_pebble("intermediate-keys/0"), None)
    leaf = certificate(key, x509.load_pem_x509_certificate(chain), issuer_key).public_bytes(PEM)
    live = HOME / "live" / NAME
    live.mkdir(parents=True, exist_ok=True)
    os.umask(0o077)
    plain = serialization.NoEncryption()
    (live / "privkey.pem").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain))
    (live / "cert.pem").write_bytes(leaf)
    (live / "fullchain.pem").write_bytes(leaf + chain)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
