"""What is too much: requests that no honest client sends are refused cheaply."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.server import AbsurdHeads, Oversized, Refusals

REFUSALS = (400, 413, 414, 431)  # RFC 9110 §15.5, RFC 6585 §5
REFUSED_WITHIN = 2.0  # seconds
MOST = 1024 * 1024  # bytes of a request's head that every server must refuse


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
            )
    if refusals.after_status == 0 or refusals.after_status >= 500:
        return failed(
            f"after absurd requests were refused, a normal one was answered with {refusals.after}",
            hint="look at the log of the server at that moment: did a worker die?",
            reproduce=f"curl -si {refusals.site}/healthz",
        )
    return passed("; ".join(f"{tried.what} ({tried.size // 1024} KiB): {tried.seen}" for tried in last.values()))


def _refused(tried: Oversized) -> bool:
    refused = tried.status in REFUSALS or (tried.status == 0 and tried.seen != "timed out")
    return refused and tried.seconds <= REFUSED_WITHIN


def _again(site: str, tried: Oversized) -> str:
    # A word of a command line may have 128 KiB at most: curl reads longer ones from standard input (-K -).
    lines = f"print('url = {site}/')"
    if tried.what == "a URL":
        lines = f"print('url = {site}/' + 'a' * {tried.size})"
    elif tried.what == "one header":
        lines += f"; print('header = \\\"X-Probe: ' + 'a' * {tried.size} + '\\\"')"
    else:
        lines += f"; [print(f'header = X-{{n}}:' + 'a' * {tried.size // 500}) for n in range(500)]"
    return f'python3 -c "{lines}" | curl -so /dev/null -w "%{{http_code}}\\n" -K -'
