"""Whether the app knows who asks, under which name and how, and whether a client can lie to it about that."""

from __future__ import annotations

import re
from collections.abc import Callable
from shlex import quote
from urllib.parse import urlsplit

from grader.checks.base import check
from grader.checks.commands import ADDRESSES, WHOAMI, containers, curl, sent_with, status, told, written_by_hand
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.edge.clients import AddressesTold, AddressTold, ClientAddresses, ClientsSeen, SpoofAddress
from grader.probes.edge.forwarded import (
    Beliefs,
    Believed,
    ForeignHosts,
    HostsKept,
    How,
    KeepHost,
    SpoofHost,
    SpoofScheme,
    Stranger,
    Strangers,
)
from grader.text import url_parts

CLOSED = ("no answer", "connection reset")  # the server hung up without a word, as a refusal
DEFAULT_PORTS = (80, 443)
REDIRECT = "/bench/redirect"


def refused(status: int, error: str) -> bool:
    """Whether a request was turned away. 404 does not count: it is how an app answers that believed another path."""
    return (400 <= status < 500 and status != 404) or (status == 0 and error in CLOSED)


def written(headers: tuple[tuple[str, str], ...]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in headers)


@check(
    "forwarded.real-client-ip",
    title="The app sees the real client address",
    rule="The address that the app sees is the address of the client, for clients that send no forwarding header",
    weight=Weight.BLOCKER,
    probe=ClientAddresses(),
    needs=("proxy.proxy-in-front",),
    source="Flask docs, Tell Flask it is Behind a Proxy; Werkzeug docs, ProxyFix",
    fix="look at the header in which the proxy passes the client's address on, and at how many proxies the app trusts",
)
def real_client_ip(seen: ClientsSeen) -> Verdict:
    """Behind a proxy every connection comes from the proxy. An app that does not know better logs, blocks and limits
    its own proxy, and all visitors at once."""
    wrong = next((client for client in seen.clients if client.taken_for != client.address), None)
    if wrong is None:
        return passed(f"{len(seen.clients)} clients were taken for who they are, such as {seen.clients[0].address}")
    what = wrong.taken_for or "nobody: it sees no address"
    whose = ", which is the proxy itself" if wrong.taken_for in seen.edge_addresses else ""
    return failed(
        f"the app took the client {wrong.address} for {what}{whose}",
        hint="two sides must fit: the header that the proxy sets, and how many proxies the app trusts to set it",
        reproduce=f'a=$({curl(seen.site + WHOAMI)} | sed -E \'s/.*"remote_addr": ?"?([^",]*).*/\\1/\')'
        "; echo the app sees $a; "
        f"docker inspect -f '{ADDRESSES}' {containers(seen.edge)} | grep -wF \"$a\" | sed 's/^/the proxy is: /'",
        shows="the proxy is"
        if wrong.taken_for in seen.edge_addresses
        else NotShown("this machine is another client than the one that was mistaken"),
    )


@check(
    "forwarded.xff-spoof-rejected",
    title="A client cannot fake its address",
    rule="No header that a client sends changes the address that the app sees (or the request is refused)",
    weight=Weight.BLOCKER,
    probe=SpoofAddress(),
    needs=("proxy.proxy-in-front",),
    source="Werkzeug docs, ProxyFix; nginx docs, ngx_http_realip_module; RFC 7239 §8.1",
    fix="trust as many addresses of X-Forwarded-For as proxies of yours stand in front, counted from the end",
)
def xff_spoof_rejected(telling: AddressesTold) -> Verdict:
    """Everybody can send X-Forwarded-For. If the app believes it, one header gets past a block list or a rate limit,
    and the log names whomever the attacker chose."""
    late = next((one for one in telling.told if one.error == "timed out"), None)
    wrong = next((one for one in telling.told if _address_believed(one)), None)
    if wrong is not None:
        answered = f"answered {wrong.status or wrong.error}"
        became = f"took the client for {wrong.taken_for}" if wrong.taken_for else answered
        return failed(
            f"with `{written(wrong.headers)}` the app {became}; without it the client was {wrong.plain or 'nobody'}",
            hint="whose entries of the header does the app believe: your proxies', or the client's too?",
            reproduce=_sees(telling.site, "remote_addr", sent_with(wrong.headers), wrong.status),
            shows=_seen_as("remote_addr", wrong.taken_for, wrong.status),
        )
    if late is not None:
        return unknown(Reason.TIMED_OUT, f"no answer to a request with `{written(late.headers)}`")
    return passed(f"{len(telling.told)} made-up headers did not change whom the app saw")


def _address_believed(one: AddressTold) -> bool:
    if refused(one.status, one.error) or one.error == "timed out":
        return False
    return one.status != 200 or one.taken_for != one.plain


@check(
    "forwarded.forwarded-host-spoof",
    title="A client cannot fake host, port or prefix",
    rule="No header that a client sends shows in links and redirects that the app builds (or the request is refused)",
    weight=Weight.BLOCKER,
    probe=SpoofHost(),
    needs=("proxy.proxy-in-front",),
    source="Flask docs, Tell Flask it is Behind a Proxy; Werkzeug docs, ProxyFix; RFC 7239 §8.1",
    fix="trust only headers that your proxy sets, or let it set them all",
)
def forwarded_host_spoof(beliefs: Beliefs) -> Verdict:
    """An app that believes X-Forwarded-Host writes any address an attacker likes into its links: into somebody else's
    password-reset mail, or into a page that a cache then gives to everybody."""
    verdict = _spoofed(beliefs, lambda one: one.mark in f"{one.url} {one.location} {one.root}", "url_external")
    return verdict or passed(f"{len(beliefs.told)} made-up headers left {beliefs.plain.url} as it is")


@check(
    "forwarded.forwarded-proto-spoof",
    title="A client cannot fake https",
    rule="No header that a client sends changes the scheme that the app believes in, and over plain HTTP that is http",
    weight=Weight.MAJOR,
    probe=SpoofScheme(),
    needs=("proxy.proxy-in-front",),
    source="Gunicorn docs, secure_scheme_headers; Werkzeug docs, ProxyFix",
    fix="the proxy says which scheme it was asked with, and overwrites what a client says about it",
)
def forwarded_proto_spoof(beliefs: Beliefs) -> Verdict:
    """Secure cookies, redirects to https and links depend on the scheme. A client that can claim https over plain HTTP
    gets past the redirect and makes the app hand out what belongs on encrypted connections only."""
    # An app that believes in http over TLS is nobody's fake: forwarded.app-knows-https says that, once.
    if beliefs.transport == "http" and beliefs.plain.scheme != "http":
        return failed(
            f"over http the app believes in {beliefs.plain.scheme or 'no scheme'}, without any header",
            hint="does the proxy say with which scheme it was asked, or always the same?",
            reproduce=told(beliefs.site, "scheme"),
            shows=_seen_as("scheme", beliefs.plain.scheme, 200),
        )
    verdict = _spoofed(beliefs, lambda one: _scheme_believed(one, beliefs), "scheme")
    return verdict or passed(f"{len(beliefs.told)} made-up headers did not change the scheme, {beliefs.plain.scheme}")


def _scheme_believed(one: Believed, beliefs: Beliefs) -> bool:
    if one.status == 200:
        return one.scheme != beliefs.plain.scheme or (
            one.mark in one.location and one.mark not in beliefs.plain.location
        )
    # Over plain HTTP a redirect is the proxy's own, to https, and the app has not seen the request. Over TLS there is
    # nothing to redirect: whoever does it believes that the client came by plain HTTP.
    return beliefs.transport == "https" and beliefs.plain.status == 200 and 300 <= one.status < 400


def _spoofed(beliefs: Beliefs, believed: Callable[[Believed], bool], field: str) -> Verdict | None:
    """The verdict about the first header that was believed or broke the request; None when there is none."""
    late = None
    for one in beliefs.told:
        if believed(one):
            seen = next((text for text in (one.url, one.location) if one.mark in text), one.root or one.scheme)
            because = f"with `{one.header}: {one.value}` the app said {seen}"
        elif one.error == "timed out":
            late = one
            continue
        elif one.status == 200 or refused(one.status, one.error) or 300 <= one.status < 400:
            continue
        else:
            because = f"with `{one.header}: {one.value}` the answer was {one.status or one.error} instead of 200"
        reproduce, shows = _believed(one, beliefs.site, field)
        return failed(
            because,
            hint="who sets this header: your proxy on every request, or whoever likes to?",
            reproduce=reproduce,
            shows=shows,
        )
    if late is not None:
        return unknown(Reason.TIMED_OUT, f"no answer to a request with `{late.header}: {late.value}`")
    return None


def _believed(one: Believed, site: str, field: str) -> tuple[str, str]:
    """A command that shows what a header changed, and what it shows then."""
    options, mark = sent_with(((one.header, one.value),)), re.escape(one.mark)
    if one.status != 200:
        return status(site + WHOAMI, options), f"^{one.status:03}$"
    if one.mark in one.location and one.mark not in f"{one.url} {one.root}" and one.scheme != one.mark:
        return f"{curl(site + REDIRECT, '-i', options)} | grep -i ^location", mark
    seen = "script_root" if field != "scheme" and one.mark not in one.url else field
    return told(site, seen, options), f"{seen}.*{mark if field != 'scheme' else f'{one.scheme}'}"


def _sees(site: str, field: str, options: str, code: int) -> str:
    return told(site, field, options) if code == 200 else status(site + WHOAMI, options)


def _seen_as(field: str, value: str, code: int) -> str:
    return f'"{field}": ?"{re.escape(value)}"' if code == 200 else f"^{code:03}$"


@check(
    "forwarded.host-preserved",
    title="Links the app builds use the public host name",
    rule="Links and redirects name the host that was asked for, with its port, the published port or none",
    weight=Weight.MAJOR,
    probe=KeepHost(),
    needs=("proxy.proxy-in-front",),
    source="nginx docs, ngx_http_proxy_module, proxy_set_header; RFC 9110 §7.2",
    fix="look at the Host header that the proxy sends to the app",
)
def host_preserved(kept: HostsKept) -> Verdict:
    """A proxy asks the app by the app's inner name unless told otherwise. Links, redirects and mails then point to a
    name that exists only inside the stack."""
    for one in kept.asked:
        named = sent_with((("Host", one.value),))
        if not one.url:
            return failed(
                f"asked as {one.value}, the bench did not answer: {one.status or one.error}",
                hint="does the proxy know this name, and does it pass it on to the app?",
                reproduce=status(kept.site + WHOAMI, named),
                shows=f"^{one.status:03}$",
            )
        wrong = next((link for link in (one.url, one.location) if not points_home(link, one.value, kept.port)), "")
        if wrong:
            return failed(
                f"asked as {one.value}, the app built the link {wrong}",
                hint="under which name does the proxy ask the app?",
                reproduce=told(kept.site, "url_external", named)
                if wrong == one.url
                else f"{curl(kept.site + REDIRECT, '-i', named)} | grep -i ^location",
                shows=re.escape(wrong),
            )
    return passed(f"asked as {' and '.join(one.value for one in kept.asked)}, the app built links to that name")


def points_home(link: str, asked: str, published: int) -> bool:
    """Whether a link stays on the site that was asked for as `asked` (host, or host:port). A relative one does."""
    try:
        parts, wanted = urlsplit(link), urlsplit(f"//{asked}")
        ports = (None, *DEFAULT_PORTS, published, wanted.port)
        return not parts.netloc or (parts.hostname == wanted.hostname and parts.port in ports)
    except ValueError:  # a port that is no number
        return False


@check(
    "forwarded.unknown-host-rejected",
    title="Requests for foreign host names are not served",
    rule="A request for another site, for none or for two gets no page of this one: an error, a redirect or silence",
    weight=Weight.MINOR,
    probe=ForeignHosts(),
    needs=("forwarded.host-preserved",),
    source="Flask docs, TRUSTED_HOSTS; nginx docs, Server names; RFC 9112 §3.2",
    fix="list the names of your site, in the proxy or in the app, and answer no other",
)
def unknown_host_rejected(strangers: Strangers) -> Verdict:
    """An app that answers to every name puts that name into its links. Others can point their domain at your server,
    and an attacker chooses what your mails and caches say."""
    served = next((one for one in strangers.tried if serves(one)), None)
    late = next((one for one in strangers.tried if one.error == "timed out"), None)
    if served is not None:
        what = "a redirect within the site" if 300 <= served.status < 400 else "the page of this site"
        got = f"{served.status}" + (f", {what}" if served.status < 400 else "")
        return failed(
            f"a request with {served.how.value} ({_name(served)}) got {got}",
            hint="which server block answers when no name fits, and does the app itself know its names?",
            reproduce=_as_curl(served, strangers),
            shows=f"^HTTP/.* {served.status}",
        )
    if late is not None:
        return unknown(Reason.TIMED_OUT, f"no answer to a request with {late.how.value}")
    got = ", ".join(f"{one.how.value}: {one.status or one.error}" for one in strangers.tried)
    return passed(f"nothing was served ({got})")


def serves(one: Stranger) -> bool:
    """Whether a stranger got the site, or made it fail. A page for strangers, such as "unknown host", is fine."""
    if 300 <= one.status < 400:
        target = url_parts(one.location).hostname
        return target is None or target == one.name
    return one.status >= 500 or (200 <= one.status < 300 and (one.same or one.named))


def _name(one: Stranger) -> str:
    return {How.EMPTY: "`Host:`", How.TWICE: f"the second {one.name}"}.get(one.how, one.name)


def _as_curl(one: Stranger, strangers: Strangers) -> str:
    site, url = strangers.site, strangers.site + strangers.path
    parts = urlsplit(site)
    # curl sends only the first of two Host headers, so that request goes out letter by letter.
    raw = f"GET {strangers.path} HTTP/1.1\\r\\nHost: {parts.hostname}\\r\\nHost: {one.name}\\r\\n\\r\\n"
    command = {
        How.NAMED: curl(url, "-i", sent_with((("Host", one.name),))),
        How.EMPTY: curl(url, "-i -H 'Host;'"),
        How.TWICE: written_by_hand(raw, site),
        How.ABSOLUTE: curl(site, "-i --request-target", quote(f"{parts.scheme}://{one.name}/bench/whoami")),
    }[one.how]
    return f"{command} | head -20"
