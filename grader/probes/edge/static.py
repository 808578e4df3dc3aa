"""Static files: which ones the home page links, and how they ask to be cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from grader.probes.base import Probe
from grader.probes.http import Entry, HttpAnswer, parse, request, send, site
from grader.probes.http import answer as answer_of
from grader.probes.pages import linked
from grader.stacks.base import NotApplicable, Stack
from grader.stacks.dealings import HOST

REDIRECTS = 3  # that lead from / to the page
FOLDERS = 6  # that are looked into
ASKED = 3  # files of which caching is looked at: one of each kind


class Kind(StrEnum):
    STYLE = "style sheet"
    SCRIPT = "script"
    PICTURE = "picture"
    PAGE = "page"
    JSON = "JSON"
    OTHER = "file"


ENDINGS = {
    ".css": Kind.STYLE,
    ".js": Kind.SCRIPT,
    ".mjs": Kind.SCRIPT,
    ".png": Kind.PICTURE,
    ".jpg": Kind.PICTURE,
    ".jpeg": Kind.PICTURE,
    ".gif": Kind.PICTURE,
    ".webp": Kind.PICTURE,
    ".ico": Kind.PICTURE,
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that a browser fetches along with the home page; `path` may carry a query."""

    path: str
    kind: Kind

    @property
    def bare(self) -> str:
        return urlsplit(self.path).path

    @property
    def folder(self) -> str:
        """Its folder, with a slash at both ends."""
        return self.bare.rpartition("/")[0] + "/"


@dataclass(frozen=True, slots=True)
class StaticFound:
    """The static files of a site: those under the same top folder as its style sheets and scripts."""

    files: tuple[StaticFile, ...]

    @property
    def folders(self) -> tuple[str, ...]:
        """The first FOLDERS that hold one or lead there, the root of the site left out: "/static/", "/static/img/"."""
        found: dict[str, None] = {}
        for file in self.files:
            parts = file.folder.strip("/").split("/")
            for depth in range(1, len(parts) + 1):
                found.setdefault("/" + "/".join(parts[:depth]) + "/")
        return tuple(folder for folder in sorted(found) if folder != "//")[:FOLDERS]

    def of(self, kind: Kind) -> StaticFile | None:
        return next((file for file in self.files if file.kind is kind), None)


@dataclass(frozen=True)
class StaticFiles(Probe[StaticFound]):
    """The static files that the home page links, and the one that grader.toml names."""

    def ask(self, stack: Stack, /) -> StaticFound:
        found = static_among(_home_links(stack), stack.settings.static_path)
        if not found.files:
            raise NotApplicable(
                "the home page links no style sheet or script of its own site: name one as static_path in grader.toml"
            )
        return found


def static_among(links: tuple[str, ...], told: str) -> StaticFound:
    """Of the linked paths, those under the top folder of a style sheet, a script, or the file that was told."""
    first = ("/" + told.lstrip("/"),) if told else ()
    files = [StaticFile(path, kind_of(path)) for path in dict.fromkeys(first + links)]
    anchor = {file.path for file in files if file.kind in (Kind.STYLE, Kind.SCRIPT) or file.path in first}
    tops = {path.split("/")[1] for path in anchor}
    return StaticFound(tuple(file for file in files if file.path in anchor or file.path.split("/")[1] in tops))


def kind_of(path: str) -> Kind:
    bare = urlsplit(path).path.lower()
    return next((kind for ending, kind in ENDINGS.items() if bare.endswith(ending)), Kind.OTHER)


def _home_links(stack: Stack) -> tuple[str, ...]:
    path = "/"
    for _ in range(REDIRECTS + 1):
        answered, body = whole(stack, path)
        if answered.status not in (301, 302, 303, 307, 308):
            return linked(body.decode("utf-8", "replace"), path, stack.settings.hosts)
        try:
            path = urlsplit(urljoin(path, answered.header("Location"))).path or "/"
        except ValueError:  # no URL leads nowhere
            break
    return ()


def whole(stack: Stack, path: str, headers: Mapping[str, str] | None = None) -> tuple[HttpAnswer, bytes]:
    """One GET from the host through the edge: the answer, and all of its body as sent (at most 2 MiB)."""
    data = request(path, host=stack.settings.hosts[0], headers=headers or {})
    got = stack.exchange(HOST, stack.ask(Entry()), data)
    return answer_of(got), parse(got.raw)[2]


@dataclass(frozen=True, slots=True)
class CacheHeaders:
    """What an answer says about keeping it (RFC 9111 §5); "" for a header that is absent."""

    path: str
    status: int
    cache_control: str
    expires: str
    date: str
    etag: str
    last_modified: str
    again: int = 0  # status of the same request with the validators, 0 when there was none to send
    again_length: int = 0  # bytes of that answer's body


@dataclass(frozen=True, slots=True)
class Caching:
    files: tuple[CacheHeaders, ...]
    home: CacheHeaders
    site: str


@dataclass(frozen=True)
class CachingOf(Probe[Caching]):
    """How one static file of each kind, and the home page, ask to be cached; and whether the file revalidates."""

    def ask(self, stack: Stack, /) -> Caching:
        to = stack.ask(Entry())
        found = stack.ask(StaticFiles())
        chosen = [file for kind in Kind if (file := found.of(kind))][:ASKED]
        return Caching(tuple(_cached(stack, file.path) for file in chosen), _cached(stack, "/"), site(stack, to))


def _cached(stack: Stack, path: str) -> CacheHeaders:
    to = stack.ask(Entry())
    first = send(stack, to, path)
    etag, modified = first.header("ETag"), first.header("Last-Modified")
    # Both together, as a browser sends them: If-None-Match then decides (RFC 9110 §13.1.3).
    validators = {"If-None-Match": etag, "If-Modified-Since": modified}
    again = send(stack, to, path, headers={k: v for k, v in validators.items() if v}) if etag or modified else None
    return CacheHeaders(
        path,
        first.status,
        first.header("Cache-Control"),
        first.header("Expires"),
        first.header("Date"),
        etag,
        modified,
        again.status if again else 0,
        again.length if again else 0,
    )
