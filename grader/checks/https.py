"""From plain HTTP to HTTPS: everybody is sent there, nobody elsewhere, and no way leads around it."""

from __future__ import annotations

import re
from shlex import quote
from urllib.parse import urlsplit

from grader.checks.base import check
from grader.checks.commands import FORM, curl, written_by_hand
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.edge.redirects import (
    CHALLENGE,
    INJECTED,
    AskChallenge,
    Challenged,
    LureAway,
    Lured,
    Luring,
    Redirected,
    RedirectsOf,
    Sent,
)
from grader.probes.tls.bypass import PlainWays, Way, Ways

HTTPS = 443
SENDS_ON = (301, 302, 307, 308)
MAY_REFUSE = ("POST",)  # a form that was sent in the clear need not be taken
HOPS = "%{num_redirects} redirects\\n"  # what curl says in the end of a chain of redirects
HIDES = (403, 444)  # a challenge that is answered so is locked away


@check(
    "https.http-redirects",
    title="Plain HTTP is redirected to HTTPS on the same host",
    rule="over plain HTTP every page, file and form is answered with 301, 302, 307 or 308 to https, with the same host "
    "name, path and query (a form may be refused), and following it ends at a page; or nothing speaks plain HTTP",
    weight=Weight.BLOCKER,
    probe=RedirectsOf(),
    needs=("tls.https-serves",),
    source="MDN HTTP Observatory, redirection; OWASP Transport Layer Security Cheat Sheet",
    fix="one redirect for all of the plain HTTP server, with the path that was asked for",
)
def http_redirects(seen: Redirected) -> Verdict:
    """People type names without https. The first request then goes out in the clear; what it gets has to be nothing but
    the way to HTTPS, whatever page was asked for."""
    if not seen.plain:
        return passed("no published port speaks plain HTTP")
    for sent in seen.sent:
        if why := _no_redirect(sent, seen):
            how = {"POST": ["-X POST"], "HEAD": ["-I"]}.get(sent.method, [])
            look = f"{curl(seen.plain + sent.path, '-i', *how)} | grep -iE '^(HTTP|location)'"
            again = curl(seen.plain + sent.path, f"-kL --max-redirs 5 -o /dev/null -w '{HOPS}'")
            return failed(
                f"{sent.method} {sent.path} over plain HTTP {why}",
                hint="which requests does the redirect cover, and from what does it make the new address?",
                reproduce=again if sent.loop else look,
                shows="^5 redirects" if sent.loop else _wrong_way(sent),
            )
    first = seen.sent[0]
    return passed(f"{len(seen.sent)} kinds of request, such as {first.path}: {first.status} to {first.location}")


def _wrong_way(sent: Sent) -> str:
    return re.escape(sent.location) if sent.status in SENDS_ON else f"^HTTP/.* {sent.status}"


def _no_redirect(sent: Sent, seen: Redirected) -> str:
    """What is wrong with an answer of the plain port; "" when nothing is."""
    if sent.method in MAY_REFUSE and 400 <= sent.status < 500 and sent.status != 404:
        return ""
    if sent.status not in SENDS_ON:
        return f"got {sent.status or sent.error}, and no redirect"
    try:
        to, asked = urlsplit(sent.location), urlsplit(sent.path)
        port = to.port or HTTPS
    except ValueError:
        return f"is sent to {sent.location}, which is no address"
    if to.scheme != "https":
        return f"is sent to {sent.location}, which is not https"
    if to.hostname != seen.host:
        return f"is sent to another host: {sent.location}"
    if port not in (HTTPS, seen.port):
        return f"is sent to port {port}, where no HTTPS is: {sent.location}"
    if (to.path, to.query) != (asked.path, asked.query):
        return f"is sent to another page: {sent.location}"
    return f"is sent to {sent.location}, and from there round in circles" if sent.loop else ""


@check(
    "https.redirect-not-open",
    title="The redirect cannot be steered to another site",
    rule="whatever name, address or header a client makes up, the redirect leads to a name of this site (or the "
    "request is refused), and nothing of the path becomes a header",
    weight=Weight.MAJOR,
    probe=LureAway(),
    needs=("https.http-redirects",),
    source="Gixy, http_splitting and host_spoofing; OWASP Unvalidated Redirects and Forwards Cheat Sheet",
    fix="answer your own names only, and build the redirect from the request line as it came",
)
def redirect_not_open(seen: Luring) -> Verdict:
    """A link that begins with your name and ends at a stranger's page is what phishing is made of. And a redirect that
    is built from the decoded path lets whoever wrote the link set headers in your name, cookies among them."""
    for tried in seen.tried:
        if why := _lured(tried, seen.hosts):
            return failed(
                f"with {tried.lure.what} the redirect {why}",
                hint="from which variable is the address built, and does this server answer to every name?",
                reproduce=_as_command(tried, seen.plain),
                shows=f"(?i)^{INJECTED}" if tried.injected else re.escape(tried.location),
            )
    return passed(f"{len(seen.tried)} attempts led nowhere else")


def _lured(tried: Lured, hosts: tuple[str, ...]) -> str:
    if tried.injected:
        return f"took a header from the path: {INJECTED}"
    if not tried.location:
        return ""
    try:
        leads = urlsplit(tried.location).hostname or ""
    except ValueError:
        return f"leads to {tried.location}, which is no address"
    return "" if leads in hosts else f"leads to {tried.location}"


def _as_command(tried: Lured, site: str) -> str:
    lure, host = tried.lure, urlsplit(site).netloc
    lines = [f"GET {lure.target} HTTP/1.1", f"Host: {lure.host or host}", "Connection: close"]
    lines += [": ".join(lure.header)] if lure.header[0] else []
    raw = "".join(f"{line}\\r\\n" for line in [*lines, ""]).replace("%", "%%").replace("/\\e", "/\\\\e")
    return f"{written_by_hand(raw, site)} | grep -iE '^(HTTP|location|{INJECTED})'"


@check(
    "https.acme-challenge-open",
    title="The ACME challenge path is reachable over HTTP",
    rule=f"what lies under {CHALLENGE} is looked for by the server itself: a challenge that is not there is a 404 "
    "which is not the app's, unless the server takes part in ACME itself",
    weight=Weight.MINOR,
    probe=AskChallenge(),
    needs=("https.http-redirects",),
    source="RFC 8555 §8.3; RFC 8737 §3; certbot docs, Webroot",
    fix="a location for the challenges, before every rule that hides files or passes requests on",
)
def acme_challenge_open(seen: Challenged) -> Verdict:
    """Before it signs, the authority fetches a file from your site over plain HTTP. A rule that hides everything that
    begins with a dot hides that file too, and you learn of it when the certificate has run out."""
    look = curl(seen.asked, "-kL --max-redirs 3 -o /dev/null -w '%{http_code} %{url_effective}\\n'")
    hint = "which rule answers this path? One that is more general may come first"
    if seen.away:
        away = re.escape(seen.url)
        return failed(f"a challenge leads away from the site, to {seen.url}", hint=hint, reproduce=look, shows=away)
    if seen.apps and seen.proves:
        return passed("the server takes part in ACME itself (it knows acme-tls/1): a real challenge never gets further")
    if seen.apps:
        return failed(
            f"a challenge is passed on to the app: it got the app's own {seen.usual}",
            hint=hint,
            reproduce=look,
            shows=NotShown("the page of the app is to be compared with that of the proxy"),
        )
    if seen.status in HIDES or not seen.status or seen.status >= 500:
        got = f"^{seen.status:03} "
        return failed(f"a challenge got {seen.status or seen.error}", hint=hint, reproduce=look, shows=got)
    return passed(f"a challenge that is not there got {seen.status}, and not from the app")


@check(
    "net.no-plain-bypass",
    title="No published port serves the app without TLS",
    rule="every published port is closed, speaks TLS, or gives nothing of the app to a client that speaks plain HTTP, "
    "under whatever name it asks",
    weight=Weight.BLOCKER,
    probe=PlainWays(),
    needs=("https.http-redirects",),
    source="OWASP Transport Layer Security Cheat Sheet; Flask docs, Deploying to Production",
    fix="look at every port that is published, for IPv4 and for IPv6, and at the server's other names",
)
def no_plain_bypass(seen: Ways) -> Verdict:
    """A redirect on one port is worth nothing while another one still serves the site in the clear. Old ports are
    forgotten, and so are second addresses: [::] beside 0.0.0.0, or a server block for another name."""
    way = next((way for way in seen.plain if way.served), None)
    if way is None:
        plain = f", of which {len(seen.plain)} speak plain HTTP and serve nothing" if seen.plain else ""
        return passed(f"{seen.asked} published ports{plain}")
    return failed(
        f"{way.service} serves the app in the clear at {way.where}: {way.served} as {way.host} was answered",
        hint="which server listens there, and does anybody still need it?",
        reproduce=_ask_plainly(way),
        shows="^HTTP/.* [23]0[0-3]",
    )


def _ask_plainly(way: Way) -> str:
    method, _, path = way.served.partition(" ")
    form = [FORM] if method == "POST" else []
    return f"{curl(f'http://{way.where}{path}', '-i', *form, '-H', quote(f'Host: {way.host}'))} | head -20"
