"""The login of a visitor: what its cookie allows, and who knows it for how long."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import FORM, curl, status
from grader.checks.lifecycle import stop
from grader.model import Reason, Verdict, Weight, failed, passed, skipped, unknown
from grader.probes.app.lifecycle import Stopping
from grader.probes.app.logins import AskEverywhere, Recognised
from grader.probes.app.session import LOGIN, ME, Cookie, SignedIn, SignIn

SAFE = ("Lax", "Strict")  # values of SameSite that keep a cookie out of requests that other sites cause
LEAST, MOST = 24, 60  # questions to /me: at least, and at most until a second process has been seen


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
    """Whoever has the cookie is signed in. HttpOnly keeps it from scripts; SameSite keeps it out of other sites' forms.

    Without SameSite, a form on any page that you visit can post to the app in your name.
    """
    see = f"{curl(seen.site + LOGIN, '-o /dev/null -D -', FORM)} | grep -i ^set-cookie:"
    lost = next((cookie.name for cookie in seen.cookies if cookie.secure), "")
    if not seen.user and lost and seen.site.startswith("http:"):
        return failed(
            f"the cookie {lost} is Secure, and {seen.site} is plain HTTP: browsers drop it, and nobody stays signed in",
            hint="does the site come over HTTPS? Only then may its cookies be Secure",
            reproduce=see,
            shows="Secure",
        )
    if not seen.user:
        return failed(
            f"signing in was answered with {seen.status}, and {ME} does not know the visitor afterwards",
            hint="does the answer set a cookie, and does the app accept it when it comes back?",
            reproduce=f"j=$(mktemp); {curl(seen.site + LOGIN, '-c $j', FORM)} >/dev/null; "
            f"{curl(seen.site + ME, '-b $j')} | grep -c ada",
            shows="^0$",
        )
    keepers = [cookie for cookie in seen.cookies if cookie.keeps_login]
    # A browser keeps the last of the same name. Where it takes several cookies, a thief needs all: the safest counts.
    cookie = keepers[-1] if keepers else min(seen.cookies, key=lambda one: len(_lacks(one, seen.host)))
    if lacks := _lacks(cookie, seen.host):
        return failed(
            f"the cookie {cookie.name} keeps the visitor signed in, and {' and '.join(lacks)}",
            hint="which of Flask's SESSION_COOKIE_… settings has a default that does not fit here?",
            reproduce=f"{see} | grep -F {quote(cookie.name + '=')} | {_without(cookie, seen.host)}",
            shows=re.escape(cookie.name),
        )
    return passed(f"the cookie {cookie.name} is HttpOnly and SameSite={cookie.same_site}")


def _lacks(cookie: Cookie, host: str) -> list[str]:
    return [word for word in (_script(cookie), _site(cookie), _domain(cookie, host)) if word]


def _without(cookie: Cookie, host: str) -> str:
    """Lets only a cookie through that lacks the first of what it should have."""
    if _script(cookie):
        return "grep -vi httponly"
    return f"grep -viE 'samesite=({'|'.join(SAFE)})'" if _site(cookie) else "grep -i domain="


def _script(cookie: Cookie) -> str:
    return "" if cookie.http_only else "scripts can read it (no HttpOnly)"


def _site(cookie: Cookie) -> str:
    if cookie.same_site.lower() in (value.lower() for value in SAFE):
        return ""
    return f"it says SameSite={cookie.same_site}" if cookie.same_site else "it does not say SameSite"


def _domain(cookie: Cookie, host: str) -> str:
    domain = cookie.domain.lstrip(".").lower()
    return "" if domain in ("", host.lower()) else f"it goes to all of {domain}"


@check(
    "session.session-across-workers",
    title="A login holds whichever worker answers",
    rule=f"all of {LEAST} to {MOST} replies, several at a time so that several workers answer, know who signed in",
    weight=Weight.MAJOR,
    probe=AskEverywhere(LEAST, MOST),
    needs=("server.concurrent-requests",),
    source="Flask docs, Configuration: SECRET_KEY; Gunicorn docs, Design",
    fix="one key for all workers, made outside of them",
)
def session_across_workers(seen: Recognised) -> Verdict:
    """Each worker is a process of its own. A key that each makes up for itself, or a login kept in its memory, is
    unknown to the others: visitors are signed out at random.
    """
    who = {0: "the app", 1: "one process"}.get(seen.processes, f"{seen.processes} processes")
    if seen.known == seen.asked:
        return passed(f"{who} answered {seen.asked} times and knew the visitor each time")
    return failed(
        f"the visitor who had just signed in was unknown in {seen.asked - seen.known} of {seen.asked} replies "
        f"({seen.stranger})",
        hint="where does the key that signs sessions come from, and how often is it made?",
        reproduce=f"j=$(mktemp); {curl(seen.site + LOGIN, '-c $j', FORM)} >/dev/null; "
        f"for i in $(seq 40); do {status(seen.site + ME, '-b $j')} & done | sort | uniq -c",
        shows=" 401$",
    )


@check(
    "session.session-survives-restart",
    title="A login survives a restart of the app",
    rule="a cookie from before a stop and start of the app is still good afterwards",
    weight=Weight.MAJOR,
    probe=stop,
    needs=("session.session-across-workers",),
    source="Flask docs, Configuration: SECRET_KEY; The Twelve-Factor App, VI Processes",
    fix="a key that is made once for each deployment, not at each start",
)
def session_survives_restart(seen: Stopping) -> Verdict:
    """A release, a crash, a reboot: the app starts often. A key that is made up at each start signs everybody out."""
    login = seen.session
    if login.ephemeral:
        return skipped("grader.toml says that logins are not meant to survive a restart")
    if login.why_not:
        return skipped(login.why_not)
    if not seen.back:
        return unknown(Reason.TIMED_OUT, "the site did not answer again after the app was stopped and started")
    if not login.before:
        return unknown(Reason.UNREACHABLE, "the login was not known before the restart either")
    if login.after:
        return passed("the login from before the restart is still known")
    return failed(
        "the visitor who had signed in before the app was stopped and started is unknown afterwards",
        hint="when is the key made that signs sessions, and where is it kept?",
        reproduce=f"j=$(mktemp); {curl(seen.site + LOGIN, '-c $j', FORM)} >/dev/null; "
        f"docker compose restart {quote(seen.service)}; sleep 5; {status(seen.site + ME, '-b $j')}",
        shows="^401",
    )
