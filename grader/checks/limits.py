"""What is too much: requests that no honest client sends are refused cheaply."""

from __future__ import annotations

from shlex import quote
from urllib.parse import urlsplit

from grader.checks.base import check
from grader.checks.commands import curl, pipe, status
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.server import AbsurdHeads, Oversized, Refusals
from grader.probes.edge.bodies import (
    ALLOWED,
    LIMIT,
    MIB,
    PROMPT,
    TOO_LARGE,
    NormalUpload,
    OverLimit,
    OversizedUpload,
    Refusal,
    Uploads,
)

REFUSALS = (400, 413, 414, 431)  # RFC 9110 §15.5, RFC 6585 §5
REFUSED_WITHIN = 2.0  # seconds
MOST = 1024 * 1024  # bytes of a request's head that every server must refuse
PAYLOAD_TOO_LARGE = 413  # RFC 9110 §15.5.14
BODY_REFUSALS = (PAYLOAD_TOO_LARGE, 400)  # 400: as a web application firewall may say it
NOT_EXPECTED = (417,)  # to `Expect: 100-continue`, RFC 9110 §15.5.18
OCTETS = "'Content-Type: application/octet-stream'"
CLOSED = ("no answer", "connection reset")  # a server may hang up on a body that goes on and on


@check(
    "limits.request-line-limited",
    title="Absurd requests are refused cheaply",
    rule=f"an endless URL, an endless header and a mass of headers are refused within {REFUSED_WITHIN:g} s (with "
    f"{', '.join(map(str, REFUSALS))} or a closed connection), at the latest when they come to {MOST // 1024} KiB, "
    "and the site goes on answering",
    weight=Weight.MINOR,
    probe=AbsurdHeads(REFUSALS, MOST),
    needs=("stack.edge-reachable",),
    source="RFC 9112 §3 and §5; Gunicorn docs, Settings: limit_request_line, limit_request_fields",
    fix="the server's limits for request lines and headers: their defaults are good",
)
def request_line_limited(refusals: Refusals) -> Verdict:
    """The head of a request is kept in memory until it is complete, before your code sees any of it.

    Without a limit a client fills the memory of a worker with a single request. Every server has such limits: the
    mistake is to switch them off.
    """
    last = {tried.what: tried for tried in refusals.tried}
    for tried in last.values():
        if not _refused(tried):
            return failed(
                f"{tried.what} in a request of {tried.size // 1024} KiB: {tried.seen} after {tried.seconds:.1f} s",
                hint="which limits does your server have for the request line and for headers, and what are they now?",
                reproduce=_again(refusals.site, tried),
                shows=f"^HTTP/.* {tried.status}" if tried.status else NotShown("nothing comes back"),
            )
    if refusals.after_status == 0 or refusals.after_status >= 500:
        return failed(
            f"after absurd requests were refused, a normal one was answered with {refusals.after}",
            hint="look at the log of the server at that moment: did a worker die?",
            reproduce=status(f"{refusals.site}/healthz"),
            shows="^[05]",
        )
    return passed("; ".join(f"{tried.what} ({tried.size // 1024} KiB): {tried.seen}" for tried in last.values()))


def _refused(tried: Oversized) -> bool:
    refused = tried.status in REFUSALS or (tried.status == 0 and tried.seen != "timed out")
    return refused and tried.seconds <= REFUSED_WITHIN


def _again(site: str, tried: Oversized) -> str:
    # curl takes words up to 128 KiB only, so the request goes out letter by letter.
    end = f" HTTP/1.1\\r\\nHost: {urlsplit(site).hostname}\\r\\n"
    long = f"head -c {tried.size} /dev/zero | tr '\\0' a"
    each = f"printf \"X-$i: \"; head -c {tried.size // 500} /dev/zero | tr '\\0' a; printf '\\r\\n'"
    writes = {
        "a URL": f"printf 'GET /'; {long}; printf {quote(end)}",
        "one header": f"printf {quote(f'GET /{end}X-Probe: ')}; {long}; printf '\\r\\n'",
        "500 headers": f"printf {quote(f'GET /{end}')}; for i in $(seq 500); do {each}; done",
    }[tried.what]
    return f"({writes}; printf '\\r\\n'; sleep 2) | {pipe(site)} | head -1"


@check(
    "limits.body-limit-413",
    title="Oversized uploads are refused early",
    rule=f"{TOO_LARGE // MIB} MiB (the limit is {LIMIT // MIB}) get {PAYLOAD_TOO_LARGE} within {PROMPT:g} s, unsent; "
    f"in chunks they get {PAYLOAD_TOO_LARGE} or a closed connection; the next request is answered",
    weight=Weight.MAJOR,
    probe=OversizedUpload(),
    needs=("stack.edge-reachable",),
    source="nginx docs, ngx_http_core_module, client_max_body_size; RFC 9110 §15.5.14",
    fix="look at how large a request body the proxy lets pass, and where that is set",
)
def body_limit_413(over: OverLimit) -> Verdict:
    """Without a limit anybody can fill your disk or memory with a single upload. A limit at the proxy says no as soon
    as the length is announced, before a byte of the body has travelled."""
    cases = (
        (over.announced, "announced and not sent", f"-m {PROMPT:g} -H 'Content-Length: {TOO_LARGE}' -X POST", ()),
        (over.expected, "announced with Expect: 100-continue", _expecting(), NOT_EXPECTED),
    )
    for refusal, how, options, also in cases:
        if refusal.status not in (*BODY_REFUSALS, *also):
            return failed(
                f"an upload of {TOO_LARGE // MIB} MiB, {how}: {_said(refusal)}",
                hint=f"what is the largest body that the proxy accepts for {over.path}, and who decides it?",
                reproduce=status(over.site + over.path, options),
                shows=f"^{refusal.status:03}$",
            )
    streamed = over.streamed
    if not streamed.status and streamed.error == "timed out":
        return unknown(Reason.TIMED_OUT, f"{TOO_LARGE // MIB} MiB in chunks: no answer after {streamed.seconds:.0f} s")
    if streamed.status not in BODY_REFUSALS and (streamed.status or streamed.error not in CLOSED):
        return failed(
            f"an upload of {TOO_LARGE // MIB} MiB in chunks, without a length: {_said(streamed)}",
            hint="does the limit count what arrives, or does it only look at the announced length?",
            reproduce=f"head -c {TOO_LARGE} /dev/zero | "
            + status(over.site + over.path, "-H 'Transfer-Encoding: chunked' --data-binary @-"),
            shows=f"^{streamed.status:03}$",
        )
    if over.after == 0 or over.after >= 500:
        return failed(
            f"after the refused uploads an ordinary request got {over.after or 'no answer'}",
            hint="what do proxy and app log while they refuse an upload?",
            reproduce=status(f"{over.site}/healthz"),
            shows="^[05]",
        )
    return passed(f"{TOO_LARGE // MIB} MiB: {_said(over.announced)} when announced, {_said(streamed)} in chunks")


def _said(refusal: Refusal) -> str:
    return f"{refusal.status or refusal.error} after {refusal.seconds:.1f} s"


def _expecting() -> str:
    return f"-m {PROMPT:g} -H 'Expect: 100-continue' -H 'Content-Length: {TOO_LARGE}' -X POST"


@check(
    "limits.upload-normal-ok",
    title="Uploads within the limit still work",
    rule=f"An upload of {ALLOWED // MIB} MiB arrives whole, with its length announced and in chunks",
    weight=Weight.MAJOR,
    probe=NormalUpload(),
    needs=("limits.body-limit-413",),
    source="nginx docs, ngx_http_core_module, client_max_body_size and client_body_temp_path",
    fix="look at the limit for request bodies, and at where the proxy keeps them meanwhile",
)
def upload_normal_ok(seen: Uploads) -> Verdict:
    """A limit that nobody chose is as bad as none: 1 MB, the default of nginx, is less than a photo from a telephone.
    And what passes the limit must arrive as it was sent."""
    for upload in seen.uploads:
        if upload.status != 200 or not upload.intact:
            arrived = f"{upload.length} bytes arrived, not those that were sent"
            got = arrived if upload.length >= 0 else upload.status or upload.error
            chunks = " -H 'Transfer-Encoding: chunked'" if "chunks" in upload.how else ""
            return failed(
                f"an upload of {ALLOWED // MIB} MiB {upload.how}: {got}",
                hint="which status came back, and whose is it: the proxy's or the app's? Its log says why",
                reproduce=f"head -c {ALLOWED} /dev/zero | "
                + curl(f"{seen.site}/bench/upload", f"-i{chunks} -H {OCTETS} --data-binary @-")
                + " | grep -oE '^HTTP.*|\"length\": ?[0-9]+'",
                shows=f"^HTTP/.* {upload.status:03}" if upload.status != 200 else f"length.*{upload.length}",
            )
    return passed(f"{len(seen.uploads)} uploads of {ALLOWED // MIB} MiB arrived whole")
