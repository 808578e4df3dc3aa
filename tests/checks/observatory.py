"""Sites as MDN's HTTP Observatory sees them: for every result that each of its rules can have, one that gets it.

Used twice: tests/checks/test_observatory.py says which check of ours judges the rule, and tests/bench puts the package
itself beside it. A case is data only, so that both can read it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

HOST = "pinboard.localhost"
HTTPS = f"https://{HOST}/"
HTTP = f"http://{HOST}/"
Headers = tuple[tuple[str, str], ...]
GOOD: Headers = (
    ("Strict-Transport-Security", "max-age=63072000"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
)
COOKIE = "session=x; Secure; HttpOnly; Path=/; SameSite=Lax"
STRANGER = "https://evil.example"

# Rule of the Observatory, and the checks that judge it here.
CHECKS = {
    "content-security-policy": ("headers.csp-present",),
    "cookies": ("session.cookie-secure", "session.session-cookie-flags"),
    "cross-origin-resource-policy": ("headers.headers-basic",),
    "cross-origin-resource-sharing": ("headers.headers-basic",),
    "redirection": ("https.http-redirects",),
    "referrer-policy": ("headers.headers-basic",),
    "strict-transport-security": ("headers.hsts-ok", "tls.https-serves"),
    "subresource-integrity": ("headers.csp-present",),
    "x-content-type-options": ("headers.headers-basic",),
    "x-frame-options": ("headers.headers-basic",),
}


@dataclass(frozen=True)
class Case:
    """A site that gets `result` for `rule`. `right` says whether such a site is well made.

    `route` is what the plain port leads to, URL by URL (empty: nothing listens there). `theirs` says whether the
    Observatory lets it pass, where that differs from `right`, and `why` it does.
    """

    rule: str
    result: str
    right: bool
    headers: Headers = GOOD
    html: str = "<p>hello</p>"
    cookie: str = COOKIE
    cors: Headers = ()
    route: tuple[str, ...] = (HTTP, HTTPS)
    tls: bool = True
    theirs: bool | None = None
    why: str = ""

    @property
    def passes_there(self) -> bool:
        return self.right if self.theirs is None else self.theirs


def having(name: str, *values: str) -> Headers:
    """The good headers, with these values in the place of one."""
    return (*(header for header in GOOD if header[0] != name), *((name, value) for value in values))


def hsts(result: str, right: bool, *values: str, **more: object) -> Case:
    case = Case("strict-transport-security", result, right, having("Strict-Transport-Security", *values))
    return replace(case, **more)  # type: ignore[arg-type]  # fields by name


def csp(result: str, right: bool, *values: str, **more: object) -> Case:
    case = Case("content-security-policy", f"csp-{result}", right, having("Content-Security-Policy", *values))
    return replace(case, **more)  # type: ignore[arg-type]


def frames(result: str, right: bool, *values: str, **more: object) -> Case:
    headers = (*having("Content-Security-Policy", "default-src 'self'"), *(("X-Frame-Options", v) for v in values))
    return replace(Case("x-frame-options", f"x-frame-options-{result}", right, headers), **more)  # type: ignore[arg-type]


def scripts(result: str, right: bool, html: str, **more: object) -> Case:
    case = Case("subresource-integrity", f"sri-{result}", right, html=html)
    return replace(case, **more)  # type: ignore[arg-type]


def sharing(result: str, right: bool, *headers: tuple[str, str]) -> Case:
    rule = "cross-origin-resource-sharing"
    return Case(rule, f"{rule}-{result}", right, cors=headers)


def route(result: str, right: bool, *urls: str) -> Case:
    return Case("redirection", f"redirection-{result}", right, route=urls)


def cookie(result: str, right: bool, text: str, headers: Headers = GOOD, **more: object) -> Case:
    case = Case("cookies", f"cookies-{result}", right, headers, cookie=text)
    return replace(case, **more)  # type: ignore[arg-type]


ELSEWHERE = "https://cdn.example.com/a.js"
SHARED = ("Access-Control-Allow-Origin", "*")
REPORT = ("Content-Security-Policy-Report-Only", "default-src 'self'")
NO_HSTS = having("Strict-Transport-Security")
CASES = (
    hsts("hsts-implemented-max-age-at-least-six-months", True, "max-age=63072000"),
    hsts("hsts-implemented-max-age-less-than-six-months", False, "max-age=86400"),
    hsts("hsts-not-implemented", False),
    hsts("hsts-header-invalid", False, "max-age=63072000, max-age=63072000"),
    hsts("hsts-header-invalid", False, "includeSubDomains"),
    hsts("hsts-not-implemented-no-https", False, tls=False),
    hsts(
        "hsts-implemented-max-age-at-least-six-months", False, "max-age=abc", theirs=True,
        why="it compares NaN, which is not less than anything",
    ),
    hsts(
        "hsts-implemented-max-age-at-least-six-months", False, "max-age=63072000abc", theirs=True,
        why="it reads a number as far as it goes; browsers drop the header",
    ),
    csp("implemented-with-no-unsafe", True, "default-src 'self'"),
    csp("implemented-with-no-unsafe-default-src-none", True, "default-src 'none'"),
    csp("implemented-with-unsafe-inline-in-style-src-only", True, "default-src 'self'; style-src 'unsafe-inline'"),
    csp("implemented-with-unsafe-inline", False, "default-src 'self'; script-src 'unsafe-inline'"),
    csp("implemented-with-unsafe-inline", False, "default-src *"),
    csp("implemented-with-unsafe-inline", False, "default-src 'self'; object-src *"),
    csp("implemented-with-unsafe-eval", False, "default-src 'self'; script-src 'unsafe-eval'"),
    csp("implemented-with-insecure-scheme", False, "default-src 'self'; script-src http://cdn.example"),
    csp(
        "implemented-with-insecure-scheme-in-passive-content-only", False,
        "default-src 'self'; img-src http://cdn.example", theirs=True, why="it only takes points off for it",
    ),
    csp("header-invalid", False, "default-src 'self'; default-src *"),
    csp("header-invalid", False, "script-src 'strict-dynamic'; object-src 'none'"),
    csp("not-implemented", False),
    replace(csp("not-implemented-but-reporting-enabled", False), headers=(*having("Content-Security-Policy"), REPORT)),
    scripts("not-implemented-but-no-scripts-loaded", True, "<p>hello</p>"),
    scripts("not-implemented-but-all-scripts-loaded-from-secure-origin", True, "<script src=/static/app.js></script>"),
    scripts(
        "implemented-and-external-scripts-loaded-securely", True,
        f'<script src="{ELSEWHERE}" integrity="sha384-abc" crossorigin></script>',
    ),
    scripts("not-implemented-but-external-scripts-loaded-securely", False, f'<script src="{ELSEWHERE}"></script>'),
    scripts(
        "implemented-but-external-scripts-not-loaded-securely", False,
        '<script src="http://cdn.example.com/a.js" integrity="sha384-abc"></script>',
    ),
    scripts(
        "not-implemented-and-external-scripts-not-loaded-securely", False,
        '<script src="http://cdn.example.com/a.js"></script>',
    ),
    Case("x-content-type-options", "x-content-type-options-nosniff", True),
    Case("x-content-type-options", "x-content-type-options-not-implemented", False, having("X-Content-Type-Options")),
    Case(
        "x-content-type-options", "x-content-type-options-header-invalid", False,
        having("X-Content-Type-Options", "no-sniff"),
    ),
    Case("x-frame-options", "x-frame-options-implemented-via-csp", True),
    frames("sameorigin-or-deny", True, "DENY"),
    frames("not-implemented", False),
    frames("header-invalid", False, "DENNY"),
    frames(
        "allow-from-origin", False, "ALLOW-FROM https://friend.example", theirs=True,
        why="no browser of today knows ALLOW-FROM, so everybody may frame the page",
    ),
    replace(
        frames("implemented-via-csp", False), theirs=True,
        why="it asks whether frame-ancestors is there, not what it says",
        headers=having("Content-Security-Policy", "default-src 'self'; frame-ancestors *"),
    ),
    Case("referrer-policy", "referrer-policy-private", True),
    Case("referrer-policy", "referrer-policy-unsafe", False, having("Referrer-Policy", "unsafe-url")),
    Case("referrer-policy", "referrer-policy-header-invalid", False, having("Referrer-Policy", "no-refferer")),
    Case(
        "referrer-policy", "referrer-policy-not-implemented", False, having("Referrer-Policy"), theirs=True,
        why="it trusts the default of browsers; older ones tell the whole address",
    ),
    sharing("not-implemented", True),
    sharing("implemented-with-public-access", True, SHARED),
    sharing("implemented-with-restricted-access", True, ("Access-Control-Allow-Origin", "https://friend.example")),
    sharing(
        "implemented-with-universal-access", False,
        ("Access-Control-Allow-Origin", STRANGER), ("Access-Control-Allow-Credentials", "true"),
    ),
    Case("cross-origin-resource-policy", "corp-not-implemented", True),
    *(
        Case(
            "cross-origin-resource-policy", f"corp-implemented-with-{value}", True,
            (*GOOD, ("Cross-Origin-Resource-Policy", value)),
        )
        for value in ("same-origin", "same-site", "cross-origin")
    ),
    Case(
        "cross-origin-resource-policy", "corp-header-invalid", False,
        (*GOOD, ("Cross-Origin-Resource-Policy", "same-orign")),
    ),
    route("to-https", True, HTTP, HTTPS),
    route("not-needed-no-http", True),
    route("missing", False, HTTP),
    route("not-to-https", False, HTTP, f"http://www.{HOST}/"),
    route("not-to-https-on-initial-redirection", False, HTTP, f"{HTTP}home", HTTPS),
    route("off-host-from-http", False, HTTP, f"https://www.{HOST}/"),
    cookie("secure-with-httponly-sessions-and-samesite", True, COOKIE),
    cookie("secure-with-httponly-sessions", False, "session=x; Secure; HttpOnly; Path=/", theirs=True,
        why="SameSite is a bonus there"),
    cookie("session-without-httponly-flag", False, "session=x; Secure; Path=/; SameSite=Lax"),
    cookie("session-without-secure-flag", False, "session=x; HttpOnly; Path=/; SameSite=Lax", NO_HSTS),
    cookie("session-without-secure-flag-but-protected-by-hsts", False, "session=x; HttpOnly; Path=/; SameSite=Lax"),
    cookie("samesite-flag-invalid", False, "session=x; Secure; HttpOnly; Path=/; SameSite=Laxx"),
)  # fmt: skip
# Results that no site of a lab can have, and why.
NOT_HERE = {
    "hsts-preloaded": "names below localhost are on no preload list",
    "redirection-all-redirects-preloaded": "the same",
    "hsts-invalid-cert": "cert.cert-chain, -name and -dates judge certificates, and say what is wrong",
    "redirection-invalid-cert": "the same",
    "html-not-parseable": "pages are read leniently, as browsers do",
    "sri-not-implemented-response-not-html": "the home page of a site is a page",
    "sri-implemented-and-all-scripts-loaded-securely": "integrity of one's own files: no more than their own word",
    "csp-implemented-but-duplicate-directives": "it is about report-uri, which nobody reads here",
    "cookies-not-found": "without a cookie there is no login",
    "cookies-anticsrf-without-samesite-flag": "the app has no such cookie",
    "cookies-without-secure-flag": "the app has one cookie, and it is the session's",
    "cookies-without-secure-flag-but-protected-by-hsts": "the same",
}
