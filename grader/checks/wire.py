"""Requests on the wire: passed on as they are, refused when they are ambiguous, answered without bragging."""

from __future__ import annotations

import json
import re
from shlex import quote
from urllib.parse import urlsplit

from grader.checks.base import check
from grader.checks.commands import curl, status, written_by_hand
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.edge.banners import AllBanners, Banner, Banners
from grader.probes.edge.bodies import TOO_LARGE
from grader.probes.edge.smuggling import Doubt, Smuggle, Smuggled, doubts
from grader.probes.edge.wire import Echo, Echoed, Echoes

# A name, a slash and a number with a dot, as in nginx/1.28.0. HTTP/1.1 is a protocol, not a product.
NONSENSE = "GARBAGE\\r\\n\\r\\n"
VERSION = re.compile(r"(?<![\w./-])(?!HTTP/)[A-Za-z][\w.+-]*/\d+\.\d[\w.]*")


@check(
    "proxy.path-and-method-preserved",
    title="Paths, queries, methods and bodies reach the app unchanged",
    rule="The app sees the path, query, method and body that the client sent (`//` may become `/`); HEAD has no body",
    weight=Weight.MAJOR,
    probe=Echo(),
    needs=("proxy.proxy-in-front",),
    source="nginx docs, ngx_http_proxy_module, proxy_pass; RFC 9110 §7.7",
    fix="look at what follows the host name where the proxy is told where to pass requests",
)
def path_and_method_preserved(echoes: Echoes) -> Verdict:
    """A proxy that rewrites paths breaks in rare places first: a space in a file name, an umlaut, a query with the same
    name twice. Nobody finds that in a click through the site."""
    for echo in echoes.echoes:
        trouble = changed(echo)
        if trouble:
            return failed(
                f"{echo.how}: {trouble}",
                hint="the proxy may pass on the path as it came, or one that it has taken apart: which is it?",
                reproduce=_again(echo, echoes.site),
                shows=_changed_to(echo),
            )
    return passed(f"{len(echoes.echoes)} unusual requests reached the app as they were sent")


def changed(echo: Echoed) -> str:
    """What became of a request on its way; "" when nothing did."""
    sent, got = echo.sent, echo.got
    if sent.method == "HEAD":
        if echo.status != 200:
            return f"the answer is {echo.status or echo.error or 'missing'}, not 200"
        return f"{echo.surplus} bytes follow the head of the answer" if echo.surplus else ""
    if got is None:
        return f"the answer is {echo.status or echo.error}, and not the app's"
    if got.method != sent.method:
        return f"the app saw the method {got.method}"
    if got.path not in (sent.path, re.sub("/+", "/", sent.path)):
        return f"the app saw the path {got.path}"
    if got.query != sent.query:
        return f"the app saw the query {got.query or '(none)'}"
    return "" if got.sha256 == sent.sha256 else "the app saw another body"


def _again(echo: Echoed, site: str) -> str:
    _, target, *rest = echo.how.split(" ", 2)
    body = "" if echo.sent.method == "GET" else " --data-binary 'a=1&b=two'"
    chunks = " -H 'Transfer-Encoding: chunked'" if rest else ""
    how = "-I" if echo.sent.method == "HEAD" else f"-i -X {quote(echo.sent.method)}{body}{chunks}"
    return curl(site + target, "--path-as-is", how)


def _changed_to(echo: Echoed) -> str | NotShown:
    """What the answer to _again shows where a request was changed on its way."""
    sent, got = echo.sent, echo.got
    if got is None or sent.method == "HEAD":
        return f"^HTTP/.* {echo.status}" if echo.status != 200 else NotShown("curl does not read on")
    pairs = (("method", sent.method, got.method), ("path", sent.path, got.path), ("query", sent.query, got.query))
    name, value = next(((name, is_) for name, was, is_ in pairs if was != is_), ("sha256", got.sha256))
    return f'"{name}": ?"{re.escape(json.dumps(value)[1:-1])}"'


@check(
    "proxy.smuggling-rejected",
    title="Ambiguous requests are refused",
    rule="A request whose end can be read in two ways is refused or read as RFC 9112 says; nobody else gets its answer",
    weight=Weight.MINOR,
    probe=Smuggle(),
    needs=("stack.edge-reachable",),
    source="RFC 9112 §5.1, §5.2, §6.1, §6.3",
    fix="let a current, well-known server face the clients",
)
def smuggling_rejected(smuggled: Smuggled) -> Verdict:
    """When proxy and app disagree where a request ends, an attacker hides a second request in the first. It gets past
    every rule of the proxy, and its answer may go to the next visitor."""
    twice = next((one for one in smuggled.judged if len(one.statuses) > one.answers), None)
    if twice is not None:
        return failed(
            f"one request with {twice.name} got {len(twice.statuses)} responses: {_listed(twice.statuses)}",
            hint="the server that faces clients must refuse what can be read in two ways, or close after one answer",
            reproduce=_by_hand(twice.name, smuggled.site),
            shows=f"^ *{twice.answers + 1}\\s+HTTP/",
        )
    if set(smuggled.after) - {smuggled.before}:
        return failed(
            f"after the ambiguous requests, ordinary ones got {_listed(smuggled.after)} instead of {smuggled.before}",
            hint="an answer went to the wrong visitor: proxy and app disagree about where a request ends",
            reproduce=f"for i in 1 2 3 4 5 6; do {status(f'{smuggled.site}/healthz')}; done",
            shows=NotShown("it takes the ambiguous requests before it, and a connection that proxy and app share"),
        )
    got = ", ".join(f"{one.name} {_listed(one.statuses) or 'closed'}" for one in smuggled.judged)
    return passed(f"each was refused, or read as RFC 9112 says: {got}")


def _listed(statuses: tuple[int, ...]) -> str:
    return ", ".join(map(str, statuses))


def _by_hand(name: str, site: str) -> str:
    """The ambiguous request as a command. `sleep` keeps the connection open until the answers are there."""
    host = (urlsplit(site).hostname or "").encode()
    inner = b"GET /hidden HTTP/1.1\r\nHost: %b\r\n\r\n" % host
    doubt = next((one for one in doubts(inner) if one.name == name), Doubt(name, b"", b""))
    text = b"POST / HTTP/1.1\r\nHost: %b\r\n" % host + doubt.headers + b"\r\n" + doubt.body
    escaped = text.decode("latin-1").replace("\r", "\\r").replace("\n", "\\n")
    return f"{written_by_hand(escaped, site, wait=2)} | grep -a HTTP/ | nl"


@check(
    "proxy.no-version-leak",
    title="Responses do not announce software versions",
    rule="No Server, X-Powered-By or Via header and no error page shows a product with its version, such as name/1.2",
    weight=Weight.MINOR,
    probe=AllBanners(),
    needs=("stack.edge-reachable",),
    source="nginx docs, ngx_http_core_module, server_tokens; OWASP Secure Headers Project",
    fix="tell the server that answers to keep its version to itself",
)
def no_version_leak(banners: Banners) -> Verdict:
    """A version number saves an attacker the search: known holes are listed by product and version. It does not protect
    you to hide it, but nobody else needs it either."""
    for answer in banners.answers:
        where, token = leak(answer)
        if token:
            return failed(
                f"{answer.what} ({answer.status or 'no status'}): {where} shows {token}",
                hint="which server made this answer, and which of its settings decides how much it tells?",
                reproduce=_look(answer, banners.site),
                shows=re.escape(token),
            )
    return passed(f"no version in {len(banners.answers)} answers: {', '.join(one.what for one in banners.answers)}")


def leak(answer: Banner) -> tuple[str, str]:
    """Where an answer shows a version, and which; two empty strings when it shows none."""
    places = [*answer.headers, ("the page", answer.text)]
    found = ((where, VERSION.search(text)) for where, text in places)
    return next(((where, match[0]) for where, match in found if match), ("", ""))


def _look(answer: Banner, site: str) -> str:
    grep = "| grep -iE '^(server|x-powered-by|via)|/[0-9]+[.]'"
    if not answer.target:
        return f"{written_by_hand(NONSENSE, site)} {grep}"
    large = f" -X POST -H 'Content-Length: {TOO_LARGE}'" if answer.what.startswith("an upload") else ""
    return f"{curl(site + answer.target, f'-i -m 5{large}')} {grep}"
