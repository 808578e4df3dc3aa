"""Scratch: goes into static.py."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed, skipped
from grader.probes.frozen import FILE_WAIT, Frozen, FrozenApp


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
                reproduce=f"{frozen.freeze}; curl -m 5 -si '{frozen.site}{file.path}?fresh=1' | head -1; {frozen.thaw}",
            )
        if not file.intact:
            return failed(
                f"with the app frozen, {file.path} came, but not as the app has it: an old copy?",
                hint="where does the proxy's copy come from, and when was it made?",
                reproduce=f"curl -s '{frozen.site}{file.path}' | sha256sum",
            )
    names = ", ".join(file.path for file in frozen.files)
    return passed(f"with the app frozen, {names} came in {max(file.reply.seconds for file in frozen.files):.2f} s")
