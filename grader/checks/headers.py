"""What browsers are told to do and not to do with the site's answers, and whether every answer tells them."""

from __future__ import annotations

import re
from email.utils import formatdate
from shlex import quote

from grader.checks import csp
from grader.checks.base import check
from grader.checks.commands import curl, words
from grader.checks.header_rules import (
    DISCREET,
    NOT_MODIFIED,
    SIX_MONTHS,
    bad_frames,
    bad_hsts,
    bad_nosniff,
    bad_referrer,
    bad_resource,
    faults_of,
    framed_by_csp,
    lacking,
    max_age,
)
from grader.model import Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.down import AppDown, Down
from grader.probes.edge.headers import (
    CREDENTIALS,
    CSP,
    FRAMES,
    HSTS,
    NOSNIFF,
    ORIGIN,
    REFERRER,
    REPORT_ONLY,
    RESOURCE,
    STRANGER,
    HeadersEverywhere,
    HeadersOf,
    HeadersSent,
    Sent,
    SentEverywhere,
)

TWO_YEARS = 63_072_000  # seconds: what the preload list and Mozilla's generator say
ONCE = (HSTS, NOSNIFF, FRAMES, REFERRER)
OBSERVATORY = "MDN HTTP Observatory"


@check(
    "headers.hsts-ok",
    title="HSTS is sent over HTTPS",
    rule=f"over HTTPS the home page has one Strict-Transport-Security header, with max-age of at least {SIX_MONTHS} "
    "seconds (six months)",
    weight=Weight.MAJOR,
    probe=HeadersOf(),
    needs=("tls.https-serves",),
    source=f"RFC 6797 §6.1; {OBSERVATORY}, strict-transport-security",
    fix="one header, on the HTTPS server",
)
def hsts_ok(seen: HeadersSent) -> Verdict:
    """A redirect protects the second request; the first goes out in the clear, and anybody in the same café may
    answer it. With HSTS the browser remembers: to this site over HTTPS only, for as long as you say."""
    plain = seen.plain.all(HSTS) if seen.plain else ()
    text = bad_hsts(seen.page.all(HSTS))
    if text:
        only = " (over plain HTTP it is sent, where browsers ignore it)" if plain and not seen.page.all(HSTS) else ""
        return failed(
            f"over HTTPS {text}{only}",
            hint="which server sends it, and for how many seconds is it to hold?",
            **_without(seen.site, seen.page, (HSTS,)),
        )
    said = f"max-age={max_age(seen.page.all(HSTS)[0])}"
    short = f"; {TWO_YEARS} is what Mozilla recommends" if (max_age(seen.page.all(HSTS)[0]) or 0) < TWO_YEARS else ""
    ignored = "; over plain HTTP it is sent too, where browsers ignore it" if plain else ""
    return passed(f"{said}{short}{ignored}")


@check(
    "headers.headers-basic",
    title="Basic security headers are present",
    rule="the home page says nosniff; DENY or SAMEORIGIN, or frame-ancestors; a Referrer-Policy of "
    f"{', '.join(DISCREET)}; and lets no other site read it with the visitor's cookies",
    weight=Weight.MAJOR,
    probe=HeadersOf(),
    needs=("tls.https-serves",),
    source=f"OWASP Secure Headers Project; {OBSERVATORY}",
    fix="three headers, in the proxy or in the app",
)
def headers_basic(seen: HeadersSent) -> Verdict:
    """Browsers guess, frame and tell unless they are told not to. An uploaded picture is guessed to be a script; your
    sign-in page is shown inside a stranger's; the address of a private page goes along to every site it links."""
    wrong = basic(seen.page) or _read_by_others(seen.asked_from) or bad_resource(seen.page)
    if wrong:
        return failed(
            f"the home page: {wrong}",
            hint="which layer is to say it, for every page: the proxy or the app?",
            **_without_basic(seen),
        )
    frames = "frame-ancestors" if framed_by_csp(seen.page) else ", ".join(seen.page.all(FRAMES))
    return passed(f"nosniff; {frames}; {', '.join(seen.page.all(REFERRER))}")


def basic(answer: Sent) -> str:
    """Which of the three headers an answer lacks, in words; "" when none."""
    return bad_nosniff(answer) or bad_frames(answer) or bad_referrer(answer)


def _without_basic(seen: HeadersSent) -> dict[str, str]:
    """A command that asks for the first of the headers that is wrong, and what it shows."""
    page = seen.page
    if bad_nosniff(page):
        return _without(seen.site, page, (NOSNIFF,))
    if bad_frames(page):
        return _without(seen.site, page, (FRAMES,), or_else="content-security-policy:.*frame-ancestors")
    if bad_referrer(page):
        return _without(seen.site, page, (REFERRER,))
    if _read_by_others(seen.asked_from):
        asked = head(seen.site, page, "-H", quote(f"Origin: {STRANGER}"))
        return {"reproduce": f"{asked} | grep -i ^{ORIGIN}", "shows": re.escape(STRANGER)}
    return _without(seen.site, page, (RESOURCE,))


def _read_by_others(answer: Sent) -> str:
    allowed = [value.strip().lower() for value in answer.all(CREDENTIALS)] == ["true"]
    if allowed and STRANGER in answer.all(ORIGIN):
        return f"{ORIGIN} lets every site read it with the visitor's cookies (it repeats whoever asks)"
    return ""


@check(
    "headers.csp-present",
    title="A Content-Security-Policy is enforced",
    rule="the home page has a Content-Security-Policy with default-src or script-src, which lets no script in by "
    "'unsafe-inline', 'unsafe-eval', * or a whole scheme; scripts of other sites come over https, with integrity",
    weight=Weight.MINOR,
    probe=HeadersOf(),
    needs=("tls.https-serves",),
    source=f"{OBSERVATORY}, content-security-policy and subresource-integrity; Flask docs, Security Considerations",
    fix="a policy that begins with default-src 'self'",
)
def csp_present(seen: HeadersSent) -> Verdict:
    """Escaping in templates is the lock; a policy is the second one, for the day that somebody forgets. A script that
    was smuggled into a page is not run, because the page's own server says which ones are."""
    look = _without(seen.site, seen.page, (CSP,))
    hint = "what does the page really load, and from where? The policy has to allow that, and nothing else"
    policies = csp.split(seen.page.all(CSP))
    if not policies and not seen.meta:
        watched = f"there is only {REPORT_ONLY}, which stops nothing" if seen.page.all(REPORT_ONLY) else f"no {CSP}"
        return failed(watched, hint=hint, **look)
    faults = [faults_of(value) for value in policies] or [faults_of(value) for value in seen.meta]
    # Of several policies each one counts: what any of them forbids is forbidden.
    if all(faults):
        if not policies:
            asked = f"{curl(seen.site + seen.page.path)} | grep -i content-security-policy"
            look = {"reproduce": asked, "shows": "(?i)http-equiv"}
        return failed("; ".join(faults[0]), hint=hint, **look)
    script = next((one for one in seen.scripts if not one.integrity or not one.src.startswith("https:")), None)
    if script is not None:
        return failed(
            f"the page runs {script.src} without knowing what it is",
            hint="a script of another site can change overnight; the integrity attribute pins it",
            reproduce=f"{curl(seen.site + seen.page.path)} | grep -i '<script'",
            shows=re.escape(script.src),
        )
    if not policies:
        return passed("a policy in a <meta> element; as a header it would hold from the first byte, and for errors")
    return passed(policies[faults.index(())])


@check(
    "headers.headers-everywhere",
    title="Security headers are on every response, errors and static files too",
    rule=f"pages, files, redirects and errors, of the app and of the proxy, all have {HSTS} and nosniff (a 304 needs "
    "no nosniff), and pages say who may frame them",
    weight=Weight.MAJOR,
    probe=HeadersEverywhere(),
    needs=("headers.headers-basic",),
    source="nginx docs, ngx_http_headers_module, add_header; Gixy, add_header_redefinition",
    fix="send them with errors too, and repeat them wherever a part of the configuration has headers of its own",
)
def headers_everywhere(seen: SentEverywhere) -> Verdict:
    """An attacker chooses the page. If your errors or your files come without the headers, those are the pages that get
    framed, guessed and downgraded. Servers are full of traps here: headers on good answers only, or lost in one folder.
    """
    answers = [answer for answer in seen.answers if answer.status]
    for answer in answers:
        if lacks := lacking(answer):
            return failed(
                f"{answer.what} ({answer.method} {answer.path}: {answer.status}) comes without {' and '.join(lacks)}",
                hint="who makes this answer, and do the headers hold for its status and its path?",
                **_lacks(seen.site, answer, lacks),
            )
    statuses = ", ".join(str(status) for status in sorted({answer.status for answer in answers}))
    return passed(f"{len(answers)} kinds of answer ({statuses}) all have them")


@check(
    "headers.headers-on-502",
    title="The proxy's own error page carries the headers, too",
    rule=f"while the app is stopped, what visitors get instead of a page has {HSTS} and nosniff",
    weight=Weight.MAJOR,
    probe=Down(),
    needs=("headers.headers-everywhere",),
    source="nginx docs, ngx_http_headers_module, add_header",
    fix="look at where the proxy keeps its error pages: does that part of its configuration have the headers?",
)
def headers_on_502(down: AppDown) -> Verdict:
    """When the app is away, the proxy answers in its place, from another file and by other rules. A browser that comes
    for the first time at that moment should learn the same."""
    pages = [page for page in down.error_pages if page.status >= 500]
    if not pages:
        if any(page.status for page in down.error_pages):
            return passed(f"while the app was stopped, visitors got {down.error_pages[0].status}: a page that was kept")
        return unknown(Reason.UNREACHABLE, "while the app was stopped, no answer came that could be looked at")
    for page in pages:
        lacks = [name for name in lacking(page) if not name.startswith("frame")]
        if lacks:
            look, services = _lacks(down.site, page, lacks), words(down.services)
            return failed(
                f"with the app stopped, {page.path} got {page.status} without {' and '.join(lacks)}",
                hint="from where does the proxy take its error page, and which headers hold there?",
                reproduce=f"docker compose stop {services}; {look['reproduce']}; docker compose start {services}",
                shows=look["shows"],
            )
    return passed(f"with the app stopped, {pages[0].path} got {pages[0].status}, with the headers")


@check(
    "headers.headers-not-doubled",
    title="No security header is sent twice",
    rule=f"on the home page and on a static file, {', '.join(ONCE)} are there once at most",
    weight=Weight.MINOR,
    probe=HeadersOf(),
    needs=("headers.headers-basic",),
    source=f"RFC 6797 §8.1; {OBSERVATORY}, strict-transport-security",
    fix="let one layer send them: the proxy or the app",
)
def headers_not_doubled(seen: HeadersSent) -> Verdict:
    """When app and proxy both add a header, browsers decide which one counts, each in its own way: of two HSTS headers
    the first, of two X-Frame-Options perhaps none. Some day the two differ."""
    for answer in (seen.page, *((seen.file,) if seen.file else ())):
        for name in ONCE:
            values = answer.all(name)
            if len(values) > 1:
                return failed(
                    f"{answer.what} has {name} {len(values)} times: {'; '.join(values)}",
                    hint="which two layers add it? One of them can be told to leave it, or to drop the other's",
                    reproduce=f"{head(seen.site, answer)} | grep -i '^{name}:' | nl",
                    shows="^ *2",
                )
    policies = len(seen.page.all(CSP))
    return passed("each is there once" + (f"; {policies} policies, which all hold" if policies > 1 else ""))


def head(site: str, answer: Sent, *options: str) -> str:
    """A command that shows the head of an answer."""
    how = {"DELETE": ["-X DELETE"], "POST": ["-X POST -m 5 -H 'Content-Length: 11534336'"]}.get(answer.method, [])
    if answer.status == NOT_MODIFIED:
        how = ["-H", quote(f"If-Modified-Since: {formatdate(usegmt=True)}")]
    return curl(site + answer.path, "-o /dev/null -D -", *how, *options)


def _without(site: str, answer: Sent, names: tuple[str, ...], or_else: str = "") -> dict[str, str]:
    """A command that shows what a header says that is wrong, or how many lines of it there are where it is missing."""
    values = next((answer.all(name) for name in names if answer.all(name)), ())
    if values:
        return {"reproduce": f"{head(site, answer)} | grep -i '^{names[0]}:'", "shows": re.escape(values[0])}
    wanted = "|".join((f"{names[0]}:", *([or_else] if or_else else [])))
    return {"reproduce": f"{head(site, answer)} | grep -ciE '^({wanted})'", "shows": "^0$"}


def _lacks(site: str, answer: Sent, lacks: list[str]) -> dict[str, str]:
    """The same for the first that an answer lacks, of those that header_rules.lacking names."""
    if lacks[0] == HSTS:
        return _without(site, answer, (HSTS,))
    if lacks[0] == "nosniff":
        return _without(site, answer, (NOSNIFF,))
    return _without(site, answer, (FRAMES,), or_else="content-security-policy:.*frame-ancestors")
