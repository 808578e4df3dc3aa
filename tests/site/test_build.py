"""Both builders accept the site, every link leads somewhere, and nothing is fetched from elsewhere."""

import os
import re
import struct
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.site.conftest import BIN, QUIET, REPO
from tests.site.pages import Page, read_all

PARTS = ("_generated", "_recorded", "_diagrams", "_theme")  # included by pages, never pages themselves
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
    assert any(path.name == "identity.css" for path in styles)
    assert [path.name for path in styles if "url(http" in path.read_text(encoding="utf-8")] == []


def test_absolute_links_lead_to_the_learner_s_own_machine_only(site: Path) -> None:
    hosts = {urlsplit(href).hostname for page in read_all(site).values() for href in page.links}
    assert hosts - {None, ""} <= {*LOCAL}


def test_an_anchor_is_given_once_a_page(site: Path) -> None:
    for name, page in read_all(site).items():
        twice = {anchor for anchor in page.anchors if page.anchors.count(anchor) > 1}
        assert twice == set(), name


def test_a_link_to_a_page_shows_elsewhere_what_the_page_is_about(site: Path) -> None:
    for name, page in read_all(site).items():
        text = page.path.read_text(encoding="utf-8")
        said = dict(re.findall(r'<meta property="(og:[a-z:_]+)" content="([^"]*)">', text))
        assert said["og:title"], name
        assert said["og:description"], name
        assert "og:image" not in said, "its address would be wrong: mkdocs.yml does not say where the site is"


def test_where_the_site_s_address_is_known_its_card_is_named_and_has_the_size_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("index.md", "assets", *PARTS):
        (tmp_path / "docs" / name).symlink_to(REPO / "docs" / name)
    settings = (REPO / "mkdocs.yml").read_text(encoding="utf-8")
    home_alone = re.sub(r"\nnav:\n.*?\n\n", "\n", settings, flags=re.DOTALL)
    known = home_alone.replace('site_url: ""', "site_url: https://course.example/flask/")
    (tmp_path / "mkdocs.yml").write_text(known, encoding="utf-8")
    command = [str(BIN / "mkdocs"), "build", "--quiet", "--site-dir", str(tmp_path / "site")]
    subprocess.run(command, cwd=tmp_path, env=os.environ | QUIET, check=True)

    home = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert '<meta property="og:image" content="https://course.example/flask/assets/images/card.png">' in home
    width, height = struct.unpack(">II", (tmp_path / "site/assets/images/card.png").read_bytes()[16:24])
    assert (width, height) == (1200, 630)


def test_an_address_that_is_no_page_leads_on(site: Path) -> None:
    lost = read_all(site)["404.html"]

    assert "Nothing is served at this address" in lost.text
    assert {"/labs/", "/reference/checks/"} <= set(lost.links)


def test_no_attribute_of_the_markdown_is_shown_as_text(site: Path) -> None:
    shown = {name: re.findall(r"\{ ?[.#][a-z-]+( [^}]*)?\}", page.text) for name, page in read_all(site).items()}
    del shown["instructors/writing/index.html"]  # it says how attributes are written
    assert {name: found for name, found in shown.items() if found} == {}


def test_no_attribute_of_a_part_is_shown_as_text(site: Path) -> None:
    shown = {
        name for name, page in read_all(site).items() if re.search(r"\{ ?\.(right|number|command|output)\b", page.text)
    }
    assert shown == {"instructors/writing/index.html"}  # it says how they are written
