"""The app behind HTTPS: that it knows, that its cookies stay there, and that nobody else gets at the key."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import FORM, curl, inside, told
from grader.checks.image import in_layers
from grader.model import Reason, Verdict, Weight, failed, passed, skipped, unknown
from grader.probes.app.session import LOGIN, Cookie
from grader.probes.tls.privatekey import FindKey, KeyPlaces, Lies
from grader.probes.tls.secure import BuildLinks, Cookies, Links, SignInOverBoth
from grader.text import url_parts


@check(
    "forwarded.app-knows-https",
    title="The app builds https links and secure redirects",
    rule="over HTTPS the app sees the scheme https, builds links with it, and redirects to https (or keeps the scheme)",
    weight=Weight.MAJOR,
    probe=BuildLinks(),
    needs=("tls.https-serves",),
    source="Flask docs, Tell Flask it is Behind a Proxy; Gunicorn docs, Deploying Gunicorn",
    fix="the header in which the proxy says how it was asked, and how many proxies the app believes",
)
def app_knows_https(seen: Links) -> Verdict:
    """The proxy takes TLS off, and the app sees plain HTTP. An app that is not told writes http:// into its links and
    redirects: one detour more at best, an endless loop or a cookie in the clear at worst."""
    hint = "two sides must fit: the header that the proxy sets, and what the app is told to believe"
    if seen.scheme != "https":
        return failed(
            f"over HTTPS the app believes in {seen.scheme or 'no scheme'}",
            hint=hint,
            reproduce=told(seen.site, "scheme"),
            shows=f'"scheme": ?"{re.escape(seen.scheme)}"',
        )
    if not seen.url.startswith("https://"):
        return failed(
            f"over HTTPS the app builds the link {seen.url}",
            hint=hint,
            reproduce=told(seen.site, "url_external"),
            shows=re.escape(seen.url),
        )
    for what, location in seen.locations:
        if location and url_parts(location).scheme not in ("", "https"):
            method, _, path = what.partition(" ")
            return failed(
                f"{what} over HTTPS is redirected to {location}",
                hint=hint,
                reproduce=f"{curl(seen.site + path, '-i', *([FORM] if method == 'POST' else []))} | grep -i ^location",
                shows=re.escape(location),
            )
    return passed(f"the app builds {seen.url}")


@check(
    "session.cookie-secure",
    title="The session cookie is only sent over HTTPS",
    rule="the cookie that keeps the login is Secure, and signing in over plain HTTP sets none",
    weight=Weight.MAJOR,
    probe=SignInOverBoth(),
    needs=("tls.https-serves",),
    source="Flask docs, Security Considerations: Set-Cookie options; RFC 6265bis §5.7",
    fix="SESSION_COOKIE_SECURE among Flask's settings",
)
def cookie_secure(seen: Cookies) -> Verdict:
    """One request over plain HTTP is enough to give a cookie away: a picture in somebody's mail, a typed address. A
    cookie that is Secure stays in the browser until the connection is encrypted."""
    login = seen.login
    see = f"{curl(login.site + LOGIN, '-o /dev/null -D -', FORM)} | grep -i ^set-cookie:"
    if not login.cookies:
        return skipped(f"signing in was answered with {login.status} and sets no cookie")
    keepers = tuple(cookie for cookie in login.cookies if cookie.keeps_login)
    open_one = _open(keepers, login.cookies)
    if open_one is not None:
        return failed(
            f"the cookie {open_one.name} keeps the visitor signed in, and is not Secure",
            hint="which of Flask's SESSION_COOKIE_… settings says so, or does the proxy change the cookie on its way?",
            reproduce=f"{see} | grep -F {quote(open_one.name + '=')} | grep -vi '; *secure'",
            shows=re.escape(open_one.name),
        )
    if seen.over_plain:
        return failed(
            f"signing in over plain HTTP is answered, and sets {', '.join(seen.over_plain)}",
            hint="what answers a form that comes in the clear?",
            reproduce=f"{curl(seen.plain + LOGIN, '-o /dev/null -D -', FORM)} | grep -i ^set-cookie:",
            shows=re.escape(seen.over_plain[0]),
        )
    names = ", ".join(cookie.name for cookie in keepers or login.cookies)
    return passed(f"{names}: Secure" + ("; over plain HTTP nobody can sign in" if seen.plain else ""))


def _open(keepers: tuple[Cookie, ...], cookies: tuple[Cookie, ...]) -> Cookie | None:
    """The cookie that gives the login away; where it takes several, all of them would have to be open."""
    if keepers:
        return None if keepers[-1].secure else keepers[-1]
    return None if any(cookie.secure for cookie in cookies) else cookies[0]


@check(
    "secrets.key-private",
    title="The private key is private",
    rule="the key of the site's certificate is in no layer of the images of proxy and app, not in the app's container "
    "(unless the app itself speaks TLS), not readable for every user where it lies, and not on the site",
    weight=Weight.MAJOR,
    probe=FindKey(),
    needs=("tls.https-serves",),
    source="CIS Docker Benchmark 4.10; OWASP Transport Layer Security Cheat Sheet",
    fix="bring the key in when the container starts, for the TLS server only, with a mode that keeps others out",
)
def key_private(seen: KeyPlaces) -> Verdict:
    """Whoever has the key can pose as your site. It belongs to the one program that speaks TLS, and to nobody else: an
    image gets around, and a hole in the app should not open the box that the key is in."""
    if seen.packed:
        pack = seen.packed[0]
        hidden = " (the container does not show it: a later layer or a volume hides it)" if pack.hidden else ""
        return failed(
            f"the image {pack.image} holds the key of the site's certificate: /{pack.path}{hidden}",
            hint="which COPY or RUN put it there? A key comes to the container when it starts",
            reproduce=in_layers(pack.image, pack.path),
            shows=re.escape(pack.path),
        )
    for lie in seen.lies:
        if text := _exposed(lie, terminates=seen.terminates):
            return failed(
                f"in {lie.service}, {text}",
                hint="who has to read this file, and how does it get into this container?",
                reproduce=f"{curl(seen.site + lie.public)} | head -1"
                if lie.public
                else inside(lie.service, f"ls -lL {quote(lie.path)}", "-u 0"),
                shows="PRIVATE KEY" if lie.public else "^-" if lie.app and not seen.terminates else "^-.{6}r",
            )
    if seen.cut:
        return unknown(Reason.TIMED_OUT, f"{', '.join(seen.cut)}: more files than the grader looks through for a key")
    if not seen.lies:
        return passed(f"no file of {', '.join(seen.searched)} holds it in the clear")
    places = ", ".join(f"{lie.service}: {lie.path} ({lie.mode:04o})" for lie in seen.lies)
    return passed(f"it lies where it is needed only: {places}")


def _exposed(lie: Lies, *, terminates: bool) -> str:
    if lie.public:
        return f"{lie.path} is the site's private key, and the site hands it out at {lie.public}"
    if lie.app and not terminates:
        return f"which is the app, {lie.path} is the site's private key"
    return f"every user may read the site's private key, {lie.path} ({lie.mode:04o})" if lie.readable else ""
