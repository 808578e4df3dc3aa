"""What a built page says and where it points, read with the standard library's HTML parser."""

import functools
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNSEEN = {"script", "style", "template", "noscript"}
FETCHING = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href", "use": "href"}


@dataclass
class Page:
    """One built page. `text` is the visible text of its article, `links` every href, `fetched` what a browser loads."""

    path: Path
    text: str = ""
    headings: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.open: list[tuple[str, bool, bool]] = []  # tag, inside the article, unseen
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.page.anchors.append(values["id"])
        if tag == "a" and "href" in values:
            self.page.links.append(values["href"])
        if FETCHING.get(tag) in values and values.get("rel") not in ("canonical", "prev", "next"):
            self.page.fetched.append(values[FETCHING[tag]])
        if tag in VOID:
            return
        _, article, unseen = self.open[-1] if self.open else ("", False, False)
        link_to_itself = tag == "a" and "headerlink" in values.get("class", "")
        self.open.append((tag, article or tag == "article", unseen or tag in UNSEEN or link_to_itself))
        if tag in ("h1", "h2", "h3") and article:
            self.page.headings.append(values.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        while self.open and tag not in VOID:
            if self.open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][1] and not self.open[-1][2]:
            self.words += data.split()


def read(path: Path) -> Page:
    page = Page(path)
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    page.text = " ".join(reader.words)
    return page


@functools.cache
def read_all(site: Path) -> dict[str, Page]:
    """Every page by its path in the site, which is not built again."""
    return {path.relative_to(site).as_posix(): read(path) for path in sorted(site.rglob("*.html"))}
