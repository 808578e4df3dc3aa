"""Given sites of many shapes, when static files are looked for and at, then the evidence says what is there."""

from __future__ import annotations

import gzip

import pytest

from grader.probes.edge.compression import Compressed, undoes
from grader.probes.edge.hidden import AliasEscape, HiddenFiles, escapes, lists_folder, private_names
from grader.probes.edge.static import CachingOf, Kind, StaticFiles, StaticFound, static_among
from grader.stacks.base import NotApplicable, Settings
from tests.probes.site import response, stack

HOME = b'<link href="/static/app.css"><script src="/static/js/a.js"></script><img src="/pictures/1.png">'


def home_only(target: str, request: bytes) -> bytes:
    return response(200, HOME) if target == "/" else response(404, b"not here")


def paths(found: StaticFound) -> tuple[str, ...]:
    return tuple(file.path for file in found.files)


@pytest.mark.parametrize(
    ("links", "told", "expected"),
    (
        (("/static/a.css", "/static/img/x.png", "/uploads/y.png"), "", ("/static/a.css", "/static/img/x.png")),
        (("/a.css", "/b.js"), "", ("/a.css", "/b.js")),  # at the root of the site
        (("/uploads/y.png",), "", ()),  # a picture alone may be anything
        (("/uploads/y.png",), "assets/data.bin", ("/assets/data.bin",)),
        (("/assets/a.js?v=1",), "/assets/logo.svg", ("/assets/logo.svg", "/assets/a.js?v=1")),
    ),
)
def test_static_is_what_lies_with_style_sheets_and_scripts(
    links: tuple[str, ...], told: str, expected: tuple[str, ...]
) -> None:
    assert paths(static_among(links, told)) == expected


def test_folders_are_all_those_on_the_way_but_the_root() -> None:
    assert static_among(("/static/img/icons/a.css", "/b.js"), "").folders == (
        "/static/",
        "/static/img/",
        "/static/img/icons/",
    )


def test_the_home_page_is_found_behind_redirects_on_the_same_site() -> None:
    def answer(target: str, request: bytes) -> bytes:
        if target == "/":
            return response(302, Location="http://localhost/board/")
        return response(200, b'<link href="main.css">') if target == "/board/" else response(404)

    assert paths(stack(answer).ask(StaticFiles())) == ("/board/main.css",)


@pytest.mark.parametrize("location", ("http://[", "//x:port/", "https://a]b"))
def test_a_redirect_to_what_is_no_url_leads_nowhere(location: str) -> None:
    with pytest.raises(NotApplicable, match="links no style sheet"):
        stack(lambda target, request: response(302, Location=location)).ask(StaticFiles())


def test_a_site_without_static_files_is_not_judged() -> None:
    with pytest.raises(NotApplicable, match="static_path"):
        stack(lambda target, request: response(200, b"<p>plain</p>")).ask(StaticFiles())


def test_the_file_that_was_told_is_enough() -> None:
    site = stack(lambda target, request: response(404), settings=Settings(static_path="/static/app.css"))
    assert paths(site.ask(StaticFiles())) == ("/static/app.css",)


def test_validators_are_sent_back_and_the_second_answer_is_kept() -> None:
    def answer(target: str, request: bytes) -> bytes:
        if target == "/":
            return response(200, HOME)
        if b'If-None-Match: "7"' in request:
            return response(304)
        return response(200, b"body", ETag='"7"', Cache_Control="max-age=9")

    seen = stack(answer).ask(CachingOf())
    assert [(file.path, file.again, file.cache_control) for file in seen.files] == [
        ("/static/app.css", 304, "max-age=9"),
        ("/static/js/a.js", 304, "max-age=9"),
    ]
    assert seen.home.again == 0


# --- what must not be there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "listing"),
    (
        ("<html><title>Index of /static/</title>", True),  # nginx, Apache
        ("<h1>Directory listing for /static/</h1>", True),  # http.server
        ('<a href="./app.css">app.css</a><a href="a.js">a.js</a>', True),  # Caddy, told by the names
        ('<a href="app.css">the style sheet</a>', False),  # one name is no listing
        ('<a href="/static/app.css"></a><a href="/static/a.js"></a>', False),
        ("<title>Index of our notes</title>", False),
    ),
)
def test_a_listing_is_told_by_its_words_or_its_links(page: str, listing: bool) -> None:
    assert lists_folder(page, {"app.css", "a.js"}) is listing


def test_only_names_that_nobody_publishes_are_tried() -> None:
    names = ["wsgi.py", "robots.txt", "favicon.ico", "requirements.txt", ".env.prod", "static", "pyproject.toml"]
    assert private_names(names) == ("wsgi.py", "requirements.txt", ".env.prod", "pyproject.toml")


def test_a_site_that_shows_one_page_for_every_path_gives_nothing_away() -> None:
    seen = stack(lambda target, request: response(200, HOME)).ask(HiddenFiles())
    assert all(one.status == 200 and one.known for one in seen.fetched)


def test_a_file_under_the_web_root_is_not_taken_for_a_page() -> None:
    def answer(target: str, request: bytes) -> bytes:
        return response(200, b"import os\nKEY = 1\n") if target == "/config.py" else home_only(target, request)

    seen = stack(answer).ask(HiddenFiles())
    assert [one.path for one in seen.fetched if one.status == 200 and not one.known] == ["/config.py"]


def test_paths_reach_the_server_as_they_are() -> None:
    seen = stack(home_only).ask(HiddenFiles())
    assert {"//etc/passwd", "/static/..%2fapp.py", "/static/%2e%2e/app.py"} <= {one.path for one in seen.fetched}


def test_the_way_out_and_back_in_is_tried_for_every_folder() -> None:
    found = static_among(("/assets/css/a.css",), "")
    assert "/assets../assets/css/a.css" in escapes("/assets/", found, ("gunicorn.conf.py",))
    assert "/assets../gunicorn.conf.py" in escapes("/assets/", found, ("gunicorn.conf.py",))
    assert "/assets/css../css/a.css" in escapes("/assets/css/", found, ())


def test_an_alias_without_its_slash_is_seen() -> None:
    def answer(target: str, request: bytes) -> bytes:
        if target in ("/static/app.css", "/static../static/app.css"):
            return response(200, b"p { color: red }")
        return home_only(target, request)

    seen = stack(answer).ask(AliasEscape())
    assert [one.path for one in seen.fetched if one.status == 200 and not one.known] == ["/static../static/app.css"]


# --- compression ------------------------------------------------------------------------------------------------------


def test_unpacked_bytes_are_compared_with_the_plain_ones() -> None:
    text = b"p { color: red }\n" * 100
    assert undoes(gzip.compress(text), text, Kind.STYLE)
    assert not undoes(gzip.compress(gzip.compress(text)), text, Kind.STYLE)  # packed twice
    assert not undoes(gzip.compress(text + b"x"), text, Kind.STYLE)
    assert not undoes(text, text, Kind.STYLE)  # says gzip and is not


def test_a_page_may_differ_in_a_token_and_still_be_intact() -> None:
    lines = [f"<p>{number}</p>" for number in range(50)]
    one, other = ("\n".join([*lines, token]).encode() for token in ("token-1", "token-2"))
    assert undoes(gzip.compress(one), other, Kind.PAGE)
    assert not undoes(gzip.compress(one), other, Kind.STYLE)


def test_an_encoding_that_cannot_be_undone_is_asked_for_again_as_gzip() -> None:
    css = b"p { color: red }\n" * 100

    def answer(target: str, request: bytes) -> bytes:
        if not target.startswith("/static"):
            return home_only(target, request)
        if b"br, zstd" in request:
            return response(200, b"????", Content_Encoding="br", Vary="Accept-Encoding")
        if b"Accept-Encoding: gzip\r\n" in request:
            return response(200, gzip.compress(css), Content_Encoding="gzip")
        return response(200, css)

    seen = {one.path: one for one in stack(answer).ask(Compressed()).answers}
    assert (seen["/static/app.css"].encoding, seen["/static/app.css"].intact) == ("br", True)
    assert (seen["/"].encoding, seen["/"].intact) == ("", None)
