"""What a page says and links, and whether two pages are the same page. HTML is read leniently, as browsers do."""

from __future__ import annotations

import difflib
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

COMPARED = 16_384  # characters of a page that are compared
ALIKE = 0.5  # share of lines that two copies of one page have in common, whatever token or time differs
LINKS = {"link": "href", "script": "src", "img": "src"}
PIECE = 16_384  # characters that are read at a time …
UNREAD = 262_144  # … until so many wait for the end of a tag, a script or a comment …
REST = 4096  # … and those that are left at the end of a page and are read all the same
HIDDEN = ("script", "style")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._hidden += tag in HIDDEN
        value = found.get(LINKS.get(tag, ""))
        if value:
            self.links.append(value)
        if tag == "a" and found.get("href"):
            self.anchors.append(found["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in HIDDEN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def read_into(reader: HTMLParser, html: str) -> None:
    """Feeds a page to a reader, until what it cannot make sense of is too long to be a part of a page.

    Given all at once, a page of tags that never end is gone through again from each of them.
    """
    for start in range(0, len(html), PIECE):
        reader.feed(html[start : start + PIECE])
        if len(reader.rawdata) > UNREAD:
            return
    if len(reader.rawdata) <= REST:
        reader.close()


def _read(html: str) -> _Reader:
    reader = _Reader()
    read_into(reader, html)
    return reader


def linked(html: str, page: str, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Paths (with query) of the style sheets, scripts and pictures that a page takes from its own site."""
    found: dict[str, None] = {}
    for link in _read(html).links:
        try:
            parts = urlsplit(urljoin(f"http://{hosts[0]}{page}", link))
        except ValueError:  # a link that is no URL leads nowhere
            continue
        if parts.scheme in ("http", "https") and parts.hostname in hosts and parts.path.strip("/"):
            found.setdefault(parts.path + (f"?{parts.query}" if parts.query else ""))
    return tuple(found)


def anchors(html: str) -> tuple[str, ...]:
    """The targets of a page's links for people, as written."""
    return tuple(_read(html).anchors)


def visible(html: str) -> str:
    """The text of a page without its tags, attributes, scripts and styles, on one line."""
    return " ".join(" ".join(_read(html).words).split())


def same_page(one: str, other: str) -> bool:
    """Whether two bodies are copies of one page that may differ in a token, a name or a time."""
    if one == other:
        return True
    first, second = _lines(one), _lines(other)
    if min(len(first), len(second)) < 3:
        return difflib.SequenceMatcher(None, one[:1024], other[:1024], autojunk=False).ratio() > ALIKE + 0.3
    common = set(first) & set(second)
    return sum(line in common for line in first) / len(first) > ALIKE and len(common) / len(set(second)) > ALIKE


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text[:COMPARED].splitlines() if line.strip()]
