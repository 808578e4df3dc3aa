"""TLS itself: that the site is there over HTTPS, and what it agrees to."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import curl
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.tls.agreed import GROUP, LEGACY, Agreed, AgreeTo, Offer
from grader.probes.tls.https import OverHttps, ServeHttps, TlsPort

QUICK = 3.0  # seconds for a handshake
MOZILLA = "Mozilla, Server Side TLS; OWASP Transport Layer Security Cheat Sheet"
SHOWN = 3  # ciphers that a sentence names
AGREED = "2>&1 | grep -i 'cipher is'"  # what openssl says in the end: the cipher, or (NONE)
MODERN_TLS = ("TLSv1.2", "TLSv1.3")


def s_client(port: int, host: str, options: str = "", then: str = "") -> str:
    """A command that asks for a handshake, and what to do `then` with its output.

    Not every system knows that names below localhost are this machine.
    """
    words = (
        "openssl s_client",
        f"-connect localhost:{port}",
        f"-servername {quote(host)}",
        options,
        "</dev/null",
        then,
    )
    return " ".join(word for word in words if word)


@check(
    "tls.https-serves",
    title="The site works over HTTPS",
    rule=f"a published port shakes hands within {QUICK:g} s, with TLS 1.2 or newer, when it is asked for the site's "
    "name, and shows the site",
    weight=Weight.BLOCKER,
    probe=ServeHttps(),
    needs=("stack.edge-reachable",),
    source="OWASP Transport Layer Security Cheat Sheet; nginx docs, Configuring HTTPS servers",
    fix="a port that speaks TLS, with a certificate and its key",
)
def https_serves(seen: OverHttps) -> Verdict:
    """Over plain HTTP everybody on the way reads along: passwords, cookies, every page. HTTPS keeps it between your
    visitors and your site, and proves to them that it is yours."""
    if not seen.tls:
        seen_at = "; ".join(f"{port.port} speaks {port.speaks.value}{_why(port)}" for port in seen.ports)
        return failed(
            f"no published port speaks TLS for {seen.host}: port {seen_at}",
            hint="which port should it be, is it published, and does the server there have a certificate?",
            reproduce=f"for p in {' '.join(str(port.port) for port in seen.ports)}; do "
            f"curl -ks https://{quote(seen.host)}:$p/ -o /dev/null -w '%{{http_code}}\\n'; done | grep -vc 000",
            shows="^0$",
        )
    port = next(port for port in seen.ports if port.port == seen.port)
    if port.error or port.seconds > QUICK or port.version not in MODERN_TLS:
        what = port.error or f"it took {port.seconds:.1f} s, and agreed on {port.version}"
        return failed(
            f"port {port.port}, asked for {seen.host}, did not shake hands as it should: {what}",
            hint="what does the server log about the handshake?",
            reproduce=s_client(port.port, seen.host, "-brief", "2>&1"),
            shows="error"
            if port.error
            else f"version: {re.escape(port.version)}$"
            if port.version not in MODERN_TLS
            else NotShown("what takes long now may be quick in a moment"),
        )
    if seen.loop:
        return failed(
            f"{seen.url} redirects to {seen.location}, and so on without end",
            hint="who redirects here? It does not notice that the visitor has come over HTTPS already",
            reproduce=curl(f"{seen.site}/", "-L --max-redirs 5 -o /dev/null -w '%{num_redirects} redirects\\n'"),
            shows="^5 redirects",
        )
    if not (200 <= seen.status < 300 or seen.bench):
        return failed(
            f"{seen.url} answers {seen.status or seen.error}" + (f", to {seen.location}" if seen.location else ""),
            hint="the handshake works, and the page does not: what does the server do with the request?",
            reproduce=f"{curl(f'https://{seen.host}:{seen.port}/', '-Si')} 2>&1 | head -1",
            shows=f"^HTTP/.* {seen.status}" if seen.status else "^curl: ",
        )
    return passed(f"{seen.site} shows the site, over {port.version}; the handshake took {port.seconds:.2f} s")


def _why(port: TlsPort) -> str:
    return f" ({port.error})" if port.error else ""


@check(
    "tls.tls-legacy-off",
    title="Old TLS versions are refused",
    rule=f"a client that offers nothing but {', '.join(one.words for one in LEGACY[:-1])} or {LEGACY[-1].words} "
    "is turned away",
    weight=Weight.BLOCKER,
    probe=AgreeTo(),
    needs=("tls.https-serves",),
    source=f"{MOZILLA}; RFC 8996",
    fix="the list of protocol versions",
)
def tls_legacy_off(seen: Agreed) -> Verdict:
    """TLS 1.0 and 1.1 rest on broken hashes, and no browser of the last years needs them. As long as a server takes
    them, an attacker on the way can try to talk both sides down to them."""
    taken = [offer for offer in seen.legacy if offer.accepted]
    if taken:
        first, port, host = taken[-1], *_place(seen)
        option = {"SSL 3.0": "-ssl3", "TLS 1.0": "-tls1", "TLS 1.1": "-tls1_1"}[first.what]
        return failed(
            f"the site agrees to {' and '.join(offer.what for offer in taken)} (with {first.said})",
            hint="which versions does the server's configuration name, and which of them does a browser need?",
            reproduce=s_client(port, host, f"{option} -cipher ALL:@SECLEVEL=0", AGREED),
            shows="Cipher is [A-Z]",
        )
    if seen.incapable:
        return unknown(Reason.GRADER_BUG, f"the grader cannot offer old versions on this machine: {seen.incapable}")
    if late := next((offer for offer in seen.legacy if offer.late), None):
        return unknown(Reason.TIMED_OUT, f"no answer to an offer of {late.what}: neither agreed nor refused")
    return passed("; ".join(f"{offer.what}: {offer.said}" for offer in seen.legacy))


@check(
    "tls.tls-modern-ok",
    title="Current clients can connect",
    rule="a client is welcome that offers only TLS 1.3, or only TLS 1.2 with a cipher that is forward secret and "
    "authenticated",
    weight=Weight.MAJOR,
    probe=AgreeTo(),
    needs=("tls.https-serves",),
    source=MOZILLA,
    fix="the list of protocol versions, and that of ciphers",
)
def tls_modern_ok(seen: Agreed) -> Verdict:
    """TLS 1.3 is quicker by one round trip, and has no weak ciphers to choose from. A cipher without forward secrecy
    lets whoever gets the key later read all that they recorded before."""
    newest, older = seen.modern
    if newest.accepted:
        return passed(f"TLS 1.3 with {newest.said}" + _besides(older))
    if newest.late or (older.late and not older.accepted):
        return unknown(Reason.TIMED_OUT, "no answer to an offer of TLS 1.3 or 1.2: neither agreed nor refused")
    if older.accepted:
        return passed(f"TLS 1.2 with {older.said}; TLS 1.3 would be quicker still, and is refused: {newest.said}")
    port, host = _place(seen)
    return failed(
        f"TLS 1.3 is refused ({newest.said}), and so is TLS 1.2 with every good cipher ({older.said})",
        hint="what is left for a client of today? Compare the server's two lists with Mozilla's",
        reproduce=f"({s_client(port, host, '-tls1_3')}; "
        f"{s_client(port, host, '-tls1_2 -cipher ECDHE+AESGCM:ECDHE+CHACHA20')}) 2>&1 | grep -c 'Cipher is [A-Z]'",
        shows="^0$",
    )


def _besides(older: Offer) -> str:
    return f", TLS 1.2 with {older.said}" if older.accepted else ", and nothing older"


@check(
    "tls.tls-ciphers-strong",
    title="Weak TLS 1.2 ciphers are refused",
    rule="over TLS 1.2 the site takes only ciphers that are forward secret and authenticated (none with RSA key "
    f"exchange, CBC, 3DES, RC4 or less), and Diffie-Hellman groups of at least {GROUP} bits",
    weight=Weight.MAJOR,
    probe=AgreeTo(),
    needs=("tls.https-serves",),
    source=f"{MOZILLA}; RFC 9325 §4.2",
    fix="the list of ciphers: the default of your server is longer than Mozilla's list",
)
def tls_ciphers_strong(seen: Agreed) -> Verdict:
    """Client and server agree on a cipher that both know, so the weakest one that you offer is yours, too. Mozilla's
    list leaves out what was broken, or what a recorded conversation could be decrypted by later."""
    port, host = _place(seen)
    if seen.weak:
        kinds = "; ".join(f"{weak.why}: {_some(weak.names)}" for weak in seen.weak)
        first = seen.weak[0].names[0]
        return failed(
            f"over TLS 1.2 the site takes {sum(len(weak.names) for weak in seen.weak)} ciphers too many: {kinds}",
            hint="which list of ciphers does the server have, and what does Mozilla's generator give for it?",
            reproduce=s_client(port, host, f"-tls1_2 -cipher {quote(first)}:@SECLEVEL=0", AGREED),
            shows=f"Cipher is {re.escape(first)}",
        )
    if 0 < seen.group < GROUP:
        return failed(
            f"the Diffie-Hellman group has {seen.group} bits, fewer than {GROUP}",
            hint="where do its parameters come from? Ciphers that begin with ECDHE need none",
            reproduce=s_client(port, host, "-tls1_2 -cipher DHE:@SECLEVEL=0", "2>&1 | grep -i 'temp key'"),
            shows=f"DH, {seen.group} bits",
        )
    if seen.incapable:
        return unknown(Reason.GRADER_BUG, f"the grader cannot offer weak ciphers on this machine: {seen.incapable}")
    if seen.late:
        return unknown(Reason.TIMED_OUT, "no answer to an offer of weak ciphers: neither agreed nor refused")
    return passed("every weak cipher is refused" if seen.modern[1].accepted else "there is no TLS 1.2 to be weak in")


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _place(seen: Agreed) -> tuple[int, str]:
    """Port and host of the site."""
    host, _, port = seen.site.rpartition("://")[2].rpartition(":")
    return int(port), host
