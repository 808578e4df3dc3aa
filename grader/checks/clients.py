"""Slow clients: whether they keep others waiting."""

from __future__ import annotations

from urllib.parse import urlsplit

from grader.checks.base import check
from grader.checks.commands import timed, tls_pipe
from grader.model import Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.edge.slow_clients import ANSWER_KB, CROWD, QUICK, READERS, Slow, SlowClients, Slowed, is_quick
from grader.probes.stack.headroom import too_noisy

FEWEST = 10  # slow clients that have to get in: fewer say nothing about many
RULE = "a visitor gets an answer from the app in less than {:g} s"


@check(
    "clients.slow-body-buffered",
    title="Slow uploads do not block other users",
    rule=f"While {CROWD} clients upload a byte every half second, {RULE.format(QUICK)}",
    weight=Weight.BLOCKER,
    probe=SlowClients(Slow.BODY),
    needs=("proxy.proxy-in-front",),
    source="Gunicorn docs, Deploying Gunicorn; nginx docs, proxy_request_buffering",
    fix="look at whether the proxy waits for the whole request before it passes it on",
)
def slow_body_buffered(slowed: Slowed) -> Verdict:
    """An app has few workers, and phones on a bad line upload for minutes. If a worker reads the upload itself, a
    handful of them is all it takes to lock everybody else out, with no attack needed."""
    return _judged(slowed, Slow.BODY, "does a worker of the app wait for an upload, or does the proxy?")


@check(
    "clients.slow-headers-tolerated",
    title="Half-sent requests do not block other users",
    rule=f"While {CROWD} clients have sent half a request, {RULE.format(QUICK)}",
    weight=Weight.MAJOR,
    probe=SlowClients(Slow.HEADERS),
    needs=("proxy.proxy-in-front",),
    source="Gunicorn docs, Deploying Gunicorn; nginx docs, client_header_timeout",
    fix="look at how many connections the edge can hold, and who holds them",
)
def slow_headers_tolerated(slowed: Slowed) -> Verdict:
    """Opening connections and sending almost nothing costs an attacker nothing; the attack is called Slowloris. A
    server with a process or thread for each connection runs out of them; one that waits for all at once does not."""
    return _judged(slowed, Slow.HEADERS, "how many clients can the edge listen to at the same time?")


@check(
    "clients.slow-reader-buffered",
    title="Slow downloads do not block other users",
    rule=f"While up to {READERS} clients do not read an answer of {ANSWER_KB // 1024} MB, {RULE.format(QUICK)}",
    weight=Weight.MAJOR,
    probe=SlowClients(Slow.READER),
    needs=("proxy.proxy-in-front",),
    source="nginx docs, ngx_http_proxy_module, proxy_buffering",
    fix="look at where an answer waits while its client reads",
)
def slow_reader_buffered(slowed: Slowed) -> Verdict:
    """A worker that hands its answer to a slow client itself cannot serve anybody else until the last byte is read.
    A proxy that takes the whole answer from it sets it free at once."""
    return _judged(slowed, Slow.READER, "who keeps the part of an answer that a client has not read yet?")


def _judged(slowed: Slowed, kind: Slow, hint: str) -> Verdict:
    if slowed.clients < FEWEST:
        return unknown(
            Reason.UNREACHABLE,
            f"only {slowed.clients} connections for {kind} could be opened, at least {FEWEST} are needed to tell",
            hint="does the edge, or a firewall, limit the connections of one address?",
        )
    if is_quick(slowed.beside):
        return passed(f"beside {slowed.clients} {kind}, a visitor got {slowed.beside.seen}")
    if not is_quick(slowed.alone):
        return unknown(
            Reason.TIMED_OUT,
            f"a visitor got {slowed.alone.seen} before any client was slow: that says nothing about slow clients",
            hint=f"curl -si {slowed.site}{slowed.page}",
        )
    if slowed.baseline is not None and slowed.baseline.noisy:
        return too_noisy(slowed.baseline)
    if slowed.working:
        return unknown(
            Reason.TIMED_OUT,
            f"app and proxy were still taking in the answers to {slowed.clients} {kind} when the visitor gave up",
            hint="is the disk slow, or does something else keep this machine busy? `docker stats` shows what",
        )
    return failed(
        f"beside {slowed.clients} {kind}, a visitor got {slowed.beside.seen}; without them {slowed.alone.seen}",
        hint=hint,
        reproduce=_command(slowed, kind),
        shows="^000|after [3-9]",  # a busy disk may cost even a good proxy a second or two
    )


def _command(slowed: Slowed, kind: Slow) -> str:
    """The slow clients as background jobs of a shell, and one visitor beside them."""
    parts = urlsplit(slowed.site)
    host = parts.hostname
    beginning = {
        Slow.BODY: f"POST /bench/upload HTTP/1.1\\r\\nHost: {host}\\r\\nContent-Length: 1000\\r\\n\\r\\n",
        Slow.HEADERS: f"GET / HTTP/1.1\\r\\nHost: {host}\\r\\nX",
        Slow.READER: f"GET /bench/big?kb={ANSWER_KB} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n",
    }[kind]
    one = f"bash -c 'exec 3<>/dev/tcp/localhost/{parts.port}; printf \"{beginning}\" >&3; sleep 9'"
    if parts.scheme == "https":  # whoever reads through a pipe that nobody empties stops reading
        one = f"(printf '{beginning}'; sleep 9) | {tls_pipe(slowed.site)} 2>&1 | sleep 9"
    crowd = f"for i in $(seq {slowed.clients}); do {one} & done"
    return f"({crowd}; sleep 2; {timed(slowed.site + slowed.page, 0)}; wait)"
