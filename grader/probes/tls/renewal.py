"""A renewal under load: the learner's own command, the certificate that is served afterwards, and what visitors saw."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.outage import site_of
from grader.probes.base import Probe, wait_for
from grader.probes.http import Entry, site
from grader.probes.load import Loaded, load, loaded
from grader.probes.tls.anchors import TrustAnchors
from grader.probes.tls.certificate import verify
from grader.probes.tls.handshake import lenient, shake
from grader.probes.tls.x509 import Certificate, read
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address

RATE = 60.0  # requests a second, each at a connection of its own
LEAST = 500  # requests altogether
LEAD, TAIL = 0.5, 1.0  # seconds of load before the command, and after the last new certificate
SERVED = 30.0  # seconds until visitors must get the new certificate
COMMAND = 60.0  # seconds that the command may take
LOOK = 0.2  # seconds between two looks at the served certificate
SHOWN = 400  # characters of the command's output, from its end


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of the command: its exit code (None: not over in time), seconds, the end of what it printed.

    `serial` is what is served afterwards and `waited` the seconds until it was another one than before, -1.0 when it
    stayed the same for so long as was waited. `distrusted` is "" or why the chain does not verify.
    """

    code: int | None
    seconds: float
    output: str
    serial: str
    waited: float
    distrusted: str


@dataclass(frozen=True, slots=True)
class Renewal:
    """`refused` says why the command was not run; then the rest is empty. `turns` are one or two runs of it."""

    site: str
    command: str
    refused: str
    before: str
    turns: tuple[Turn, ...]
    load: Loaded | None


@dataclass(frozen=True)
class Renew(Probe[Renewal]):
    """Renews the certificate twice while clients ask for a page.

    Only once where the certificate comes from a public authority: those count how often one asks.
    """

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 25.0
    runs: ClassVar[str] = "renew"

    def ask(self, stack: Stack, /) -> Renewal:
        to, command = stack.ask(Entry()), stack.settings.renew
        refused = why_not(stack, command)
        if refused:
            return Renewal(site(stack, to), command, refused, "", (), None)
        page, before = site_of(stack).page, _served(to).serial
        turns = list[Turn]()
        with load(stack, to, page, rate=RATE) as shots:
            time.sleep(LEAD)
            turns.append(_turn(stack, to, command, before, SERVED))
            if turns[0].code == 0 and turns[0].waited >= 0:
                if stack.settings.ca:
                    turns.append(_turn(stack, to, command, turns[0].serial, TAIL))
                time.sleep(TAIL)
                wait_for(lambda: len(shots) >= LEAST or None, 2 * LEAST / RATE, LOOK)
        return Renewal(site(stack, to), command, "", before, tuple(turns), loaded(shots))


def why_not(stack: Stack, command: str) -> str:
    """Why the command is not run; "" when it may be."""
    if not command:
        return "grader.toml does not say how you renew the certificate: name the command as renew"
    if not stack.may_run(command):
        return f"nobody agreed to run the command of grader.toml (answer the question, or add --yes): {command}"
    return ""


def _turn(stack: Stack, to: Address, command: str, before: str, patience: float) -> Turn:
    ran = stack.declared(command, seconds=COMMAND)
    begun = time.monotonic()

    def changed() -> Certificate | None:
        seen = _served(to)
        return seen if seen.serial and seen.serial != before else None

    found = wait_for(changed, patience if ran.code == 0 else 0.0, LOOK)
    waited = round(time.monotonic() - begun, 2) if found else -1.0
    now = found or _served(to)
    verified = verify(to, stack.ask(TrustAnchors()), now, time.time())
    if verified.trouble:
        raise CouldNotLook(Reason.UNREACHABLE, verified.trouble)
    return Turn(ran.code, ran.seconds, ran.output[-SHOWN:], now.serial, waited, verified.error)


def _served(to: Address) -> Certificate:
    """The certificate that is served now; an empty one while there is no handshake."""
    seen = shake(to, lenient())
    return read(seen.chain[0]) if seen.chain else Certificate()
