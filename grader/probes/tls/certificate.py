"""The certificates that the site presents, and whether they prove what they should."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe
from grader.probes.http import Entry, site
from grader.probes.tls.anchors import Anchors, TrustAnchors
from grader.probes.tls.handshake import Handshake, lenient, naming, shake, trusting
from grader.probes.tls.x509 import Certificate, read
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address

NAMES = 5  # of the learner's host names that are tried
SKEW = 300  # seconds by which two clocks may differ
NOT_YET, EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


@dataclass(frozen=True, slots=True)
class Named:
    """Whether the certificate is for `host`. `presented` is what it says when another one is served for that name."""

    host: str
    fits: bool
    said: str
    presented: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether the chain leads to a trusted authority: `error` is "" or OpenSSL's words, and `code` its number.

    `where` says who is trusted, `anchors` what they are called; `trouble` why that could not be found out.
    """

    where: str
    anchors: tuple[str, ...]
    trouble: str
    error: str
    code: int


@dataclass(frozen=True, slots=True)
class Served:
    """What the site presents to who asks for its first name, leaf first, at `now` (seconds since the epoch)."""

    site: str
    host: str
    port: int
    now: float
    chain: tuple[Certificate, ...]
    named: tuple[Named, ...]
    verified: Verified

    @property
    def leaf(self) -> Certificate:
        return self.chain[0]


@dataclass(frozen=True)
class ServedCertificate(Probe[Served]):
    """Shakes hands as a client that only looks, as one that trusts one authority only, and once for each host name."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Served:
        to = stack.ask(Entry())
        if not to.tls:
            raise CouldNotLook(Reason.UNREACHABLE, f"{site(stack, to)} does not speak TLS")
        seen = shake(to, lenient())
        if not seen.chain:
            reason = Reason.TIMED_OUT if seen.late else Reason.UNREACHABLE
            raise CouldNotLook(reason, f"{site(stack, to)} presents no certificate: {seen.error or 'an empty list'}")
        now, chain = time.time(), tuple(read(der) for der in seen.chain)
        names = tuple(_named(to, host, seen.chain[0]) for host in stack.settings.hosts[:NAMES])
        verified = verify(to, stack.ask(TrustAnchors()), chain[0], now)
        return Served(site(stack, to), to.tls, to.port, round(now), chain, names, verified)


def _named(to: Address, host: str, usual: bytes) -> Named:
    looked = shake(to, lenient(), name=host)  # a server may have another certificate for another name
    leaf = looked.chain[0] if looked.chain else b""
    if not leaf:
        return Named(host, False, looked.error or "no certificate")
    asked = shake(to, naming(leaf), name=host)
    return Named(host, not asked.error, asked.error, read(leaf) if leaf != usual else None)


def verify(to: Address, anchors: Anchors, leaf: Certificate, now: float) -> Verified:
    """Whether the chain that a server presents leads to one of the anchors.

    The leaf's own dates are another question: when they are wrong, the chain is verified as if time stood still.
    """
    called = tuple(one.called for one in anchors.certificates)
    if anchors.trouble:
        return Verified(anchors.where, called, anchors.trouble, "", 0)
    seen: Handshake = shake(to, trusting(anchors.pem))
    if seen.code in (NOT_YET, EXPIRED) and not leaf.since <= now <= leaf.until:
        seen = shake(to, trusting(anchors.pem, check_time=False))
    trouble = f"no handshake: {seen.error}" if seen.error and not seen.code else ""
    return Verified(anchors.where, called, trouble, "" if trouble else seen.error, seen.code)
