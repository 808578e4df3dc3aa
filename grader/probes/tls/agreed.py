"""What the site agrees to when it is asked for TLS: which versions, and which ciphers."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe
from grader.probes.http import Entry, site
from grader.probes.tls.handshake import Handshake, lenient, shake
from grader.probes.tls.hello import Reply, Version, offer
from grader.probes.tls.oldserver import incapable
from grader.probes.tls.suites import NAMES, STRONG, WEAK, weakness
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address

LEGACY = (Version.SSL3, Version.TLS10, Version.TLS11)
AT_ONCE = 4  # offers side by side
GROUP = 2048  # bits of a Diffie-Hellman group, at least
FINITE_FIELD = tuple(number for number in STRONG if NAMES[number].startswith("DHE-"))
MODERN = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:@SECLEVEL=0"  # forward secret, and authenticated


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer, in words, and what came of it. `said` is the cipher that was chosen, or the refusal.

    `late` says that nothing came in time: that is no refusal.
    """

    what: str
    accepted: bool
    said: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Weak:
    """Suites of TLS 1.2 that the site takes and should not, by what is wrong with them."""

    why: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the site agrees to. `incapable` is "" or says why the grader's own offers of old versions prove nothing.

    `group` is the size in bits of the Diffie-Hellman group that it uses, 0 when it uses none. `late` says that an offer
    of weak suites was not answered in time.
    """

    site: str
    incapable: str
    legacy: tuple[Offer, ...]
    modern: tuple[Offer, ...]
    weak: tuple[Weak, ...]
    group: int
    late: bool


@dataclass(frozen=True)
class AgreeTo(Probe[Agreed]):
    """Offers the site each version alone, and each kind of weak cipher alone."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Agreed:
        to = stack.ask(Entry())
        if not to.tls:
            raise CouldNotLook(Reason.UNREACHABLE, f"{site(stack, to)} does not speak TLS")
        with ThreadPoolExecutor(AT_ONCE) as crowd:
            legacy = [crowd.submit(_legacy, to, version) for version in LEGACY]
            modern = [
                crowd.submit(_modern, to, version) for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2)
            ]
            kinds = [(why, crowd.submit(accepted, to, suites)) for why, suites in weak_kinds()]
            group = crowd.submit(offer, to, Version.TLS12, FINITE_FIELD)
            capable = crowd.submit(incapable)
        found = [(why, answer.result()) for why, answer in kinds]
        return Agreed(
            site(stack, to),
            capable.result(),
            tuple(answer.result() for answer in legacy),
            tuple(answer.result() for answer in modern),
            tuple(Weak(why, tuple(NAMES[number] for number in numbers)) for why, (numbers, _) in found if numbers),
            group.result().group,
            any(late for _, (_, late) in found),
        )


def weak_kinds() -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The weak suites, by what is wrong with them."""
    listed = sorted(WEAK, key=lambda number: weakness(NAMES[number]))
    return tuple((why, tuple(some)) for why, some in groupby(listed, key=lambda number: weakness(NAMES[number])))


def accepted(to: Address, suites: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """Those of the suites that the server takes, asked until it refuses the rest; and whether an answer was late."""
    left, taken = list(suites), list[int]()
    while left:
        reply = offer(to, Version.TLS12, tuple(left))
        if not reply.accepted or reply.suite not in left:
            return tuple(taken), reply.late
        taken.append(reply.suite)
        left.remove(reply.suite)
    return tuple(taken), False


def _legacy(to: Address, version: Version) -> Offer:
    reply = offer(to, version, tuple(NAMES))
    return Offer(version.words, reply.accepted, _chosen(reply), reply.late)


def _chosen(reply: Reply) -> str:
    return NAMES.get(reply.suite, f"suite {reply.suite:#06x}") if reply.accepted else reply.said


def _modern(to: Address, version: ssl.TLSVersion) -> Offer:
    context = lenient()
    context.minimum_version = context.maximum_version = version
    if version is ssl.TLSVersion.TLSv1_2:
        context.set_ciphers(MODERN)
    seen: Handshake = shake(to, context)
    words = "TLS 1.3" if version is ssl.TLSVersion.TLSv1_3 else "TLS 1.2"
    return Offer(words, not seen.error, seen.error or seen.cipher, seen.late)
