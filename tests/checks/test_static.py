"""Given what a site says of its static files, when the static checks judge it, then only real trouble is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import static
from grader.model import Outcome
from grader.probes.edge.compression import Compression, Packed
from grader.probes.edge.hidden import Exposed, Fetched
from grader.probes.edge.static import CacheHeaders, Caching, Kind

SITE = "http://localhost:8080"
DATE = "Fri, 20 Nov 2026 20:00:00 GMT"
HOUR_LATER = "Fri, 20 Nov 2026 21:00:00 GMT"
FILE = CacheHeaders("/static/app.css", 200, "max-age=3600", "", DATE, '"1"', "", 304, 0)
HOME = CacheHeaders("/", 200, "", "", DATE, "", "")


@pytest.mark.parametrize(
    ("file", "outcome"),
    (
        (FILE, Outcome.PASS),
        (replace(FILE, cache_control="public, max-age=31536000, immutable"), Outcome.PASS),
        (replace(FILE, cache_control='Max-Age="7200"'), Outcome.PASS),
        (replace(FILE, cache_control="", expires=HOUR_LATER), Outcome.PASS),  # Expires alone
        (replace(FILE, etag='W/"1"'), Outcome.PASS),  # a weak ETag
        (replace(FILE, etag="", last_modified=DATE), Outcome.PASS),
        (replace(FILE, cache_control=""), Outcome.FAIL),
        (replace(FILE, cache_control="max-age=3599"), Outcome.FAIL),
        (replace(FILE, cache_control="no-cache, max-age=3600"), Outcome.FAIL),
        (replace(FILE, cache_control="max-age=soon"), Outcome.FAIL),
        (replace(FILE, cache_control="max-age=60", expires=HOUR_LATER), Outcome.FAIL),  # max-age comes first
        (replace(FILE, cache_control="", expires="0"), Outcome.FAIL),
        (replace(FILE, cache_control="", expires=HOUR_LATER, date=""), Outcome.FAIL),  # nothing to compare with
        (replace(FILE, etag=""), Outcome.FAIL),
        (replace(FILE, again=200, again_length=21000), Outcome.FAIL),
        (replace(FILE, again=304, again_length=21000), Outcome.FAIL),  # a 304 with a body
        (replace(FILE, status=404), Outcome.FAIL),
    ),
)
def test_a_static_file_must_be_kept_and_revalidated(file: CacheHeaders, outcome: Outcome) -> None:
    assert static.static_caching.judge(Caching((FILE, file), HOME, SITE)).outcome is outcome


@pytest.mark.parametrize(
    ("home", "outcome"),
    (
        (HOME, Outcome.PASS),
        (replace(HOME, cache_control="max-age=60"), Outcome.PASS),
        (replace(HOME, cache_control="private, max-age=86400"), Outcome.PASS),
        (replace(HOME, cache_control="no-store, max-age=86400"), Outcome.PASS),
        (replace(HOME, cache_control="max-age=86400", status=302), Outcome.PASS),  # not the page
        (replace(HOME, cache_control="max-age=86400"), Outcome.FAIL),
        (replace(HOME, cache_control="max-age=0, s-maxage=61"), Outcome.FAIL),
        (replace(HOME, expires=HOUR_LATER), Outcome.FAIL),  # `expires 1h;` outside of the static location
        (replace(HOME, cache_control="max-age=a day"), Outcome.FAIL),
    ),
)
def test_shared_caches_must_not_keep_the_home_page(home: CacheHeaders, outcome: Outcome) -> None:
    assert static.static_caching.judge(Caching((FILE,), home, SITE)).outcome is outcome


NOTHING = Fetched("/.env", 404, 1512, "text/html", known=True, listing=False)
LEAK = Fetched("/wsgi.py", 200, 460, "application/octet-stream", known=False, listing=False)


@pytest.mark.parametrize(
    ("one", "outcome"),
    (
        (NOTHING, Outcome.PASS),
        (replace(LEAK, status=403), Outcome.PASS),
        (replace(LEAK, status=301), Outcome.PASS),
        (replace(LEAK, known=True), Outcome.PASS),  # one page for every path
        (replace(LEAK, length=0), Outcome.PASS),
        (replace(LEAK, path="/static/"), Outcome.PASS),  # an index page of its own
        (LEAK, Outcome.FAIL),
        (replace(LEAK, path="//etc/passwd"), Outcome.FAIL),
        (replace(LEAK, path="/static/", listing=True), Outcome.FAIL),
        (replace(NOTHING, listing=True), Outcome.FAIL),  # whatever its status
    ),
)
def test_no_path_may_give_files_or_listings_away(one: Fetched, outcome: Outcome) -> None:
    verdict = static.no_listing_no_source.judge(Exposed((NOTHING, one), SITE))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert f"--path-as-is {SITE}{one.path} " in verdict.reproduce


@pytest.mark.parametrize(
    ("one", "outcome"),
    (
        (replace(NOTHING, path="/static../wsgi.py"), Outcome.PASS),
        (replace(LEAK, path="/static../x.py", known=True), Outcome.PASS),
        (replace(LEAK, path="/static../static/app.css"), Outcome.FAIL),
        (replace(LEAK, path="/assets../etc/passwd"), Outcome.FAIL),
    ),
)
def test_no_path_may_leave_the_static_folder(one: Fetched, outcome: Outcome) -> None:
    assert static.alias_traversal.judge(Exposed((one,), SITE)).outcome is outcome


CSS = Packed("/static/app.css", Kind.STYLE, 200, 21000, "gzip", "Accept-Encoding", 6800, True, "")
PNG = Packed("/static/a.png", Kind.PICTURE, 200, 8000, "", "", 8000, None, "")


@pytest.mark.parametrize(
    ("one", "outcome"),
    (
        (CSS, Outcome.PASS),
        (PNG, Outcome.PASS),
        (replace(CSS, encoding="br", intact=None), Outcome.PASS),
        (replace(CSS, encoding="zstd", vary="Cookie, accept-encoding"), Outcome.PASS),
        (replace(CSS, vary="*"), Outcome.PASS),
        (replace(CSS, length=900, encoding=""), Outcome.PASS),  # too small to be worth it
        (replace(CSS, status=404, encoding=""), Outcome.PASS),
        (replace(CSS, encoding="", vary="", intact=None), Outcome.FAIL),  # `gzip on` alone
        (replace(CSS, vary=""), Outcome.FAIL),
        (replace(CSS, vary="Accept"), Outcome.FAIL),
        (replace(CSS, intact=False), Outcome.FAIL),  # packed twice
        (replace(CSS, plain_encoding="gzip"), Outcome.FAIL),  # packed for everybody
        (replace(CSS, length=900, vary=""), Outcome.FAIL),
        (replace(PNG, encoding="gzip"), Outcome.FAIL),
    ),
)
def test_text_must_be_packed_and_pictures_not(one: Packed, outcome: Outcome) -> None:
    assert static.gzip_ok.judge(Compression((CSS, one), SITE)).outcome is outcome


def test_a_site_without_text_is_not_judged() -> None:
    assert static.gzip_ok.judge(Compression((replace(CSS, length=10, encoding=""), PNG), SITE)).outcome is Outcome.SKIP
