"""The cookie that keeps a visitor signed in."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.session import LOGIN, ME, Cookie, SignedIn, SignIn

SAFE = ("Lax", "Strict")  # values of SameSite that keep a cookie out of requests that other sites cause


@check(
    "session.session-cookie-flags",
    title="The session cookie is HttpOnly and SameSite",
    rule=f"the cookie that makes {ME} know the visitor is HttpOnly, SameSite={' or '.join(SAFE)}, "
    "and for no wider domain than the site's own name",
    weight=Weight.MAJOR,
    probe=SignIn(),
    needs=("stack.contract-endpoints",),
    source="Flask docs, Security Considerations: Set-Cookie options; RFC 6265bis §5.6",
    fix="SESSION_COOKIE_SAMESITE and its neighbours among Flask's settings",
)
def session_cookie_flags(seen: SignedIn) -> Verdict:
    """Who has the cookie is signed in. HttpOnly keeps it from scripts; SameSite keeps it out of other sites' forms.

    Without SameSite, a form on any page that you visit can post to the app in your name.
    """
    see = f"curl -s -o /dev/null -D - -d 'user=ada&password=pinboard' {seen.site}{LOGIN} | grep -i set-cookie"
    if not seen.user:
        return failed(
            f"signing in was answered with {seen.status}, and {ME} does not know the visitor afterwards",
            hint="does the answer set a cookie, and does the app accept it when it comes back?",
            reproduce=see,
        )
    keepers = [cookie for cookie in seen.cookies if cookie.keeps_login] or list(seen.cookies)
    cookie = keepers[-1]  # a browser keeps the last of the same name
    lacks = [word for word in (_script(cookie), _site(cookie), _domain(cookie, seen.host)) if word]
    if lacks:
        return failed(
            f"the cookie {cookie.name} keeps the visitor signed in, and {' and '.join(lacks)}",
            hint="which of Flask's SESSION_COOKIE_… settings has a default that does not fit here?",
            reproduce=see,
        )
    return passed(f"the cookie {cookie.name} is HttpOnly and SameSite={cookie.same_site}")


def _script(cookie: Cookie) -> str:
    return "" if cookie.http_only else "scripts can read it (no HttpOnly)"


def _site(cookie: Cookie) -> str:
    if cookie.same_site.lower() in (value.lower() for value in SAFE):
        return ""
    return f"it says SameSite={cookie.same_site}" if cookie.same_site else "it does not say SameSite"


def _domain(cookie: Cookie, host: str) -> str:
    domain = cookie.domain.lstrip(".").lower()
    return "" if domain in ("", host.lower()) else f"it goes to all of {domain}"
