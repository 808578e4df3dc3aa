"""A zoo of certificates, and a site on this machine that shows one of them."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from grader.model import Probe, Role
from grader.probes.http import Entry, Greetings
from grader.stacks.base import BODY_CAP, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.exchange import exchange
from grader.stacks.memo import Memo
from grader.stacks.values import ServiceFacts
from tests.probes.listening import NAME, Handler, head_of, listening
from tests.probes.service import SERVICE
from tests.probes.site import response

E = TypeVar("E")
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate, its key, and those of its issuers that a server sends along."""

    certificate: x509.Certificate
    key: Key
    above: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        return pem(self.certificate)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: Key) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def issue(
    name: str = "",
    issuer: Issued | None = None,
    *,
    names: tuple[str, ...] = (),
    ca: bool = False,
    days: tuple[float, float] = (-1, 89),
    key: Key | None = None,
    digest: hashes.SHA256 | hashes.SHA384 | None = None,
) -> Issued:
    """A certificate for the common name `name`, valid for these days from now; signed by itself without an issuer."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )
    if names:
        general = [_general(one) for one in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=not name)
    signed = builder.sign((issuer.key if issuer else own), digest or hashes.SHA256())
    # A root has no certificate above it, and an intermediate's is not sent.
    above = (issuer.certificate, *issuer.above) if issuer and issuer.certificate.issuer != subject else ()
    return Issued(signed, own, tuple(one for one in above if one.issuer != one.subject))


def over_sha1(issued: Issued, key: rsa.RSAPrivateKey) -> Issued:
    """`issued`, which `key` signed, signed again over SHA-1: no library of today does that by itself."""
    new, old = bytes.fromhex("2a864886f70d010105"), bytes.fromhex("2a864886f70d01010b")  # sha1With…, sha256WithRSA
    before = issued.certificate
    content = before.tbs_certificate_bytes.replace(old, new)
    signature = key.sign(content, padding.PKCS1v15(), hashes.SHA1())
    der = before.public_bytes(serialization.Encoding.DER)
    der = der.replace(before.tbs_certificate_bytes, content).replace(old, new).replace(before.signature, signature)
    return replace(issued, certificate=x509.load_der_x509_certificate(der))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def context_of(
    leaf: Issued, above: tuple[x509.Certificate, ...] | None = None, *, weak: bool = False
) -> ssl.SSLContext:
    """A server's side of TLS that presents `leaf` and what is above it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if weak:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    sent = (leaf.certificate, *(leaf.above if above is None else above))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_text("".join(pem(one) for one in sent) + key_pem(leaf.key))
        context.load_cert_chain(path)
    return context


def says_hello(connection: Any) -> None:
    head_of(connection)
    connection.sendall(response(200, b"hello"))


class Door:
    """One service whose only port is the edge of a stack; what it is asked goes over a real socket."""

    project, url = "lab", "compose://lab"

    def __init__(self, to: Address, settings: Settings, workspace: Path | None) -> None:
        self.to, self.settings, self.workspace, self._memo = to, settings, workspace, Memo()

    def ask(self, probe: Probe[E]) -> E:
        if isinstance(probe, Entry):
            return cast("E", self.to)
        if isinstance(probe, Greetings):
            return cast("E", ())
        return self._memo.once(cast("Any", probe), lambda: probe.ask(self))

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", ("app",), ""), Role("app", ("app",), ""))

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return (SERVICE,)

    def exchange(self, via: Vantage, to: Address, data: bytes, *, cap: int = BODY_CAP, **bounds: Any) -> Exchange:
        seconds, head_only = bounds.get("seconds", 10.0), bounds.get("head_only", False)
        return Exchange(**exchange(to.host, to.port, data, seconds, cap, head_only, to.tls))


def door(to: Address, *, workspace: Path | None = None, **settings: Any) -> Stack:
    """A stack whose entry is `to`."""
    return cast("Stack", Door(to, Settings(**{"hosts": (NAME,), **settings}), workspace))


@contextmanager
def shown(context: ssl.SSLContext, handle: Handler = says_hello) -> Iterator[Address]:
    with listening(handle, tls=context) as to:
        yield to
