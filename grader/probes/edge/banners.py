"""What answers tell of the software that made them: headers, and the text of error pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe, nonce
from grader.probes.edge.bodies import OCTETS, TOO_LARGE, UPLOAD
from grader.probes.edge.static import StaticFiles
from grader.probes.http import Entry, HttpAnswer, answer, request, site
from grader.probes.pages import visible
from grader.probes.topology import Named
from grader.stacks.base import NotApplicable, Stack
from grader.stacks.dealings import HOST

HEADERS = ("Server", "X-Powered-By", "Via")
TEXT = 300  # characters of a page that are kept


@dataclass(frozen=True, slots=True)
class Banner:
    """The telling headers of one answer and, of an error, the first TEXT visible characters of its page."""

    what: str
    target: str
    status: int
    headers: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Banners:
    answers: tuple[Banner, ...]
    site: str


@dataclass(frozen=True)
class AllBanners(Probe[Banners]):
    """A page, two pages that do not exist (the app's, a static one), an upload that is too large, and nonsense."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Banners:
        try:
            folder = stack.ask(StaticFiles()).folders[:1]
        except NotApplicable:
            folder = ()
        missing, own = f"/{nonce()}", stack.settings.hosts[0]
        asked = [("the home page", "/", request("/", host=own))]
        asked.append(("a missing page", missing, request(missing, host=own)))
        asked += [("a missing static file", f + "none.css", request(f + "none.css", host=own)) for f in folder]
        upload = UPLOAD if stack.ask(Named()) else "/"
        large = (("Content-Length", str(TOO_LARGE)), OCTETS)
        asked.append(("an upload that is too large", upload, request(upload, method="POST", host=own, headers=large)))
        asked.append(("nonsense", "", b"GARBAGE\r\n\r\n"))
        to = stack.ask(Entry())
        got = [(what, target, stack.exchange(HOST, to, data, seconds=3.0)) for what, target, data in asked]
        return Banners(tuple(banner(what, target, answer(e), e.raw) for what, target, e in got), site(stack, to))


def banner(what: str, target: str, answered: HttpAnswer, raw: bytes) -> Banner:
    """`raw` is read as text where it is no HTTP response: some servers answer nonsense with a bare page."""
    page = answered.body if answered.status else raw.decode("utf-8", "replace")
    headers = tuple((name, answered.header(name)) for name in HEADERS if answered.header(name))
    text = visible(page)[:TEXT] if answered.status >= 400 or not answered.status else ""
    return Banner(what, target, answered.status, headers, text)
