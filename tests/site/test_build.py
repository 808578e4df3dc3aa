"""Both builders accept the site, every link leads somewhere, and nothing is fetched from elsewhere."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.site.conftest import REPO
from tests.site.pages import Page, read_all

PARTS = ("_generated", "_recorded", "_diagrams")  # included by pages, never pages themselves
LOCAL = ("localhost", "127.0.0.1", "pinboard.localhost")  # the learner's own stack and site: pages may link to them
BUILDERS = ("mkdocs_site", "zensical_site")


@pytest.fixture(params=BUILDERS)
def site(request: pytest.FixtureRequest) -> Path:
    built: Path = request.getfixturevalue(request.param)
    return built


def target(page: Page, href: str) -> Path:
    """The file that a relative link of a page means."""
    place = (page.path.parent / unquote(urlsplit(href).path)).resolve() if urlsplit(href).path else page.path
    return place / "index.html" if place.is_dir() else place


def test_every_page_of_the_sources_is_built(site: Path) -> None:
    sources = [path.relative_to(REPO / "docs") for path in (REPO / "docs").rglob("*.md")]
    pages = {path for path in sources if path.parts[0] not in PARTS}
    wanted = {path if path.name == "index.md" else path.with_suffix("") / "index.md" for path in pages}
    built = read_all(site)
    assert set(built) == {path.with_suffix(".html").as_posix() for path in wanted} | {"404.html"}
    assert not any((site / part).exists() for part in PARTS)


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    pages = read_all(site)
    by_path = {page.path: page for page in pages.values()}
    dead = []
    checked = 0
    for name, page in pages.items():
        if name == "404.html":  # it is served under any address, so its links are absolute
            continue
        for href in page.links:
            if urlsplit(href).scheme or urlsplit(href).netloc:
                continue
            checked += 1
            file, anchor = target(page, href), unquote(urlsplit(href).fragment)
            known = by_path[file].anchors if file in by_path else []
            if not file.is_file() or (anchor and not anchor.startswith("__") and anchor not in known):
                dead.append(f"{name}: {href}")
    assert checked > 500
    assert dead == []


def test_nothing_is_fetched_from_another_origin(site: Path) -> None:
    pages = read_all(site)
    foreign = {url for page in pages.values() for url in page.fetched if urlsplit(url).netloc}
    assert foreign == set()
    styles = list(site.rglob("*.css"))
    assert any(path.name == "fonts.css" for path in styles)
    assert [path.name for path in styles if "url(http" in path.read_text(encoding="utf-8")] == []


def test_absolute_links_lead_to_the_learner_s_own_machine_only(site: Path) -> None:
    hosts = {urlsplit(href).hostname for page in read_all(site).values() for href in page.links}
    assert hosts - {None, ""} <= {*LOCAL}


def test_an_anchor_is_given_once_a_page(site: Path) -> None:
    for name, page in read_all(site).items():
        twice = {anchor for anchor in page.anchors if page.anchors.count(anchor) > 1}
        assert twice == set(), name
