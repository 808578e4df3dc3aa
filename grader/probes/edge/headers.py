"""The security headers that the site sends: on a page, on a file, over plain HTTP, and when something goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

from grader.probes.app.contract import BOOM
from grader.probes.base import Probe, nonce
from grader.probes.edge.bodies import TOO_LARGE
from grader.probes.edge.forwarded import REDIRECT
from grader.probes.edge.hops import follow, front_door
from grader.probes.edge.static import StaticFiles, whole
from grader.probes.http import Entry, HttpAnswer, answer, request, send, site
from grader.probes.pages import read_into
from grader.probes.topology import Named
from grader.stacks.base import NotApplicable, Stack
from grader.stacks.dealings import HOST, Address

HSTS, NOSNIFF, FRAMES = "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options"
REFERRER, CSP, REPORT_ONLY = "Referrer-Policy", "Content-Security-Policy", "Content-Security-Policy-Report-Only"
ORIGIN, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
RESOURCE = "Cross-Origin-Resource-Policy"
WATCHED = {name.lower() for name in (HSTS, NOSNIFF, FRAMES, REFERRER, CSP, REPORT_ONLY, ORIGIN, CREDENTIALS, RESOURCE)}
LONGEST = 1024  # characters of a header that evidence keeps
STRANGER = "https://evil.example"  # a site that nobody has: RFC 2606


@dataclass(frozen=True, slots=True)
class Sent:
    """The security headers of one answer, as sent: names as written, and one entry for each line.

    `what` says for people what was asked for; status 0 and `error` when there was no answer.
    """

    what: str
    method: str
    path: str
    status: int
    error: str
    html: bool
    headers: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key.lower() == name.lower())


@dataclass(frozen=True, slots=True)
class Script:
    """A script of another site that the page loads; `integrity` that the page says what it has to be."""

    src: str
    integrity: bool


@dataclass(frozen=True, slots=True)
class HeadersSent:
    """`plain` is the home page over plain HTTP, `file` a static file: None where there is none.

    `asked_from` is the home page asked for by a script of another site. `meta` are the policies that the page itself
    states in its <meta> elements, which count less.
    """

    site: str
    page: Sent
    file: Sent | None
    plain: Sent | None
    asked_from: Sent
    meta: tuple[str, ...]
    scripts: tuple[Script, ...]


@dataclass(frozen=True)
class HeadersOf(Probe[HeadersSent]):
    """The security headers of the home page (where its redirects end) and of one static file."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> HeadersSent:
        to, plain = stack.ask(Entry()), front_door(stack)
        hops, _ = follow(stack, f"{site(stack, to)}/")
        path = urlsplit(hops[-1].url).path or "/"
        page, body = whole(stack, path)
        reader = read_page(body.decode("utf-8", "replace"), hops[-1].url, stack.settings.hosts)
        from_afar = send(stack, to, path, headers=(("Origin", STRANGER),))
        file = _file(stack)
        return HeadersSent(
            site(stack, to),
            sent("the home page", "GET", path, page),
            sent("a static file", "GET", file, send(stack, to, file)) if file else None,
            sent("the home page over plain HTTP", "GET", "/", send(stack, plain, "/")) if plain else None,
            sent("the home page", "GET", path, from_afar),
            tuple(reader.policies),
            tuple(reader.scripts),
        )


def sent(what: str, method: str, path: str, got: HttpAnswer) -> Sent:
    """What evidence keeps of an answer."""
    html = got.header("Content-Type").lower().startswith("text/html")
    kept = tuple((name, value[:LONGEST]) for name, value in got.headers if name.lower() in WATCHED)
    return Sent(what, method, path, got.status, "" if got.status else got.seen, html, kept)


def _file(stack: Stack) -> str:
    try:
        return stack.ask(StaticFiles()).files[0].path
    except NotApplicable:
        return ""


class _Page(HTMLParser):
    """The policies and the foreign scripts of a page."""

    def __init__(self, url: str, hosts: tuple[str, ...]) -> None:
        super().__init__(convert_charrefs=True)
        self._url, self._hosts = url, hosts
        self.policies: list[str] = []
        self.scripts: list[Script] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "meta" and found.get("http-equiv", "").lower() == CSP.lower():
            self.policies.append(found.get("content", "")[:LONGEST])
        if tag == "script" and found.get("src"):
            self._script(found["src"], bool(found.get("integrity")))

    def _script(self, src: str, integrity: bool) -> None:
        try:
            parts = urlsplit(urljoin(self._url, src))
        except ValueError:  # no URL, so no script
            return
        if parts.hostname not in self._hosts:
            self.scripts.append(Script(parts.geturl()[:LONGEST], integrity))


def read_page(html: str, url: str, hosts: tuple[str, ...]) -> _Page:
    reader = _Page(url, hosts)
    read_into(reader, html)
    return reader


# --- everywhere -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SentEverywhere:
    site: str
    answers: tuple[Sent, ...]


@dataclass(frozen=True)
class HeadersEverywhere(Probe[SentEverywhere]):
    """The security headers of answers of every kind: from the app and from the proxy, good ones and errors."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> SentEverywhere:
        to, word = stack.ask(Entry()), nonce()
        found = [_asked(stack, to, "the home page", "/"), *_of_files(stack, to)]
        found.append(_asked(stack, to, "an unknown page", f"/{word}"))
        found.append(_asked(stack, to, "a method that a page does not have", "/healthz", method="DELETE"))
        if stack.ask(Named()):
            found.append(_asked(stack, to, "an error of the app", BOOM))
            found.append(_asked(stack, to, "a redirect of the app", REDIRECT))
        found.append(_too_large(stack, to))
        return SentEverywhere(site(stack, to), tuple(found))


def _asked(
    stack: Stack, to: Address, what: str, path: str, *, method: str = "GET", headers: tuple[tuple[str, str], ...] = ()
) -> Sent:
    return sent(what, method, path, send(stack, to, path, method=method, headers=headers))


def _of_files(stack: Stack, to: Address) -> tuple[Sent, ...]:
    """A static file, the same when the browser has it already, and one that is not there."""
    path = _file(stack)
    if not path:
        return ()
    first = send(stack, to, path)
    known = (("If-None-Match", first.header("ETag")), ("If-Modified-Since", first.header("Last-Modified")))
    folder = urlsplit(path).path.rpartition("/")[0]
    return (
        sent("a static file", "GET", path, first),
        _asked(stack, to, "a static file that has not changed", path, headers=tuple(one for one in known if one[1])),
        _asked(stack, to, "a static file that is not there", f"{folder}/{nonce()}.css"),
    )


def _too_large(stack: Stack, to: Address) -> Sent:
    """An upload that is only announced: whoever refuses it need not wait for it."""
    data = request("/", method="POST", host=stack.settings.hosts[0], headers={"Content-Length": str(TOO_LARGE)})
    got = answer(stack.exchange(HOST, to, data, seconds=5.0))
    return sent("an upload that is too large", "POST", "/", got)
