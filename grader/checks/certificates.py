"""The certificate: for whom it is, who says so, for how long, and whether it is renewed without anybody's notice."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from shlex import quote
from urllib.parse import urlsplit

from grader.checks.base import check
from grader.checks.commands import status
from grader.checks.tls import MOZILLA, s_client
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, skipped, unknown
from grader.probes.tls.certificate import SKEW, Named, Served, ServedCertificate
from grader.probes.tls.renewal import COMMAND, LEAST, SERVED, Renew, Renewal, Turn
from grader.probes.tls.x509 import Certificate

DAY = 86_400  # seconds
LONGEST = 398  # days: what browsers take from public authorities
REMAINING = 10  # at least one part in so many of its life is left
RSA_BITS, EC_BITS = 2048, 256
EDWARDS = ("Ed25519", "Ed448")
HASHES = ("sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512")


@check(
    "cert.cert-name",
    title="The certificate matches the host name",
    rule="for each host name of the site, the certificate that is presented has it in its subjectAltName",
    weight=Weight.BLOCKER,
    probe=ServedCertificate(),
    needs=("tls.https-serves",),
    source="OWASP Transport Layer Security Cheat Sheet; RFC 9525",
    fix="issue the certificate for every name that visitors type",
)
def cert_name(seen: Served) -> Verdict:
    """A certificate says whom you are talking to. One for another name proves nothing, and browsers say so in red.

    Only subjectAltName counts; browsers have not looked at the common name for years.
    """
    wrong = next((one for one in seen.named if not one.fits), None)
    if wrong is None:
        return passed(f"the certificate is for {', '.join(one.host for one in seen.named)}")
    names = "openssl x509 -noout -ext subjectAltName 2>/dev/null | tr -d ' ' | tr , '\\n' | grep -cxiF"
    return failed(
        f"the certificate is not for {wrong.host}: {_is_for(wrong, seen.leaf)}",
        hint="which names did you ask the authority for, and which certificate does the server show for this name?",
        reproduce=s_client(seen.port, wrong.host, then=f"2>/dev/null | {names} {quote(f'DNS:{wrong.host}')}"),
        shows="^0$",
    )


def _is_for(wrong: Named, usual: Certificate) -> str:
    leaf = wrong.presented or usual
    names = ", ".join((*leaf.names, *leaf.addresses))
    if names:
        return f"it is for {names}"
    if leaf.common_name:
        return f"it names nobody but in its common name ({leaf.common_name}), which no longer counts"
    return wrong.said or "it names nobody"


@check(
    "cert.cert-chain",
    title="The server sends the full certificate chain",
    rule="a client that knows nothing but the authority's root can verify the certificate with what the server sends, "
    "each certificate after the one that it signed",
    weight=Weight.BLOCKER,
    probe=ServedCertificate(),
    needs=("tls.https-serves",),
    source="nginx docs, ngx_http_ssl_module, ssl_certificate; RFC 8446 §4.4.2",
    fix="serve the file that holds the certificate and those between it and the root",
)
def cert_chain(seen: Served) -> Verdict:
    """Authorities do not sign with their root, but with a certificate in between. A browser may have met that one
    elsewhere and let you through; curl, phones and other servers have not, and refuse."""
    trust = seen.verified
    if trust.trouble:
        return unknown(Reason.UNREACHABLE, trust.trouble, "is the service up that `ca` in grader.toml leads to?")
    shown = s_client(seen.port, seen.host, "-showcerts", "2>/dev/null | grep -E '^ *[0-9] s:|i:'")
    if trust.error:
        return failed(
            _broken(seen),
            hint="which file does the server send: the certificate alone, or the whole chain?",
            reproduce=s_client(seen.port, seen.host, "-showcerts", "2>/dev/null | grep -cE '^ *[0-9] s:'"),
            shows="^1$" if len(seen.chain) == 1 else NotShown("it takes the authority's root to verify a chain"),
        )
    if stray := _stray(seen.chain):
        return failed(
            f"the chain is out of order: {stray}",
            hint="the server's own certificate comes first, then the one that signed it, and so on",
            reproduce=shown,
            shows=NotShown("who signed whom is for your eyes to compare"),
        )
    links = " → ".join(one.called for one in seen.chain)
    return passed(f"{links}, verified with {', '.join(trust.anchors) or trust.where}")


def _broken(seen: Served) -> str:
    count, last = len(seen.chain), seen.chain[-1]
    sent = f"{count} certificate{'s' if count != 1 else ''}"
    trust = ", ".join(seen.verified.anchors) or seen.verified.where
    if last.issuer == last.subject and last.subject not in seen.verified.anchors:
        who = "signed by itself, and nobody vouches for it" if count == 1 else f"up to {last.called}"
        return f"the server sends {sent}, {who}; trusted is {trust} ({seen.verified.error})"
    issuer = last.issuer or "somebody"
    return f"the server sends {sent}; the last was signed by {issuer}, trusted is {trust} ({seen.verified.error})"


def _stray(chain: tuple[Certificate, ...]) -> str:
    """The first certificate that signed none before it, in words; "" when all are in order."""
    for number, one in enumerate(chain[1:], start=1):
        if not any(one.subject == earlier.issuer for earlier in chain[:number]):
            return f"number {number + 1}, {one.called}, signed none of those before it"
    return ""


@check(
    "cert.cert-dates",
    title="The certificate is valid now and not about to expire",
    rule=f"the certificate is valid now (clocks may differ by {SKEW // 60} min), for at most {LONGEST} days, and at "
    f"least 1/{REMAINING} of its life is left",
    weight=Weight.MAJOR,
    probe=ServedCertificate(),
    needs=("tls.https-serves",),
    source=f"{MOZILLA}; CA/Browser Forum, Baseline Requirements §6.3.2",
    fix="let a program renew the certificate in good time",
)
def cert_dates(seen: Served) -> Verdict:
    """A certificate that has expired locks every visitor out, and always on a Sunday. One that lasts for ten years is
    no better: if its key is stolen, the thief has ten years, too."""
    leaf, now = seen.leaf, seen.now
    see = s_client(seen.port, seen.host, then="2>&1 | grep -i 'verify error'")
    hint = "who renews the certificate, and when? A person forgets"
    if leaf.trouble:
        return failed(
            f"the certificate cannot be read: {leaf.trouble}",
            hint=hint,
            reproduce=_dates(seen),
            shows="unable to load|Could not",
        )
    life = leaf.until - leaf.since
    if now > leaf.until + SKEW:
        why = f"the certificate expired {_span(now - leaf.until)} ago"
        return failed(why, hint=hint, reproduce=see, shows="has expired")
    if now < leaf.since - SKEW:
        why = f"the certificate is valid only in {_span(leaf.since - now)}, from {_day(leaf.since)}"
        clock = "whose clock is wrong: this machine's, or the authority's?"
        return failed(why, hint=clock, reproduce=see, shows="not yet valid")
    if life > LONGEST * DAY:
        why = f"the certificate lasts for {life / DAY:.0f} days; browsers take {LONGEST}"
        return failed(
            why,
            hint="who issued it? An authority with a program to renew it needs no such span",
            reproduce=_dates(seen, LONGEST * DAY),
            shows="will not expire" if leaf.until - now > LONGEST * DAY else NotShown("it takes both dates to tell"),
        )
    if leaf.until - now < life / REMAINING:
        why = f"the certificate has {_span(leaf.until - now)} left of {_span(life)}"
        return failed(why, hint=hint, reproduce=_dates(seen, int(life / REMAINING)), shows="will expire")
    return passed(f"valid until {_day(leaf.until)}: {_span(leaf.until - now)} left of {_span(life)}")


def _dates(seen: Served, ahead: int = 0) -> str:
    """Shows from when to when the certificate is valid, and whether it will have expired in so many seconds."""
    return s_client(seen.port, seen.host, then=f"2>/dev/null | openssl x509 -noout -dates -checkend {ahead}")


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _span(seconds: float) -> str:
    """A length of time in the unit that people would use."""
    for unit, size in (("days", DAY), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"


@check(
    "cert.cert-key-strength",
    title="The certificate key and signature are strong",
    rule=f"the key is RSA with at least {RSA_BITS} bits, an elliptic curve with at least {EC_BITS}, or Ed25519; the "
    "signature is over SHA-256 or better",
    weight=Weight.MAJOR,
    probe=ServedCertificate(),
    needs=("tls.https-serves",),
    source=MOZILLA,
    fix="how the key is made, before the certificate is asked for",
)
def cert_key_strength(seen: Served) -> Verdict:
    """Whoever finds the private key can pose as your site. Keys of 1024 bits have been within reach of large
    attackers for years, and a signature over SHA-1 can be moved to another certificate."""
    leaf = seen.leaf
    what = f"{leaf.key} with {leaf.bits} bits" if leaf.bits else leaf.key
    see = "2>/dev/null | openssl x509 -noout -text | grep -E 'Public.Key:|Signature Algorithm|Public Key Alg'"
    if not _strong_key(leaf):
        return failed(
            f"the certificate cannot be read: {leaf.trouble}" if leaf.trouble else f"the key is {what}",
            hint="which kind and size of key was asked for when it was made?",
            reproduce=s_client(seen.port, seen.host, then=see),
            shows="unable to load|Could not"
            if leaf.trouble
            else f"{leaf.bits} bit"
            if leaf.bits
            else re.escape(leaf.key),
        )
    if leaf.hash and leaf.hash not in HASHES:
        return failed(
            f"the certificate is signed over {leaf.hash.upper()}",
            hint="who signed it, and with which options?",
            reproduce=s_client(seen.port, seen.host, then=see),
            shows=f"(?i)Signature Algorithm: .*{re.escape(leaf.hash)}",
        )
    return passed(f"{what}, signed over {leaf.hash.upper() or 'what its kind of key prescribes'}")


def _strong_key(leaf: Certificate) -> bool:
    return {"RSA": leaf.bits >= RSA_BITS, "EC": leaf.bits >= EC_BITS}.get(leaf.key, leaf.key in EDWARDS)


# --- renewal --------------------------------------------------------------------------------------------------------


@check(
    "cert.cert-renewal-live",
    title="A renewed certificate is picked up without dropping users",
    rule=f"the command that grader.toml names renews the certificate: visitors get the new one within {SERVED:.0f} s, "
    f"its chain verifies, none of at least {LEAST} requests in the meantime is lost, and running it again is safe",
    weight=Weight.MAJOR,
    probe=Renew(),
    needs=("cert.cert-chain",),
    source="nginx docs, Controlling nginx; certbot docs, Renewing certificates",
    fix="what happens after the new certificate is on the disk: the server has to load it, and not to restart",
)
def cert_renewal_live(seen: Renewal) -> Verdict:
    """A renewal that nobody watches has two ways to go wrong. The new certificate lies on the disk and the server shows
    the old one until it expires; or the server is restarted for it, and visitors pay for that every time."""
    if seen.refused:
        return skipped(seen.refused, Reason.LEFT_OUT)
    for number, turn in enumerate(seen.turns):
        if text := _went_wrong(turn, again=number > 0):
            reproduce, shows = _renewed(seen, turn)
            return failed(
                text,
                hint="what tells the server that there is a new certificate, and can it read it?",
                reproduce=reproduce,
                shows=shows,
            )
    if seen.load and seen.load.failed:
        return failed(
            f"{seen.load.failed} of {seen.load.sent} requests were lost during the renewal, {seen.load.first}",
            hint="does the server load the new certificate, or does it stop and start?",
            reproduce=f"({seen.command}) >/dev/null 2>&1 & p=$!; "
            f"while kill -0 $p 2>/dev/null; do {status(seen.site + '/')}; done | sort | uniq -c",
            shows=" (000|5[0-9][0-9])$",
        )
    first, sent = seen.turns[0], seen.load.sent if seen.load else 0
    times = "twice" if len(seen.turns) > 1 else "once"
    return passed(
        f"renewed {times} under {sent} requests, none lost; the new certificate was served {first.waited:.1f} s after "
        f"the command, which took {first.seconds:.1f} s"
    )


def _renewed(seen: Renewal, turn: Turn) -> tuple[str, str | NotShown]:
    """The command that renews and looks, and what it shows where it failed."""
    if turn.code is None:
        return seen.command, NotShown("it has no end")
    if turn.code:
        return f"({seen.command}); echo exit code $?", "exit code [1-9]"
    parts = urlsplit(seen.site)
    shown = s_client(parts.port or 443, parts.hostname or "", then="2>/dev/null | openssl x509 -noout -serial")
    again = f"s() {{ {shown}; }}; a=$(s); ({seen.command}) >/dev/null 2>&1; sleep {SERVED:.0f}; b=$(s); "
    if turn.serial and turn.waited < 0:
        return again + '[ "$a" = "$b" ] && echo "still $b"', "^still serial="
    return again + 'echo "now $b"', "^now $" if not turn.serial else NotShown("it takes the root to verify a chain")


def _went_wrong(turn: Turn, *, again: bool) -> str:
    """What is wrong with one run of the command; "" when nothing is. Run again, it need not bring a new certificate."""
    which = "the second time, the" if again else "the"
    said = turn.output.strip().splitlines()[-1:] or ["nothing"]
    if turn.code is None:
        return f"{which} command was not over after {COMMAND:.0f} s; it said: {said[0]}"
    if turn.code:
        return f"{which} command ended with {turn.code}; it said: {said[0]}"
    if turn.waited < 0 and not again:
        return f"{SERVED:.0f} s after the command visitors still got the old certificate"
    if not turn.serial:
        return f"after {which} command nobody could shake hands any more"
    return f"after {which} command the chain does not verify: {turn.distrusted}" if turn.distrusted else ""
