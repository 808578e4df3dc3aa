"""Static files: how they are kept, packed and fenced in."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from grader.checks.base import check
from grader.checks.commands import curl, timed
from grader.model import NotShown, Verdict, Weight, failed, passed, skipped
from grader.probes.app.frozen import FILE_WAIT, Frozen, FrozenApp
from grader.probes.edge.compression import Compressed, Compression, Packed
from grader.probes.edge.hidden import AliasEscape, Exposed, Fetched, HiddenFiles
from grader.probes.edge.static import CacheHeaders, Caching, CachingOf, Kind

KEPT = 3600  # seconds that a browser may keep a static file, at least
HOME_KEPT = 60  # seconds that a shared cache may keep the home page, at most
WORTH_PACKING = 1024  # bytes of text from which compression pays
UNKNOWN = -1  # seconds: the header is there, and says no number


@check(
    "static.static-by-proxy",
    title="Static files are served without touching Flask",
    rule=f"While the app is frozen, its static files come within {FILE_WAIT:g} s and are the app's own, byte by byte",
    weight=Weight.MAJOR,
    probe=Frozen(),
    needs=("proxy.proxy-in-front",),
    source="nginx docs, ngx_http_core_module, alias; Flask docs, nginx",
    fix="look at which files the proxy can see, and at what it does with their paths",
)
def static_by_proxy(frozen: FrozenApp) -> Verdict:
    """A worker that sends a style sheet cannot answer a visitor meanwhile, and a page has a dozen such files. The proxy
    sends them from disk, thousands a second, and still does when the app has trouble."""
    if not frozen.files:
        return skipped("the home page links no static file of this site: name one as static_path in grader.toml")
    for file in frozen.files:
        if file.reply.status != 200:
            return failed(
                f"with the app frozen, {file.path} got {file.reply.seen}",
                hint="who reads this file from disk: the proxy, or the app?",
                reproduce=f"{frozen.freeze}; {timed(frozen.site + file.path, 0)}; {frozen.thaw}",
                shows=f"^{file.reply.status:03} ",
            )
        if not file.intact:
            return failed(
                f"with the app frozen, {file.path} came, but not as the app has it: an old copy?",
                hint="where does the proxy's copy come from, and when was it made?",
                reproduce=f"{curl(frozen.site + file.path)} | sha256sum",
                shows=NotShown("it takes the same file from the app's own server to compare with"),
            )
    names = ", ".join(file.path for file in frozen.files)
    return passed(f"with the app frozen, {names} came in {max(file.reply.seconds for file in frozen.files):.2f} s")


@check(
    "static.static-caching",
    title="Static files carry cache headers and revalidate",
    rule=f"Browsers may keep a static file for at least {KEPT} s and can revalidate it with a 304; "
    f"shared caches may keep the home page for at most {HOME_KEPT} s",
    weight=Weight.MINOR,
    probe=CachingOf(),
    needs=("static.static-by-proxy",),
    source="RFC 9111 §5.2, §5.3; RFC 9110 §13.1; nginx docs, ngx_http_headers_module",
    fix="look at the cache headers of the place that serves static files",
)
def static_caching(caching: Caching) -> Verdict:
    """Without cache headers browsers ask again for every picture of every page. With them, a second visit costs one
    small question for each file, or none. Pages are another matter: a cached page shows one visitor's view to all."""
    for file in caching.files:
        trouble = _not_kept(file)
        if trouble:
            reproduce, shows = _look(caching.site, file)
            return failed(
                f"{file.path}: {trouble}",
                hint="which headers tell a browser how long it may keep a file, and how to ask whether it changed?",
                reproduce=reproduce,
                shows=shows,
            )
    kept = fresh_for(caching.home, shared=True)
    if caching.home.status == 200 and (kept > HOME_KEPT or kept == UNKNOWN):
        said = caching.home.cache_control or f"Expires: {caching.home.expires}"
        return failed(
            f"shared caches may keep the home page: {said}; {HOME_KEPT} s is the limit",
            hint="do the headers for static files also apply to pages?",
            reproduce=f"{curl(f'{caching.site}/', '-I')} | grep -iE 'cache-control|expires'",
            shows=re.escape(caching.home.cache_control or caching.home.expires),
        )
    seen = ", ".join(f"{file.path} for {fresh_for(file)} s" for file in caching.files)
    return passed(f"may be kept: {seen}; asked again, each answered 304")


def _not_kept(file: CacheHeaders) -> str:
    """Why a browser cannot keep a file well; "" when it can."""
    if file.status != 200:
        return f"the answer is {file.status}, not 200"
    kept = fresh_for(file)
    if kept < KEPT:
        said = file.cache_control or (file.expires and f"Expires: {file.expires}") or "no Cache-Control, no Expires"
        return f"{said}; a browser should be allowed to keep it for {KEPT} s"
    if not file.etag and not file.last_modified:
        return "neither ETag nor Last-Modified, so that a browser cannot ask whether it changed"
    if file.again != 304 or file.again_length:
        return f"asked whether it changed, the server answered {file.again} and {file.again_length} bytes, not 304"
    return ""


def _look(site: str, file: CacheHeaders) -> tuple[str, str]:
    """A command that asks a file for what it lacks, and what that shows."""
    head = curl(site + file.path, "-I")
    if file.status != 200:
        return f"{head} | head -1", f"^HTTP/.* {file.status}"
    if fresh_for(file) < KEPT:
        said = file.cache_control or file.expires
        if said:
            return f"{head} | grep -iE '^(cache-control|expires)'", re.escape(said)
        return f"{head} | grep -ciE '^(cache-control|expires)'", "^0$"
    if not file.etag and not file.last_modified:
        return f"{head} | grep -ciE '^(etag|last-modified)'", "^0$"
    name, header = ("etag", "If-None-Match") if file.etag else ("last-modified", "If-Modified-Since")
    value = f"v=$({head} | grep -i ^{name}: | cut -d ' ' -f 2- | tr -d '\\r')"
    again = curl(site + file.path, f"-o /dev/null -w '%{{http_code}}, %{{size_download}} bytes\\n' -H \"{header}: $v\"")
    return f"{value}; {again}", f"^{file.again}, {file.again_length} "


def directives(cache_control: str) -> dict[str, str]:
    """The directives of a Cache-Control header by lower-case name, with their arguments ("" without one)."""
    parts = (part.strip().partition("=") for part in cache_control.split(","))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in parts if name.strip()}


def fresh_for(answer: CacheHeaders, *, shared: bool = False) -> int:
    """Seconds that a browser, or a shared cache, may use an answer without asking (RFC 9111 §4.2.1).

    UNKNOWN when a header is there that says no number.
    """
    said = directives(answer.cache_control)
    if said.keys() & {"no-store", "no-cache", *(["private"] if shared else [])}:
        return 0
    ages = [said[name] for name in (*(["s-maxage"] if shared else []), "max-age") if name in said]
    if ages:
        return int(ages[0]) if re.fullmatch(r"\d{1,10}", ages[0]) else UNKNOWN
    if not answer.expires:
        return 0
    try:
        return int((parsedate_to_datetime(answer.expires) - parsedate_to_datetime(answer.date)).total_seconds())
    except (TypeError, ValueError):
        return UNKNOWN


@check(
    "static.no-listing-no-source",
    title="No directory listing, dotfiles or source are served",
    rule="No folder is listed, and no path to source, settings or system files answers 200 with a file",
    weight=Weight.MAJOR,
    probe=HiddenFiles(),
    needs=("stack.edge-reachable",),
    source="OWASP Cheat Sheet Series, Error Handling; nginx docs, ngx_http_autoindex_module",
    fix="let the static location point at the static folder only",
)
def no_listing_no_source(exposed: Exposed) -> Verdict:
    """Robots ask every new server for /.env and /.git/config. A web root that is one folder too high hands out the
    source, and with it whatever key is in there."""
    listed = next((one for one in exposed.fetched if one.listing), None)
    if listed is not None:
        return failed(
            f"{listed.path} lists what is in the folder",
            hint="a folder without an index page can be refused or listed: which setting decides?",
            reproduce=_fetch(exposed, listed),
            shows="^HTTP/.* 200",
        )
    leaked = next((one for one in exposed.fetched if leaks(one)), None)
    if leaked is not None:
        return failed(
            f"{leaked.path} answered 200 with {leaked.length} bytes ({leaked.kind or 'no type'}): a file, not a page",
            hint="which folder does the web server start from, and what else is in it?",
            reproduce=_fetch(exposed, leaked),
            shows="^HTTP/.* 200",
        )
    return passed(f"{len(exposed.fetched)} paths to folders, source and settings led to no file")


def leaks(one: Fetched) -> bool:
    """Whether a path gave a file away. A folder's own page is none, and neither is what the site says to any path."""
    return one.status == 200 and one.length > 0 and not one.known and not one.path.endswith("/")


def _fetch(exposed: Exposed, one: Fetched) -> str:
    return f"{curl(exposed.site + one.path, '-i --path-as-is')} | head -c 600"


@check(
    "static.alias-traversal",
    title="The static alias cannot be escaped",
    rule="No path such as /static../NAME answers 200 with a file",
    weight=Weight.BLOCKER,
    probe=AliasEscape(),
    needs=("static.static-by-proxy",),
    source="Gixy, alias traversal; nginx docs, ngx_http_core_module, alias",
    fix="look at the slashes at the end of the location and of its alias",
)
def alias_traversal(exposed: Exposed) -> Verdict:
    """Where a location ends without a slash and its alias with one, `/static../` means the folder above the static
    files. Whatever lies there can be downloaded, the app's source first."""
    out = next((one for one in exposed.fetched if leaks(one)), None)
    if out is None:
        return passed(f"{len(exposed.fetched)} ways out of the static folders led nowhere")
    return failed(
        f"{out.path} answered 200 with {out.length} bytes: the path leaves the static folder",
        hint="the web server replaces the location by the alias, letter by letter: write both down and compare",
        reproduce=f"{curl(exposed.site + out.path, '-i --path-as-is')} | head -1",
        shows="^HTTP/.* 200",
    )


@check(
    "static.gzip-ok",
    title="Text is compressed, correctly",
    rule=f"Text from {WORTH_PACKING} bytes on is compressed for browsers that can unpack it, intact and with Vary; "
    "pictures are not, and who asks for plain bytes gets them",
    weight=Weight.MINOR,
    probe=Compressed(),
    needs=("stack.edge-reachable",),
    source="RFC 9110 §8.4, §12.5.3, §12.5.5; nginx docs, ngx_http_gzip_module",
    fix="look at which types are compressed, and at what caches are told about it",
)
def gzip_ok(compression: Compression) -> Verdict:
    """Packed style sheets and scripts are a fraction of their size, which is what visitors on slow lines wait for.
    Without Vary a cache hands the packed bytes to somebody who cannot read them."""
    texts = [one for one in compression.answers if one.status == 200 and is_long_text(one)]
    for one in compression.answers:
        trouble = _badly_packed(one) if one.status == 200 else ""
        if trouble:
            reproduce, shows = _unpack(compression.site, one)
            return failed(
                f"{one.path} ({one.kind.value}, {one.length} bytes): {trouble}",
                hint="by default only HTML is compressed: which types, from which size, and what do caches learn?",
                reproduce=reproduce,
                shows=shows,
            )
    if not texts:
        return skipped(f"the site shows no text of {WORTH_PACKING} bytes or more that could be compressed")
    return passed("compressed: " + ", ".join(f"{o.path} {o.length} to {o.packed_length} bytes" for o in texts))


def is_long_text(one: Packed) -> bool:
    return one.kind is not Kind.PICTURE and one.length >= WORTH_PACKING


def _unpack(site: str, one: Packed) -> tuple[str, str]:
    """A command that shows how an answer is packed, and what it shows there."""
    pad = '"?pad=$(seq -s- 700)"' if one.kind is Kind.JSON else ""
    accept = "-H 'Accept-Encoding: gzip, br, zstd'"
    if one.plain_encoding not in ("", "identity"):
        return f"{curl(site + one.path, '-D - -o /dev/null')}{pad} | grep -i ^content-enc", re.escape(
            one.plain_encoding
        )
    sent = f"{curl(site + one.path, f'-D - -o /dev/null {accept}')}{pad}"
    if one.encoding in ("", "identity"):
        return f"{sent} | grep -ci ^content-encoding", "^0$"
    if one.kind is Kind.PICTURE:
        return f"{sent} | grep -i ^content-encoding", re.escape(one.encoding)
    if one.intact is False:
        return f"{curl(site + one.path, '--compressed -Sv -o /dev/null')}{pad}", "unencoding|[Ee]rror"
    return f"{sent} | grep -ciE '^vary:.*(accept-encoding|[*])'", "^0$"


def _badly_packed(one: Packed) -> str:
    if one.plain_encoding not in ("", "identity"):
        return f"who asks for plain bytes gets {one.plain_encoding}"
    packed = one.encoding not in ("", "identity")
    if one.kind is Kind.PICTURE:
        return f"it is compressed already, and packed once more with {one.encoding}" if packed else ""
    if not packed:
        return "it is not compressed" if is_long_text(one) else ""
    if one.intact is False:
        return f"unpacked from {one.encoding} it is not the same file"
    vary = {word.strip().lower() for word in one.vary.split(",")}
    return "" if vary & {"accept-encoding", "*"} else "compressed without Vary: Accept-Encoding"
