"""Whether the logs tell the story of one request: what was asked and answered, by whom, and where else to look."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import ADDRESSES, containers, curl
from grader.checks.logs import WORD, cut_short, lines_of
from grader.model import NotShown, Verdict, Weight, failed, passed, skipped
from grader.probes.logs.requests import (
    Asked,
    Asking,
    Client,
    Clients,
    FindClients,
    FindRequests,
    Repeated,
    Trace,
    Traced,
    Tracing,
    bits,
)

SLOW = "/bench/slow"
# 1.37 s and what a busy machine adds to it, in seconds or milliseconds, as a field of a line.
TOOK = '[ :="](1[.][3-9][0-9]*|1[3-9][0-9][0-9]([.][0-9]+)?)([^0-9]|$)'
BITS = 64  # of an id: two requests never have the same
LONGEST = 200  # characters of an id


@check(
    "logs.access-log-fields",
    title="Each request leaves one complete record",
    rule="For each of several requests a line of the proxy or the app has its method, path and status, none has "
    "another status, and the line of a slow one tells how long it took",
    weight=Weight.MAJOR,
    probe=FindRequests(),
    needs=("logs.proxy-logs-on-stdout",),
    source="nginx docs, ngx_http_log_module; OWASP Logging Cheat Sheet",
    fix="the format of the access log: method, path, status, and how long it took",
)
def access_log_fields(seen: Asking) -> Verdict:
    """When somebody says that the site was slow at noon, the records of the requests are what you have. Without a
    duration they say that all was well: status 200."""
    for asked in seen.asked:
        if not asked.whole and seen.cut:
            return cut_short(seen.cut)
        trouble = _incomplete(asked)
        if trouble:
            reproduce, shows = _record(seen, asked)
            return failed(
                trouble,
                hint="compare one line of the access log with what you would want to know of that request",
                reproduce=reproduce,
                shows=shows,
            )
    slow = next((asked for asked in seen.asked if asked.least), None)
    took = (
        f"; one took {slow.seconds:g} s, and says so" if slow else "; no endpoint is slow, so no duration was compared"
    )
    return passed(f"{len(seen.asked)} requests left complete records{took}")


def _record(seen: Asking, asked: Asked) -> tuple[str, str | NotShown]:
    """A command that sends such a request and looks for what its record lacks, and what it shows then."""
    lines = lines_of(seen.services, 9)
    if asked.whole and not asked.statuses:
        if not asked.path.startswith(SLOW):
            return f"{curl(seen.site + asked.path)} >/dev/null; {lines}", NotShown("how long it took differs each time")
        sent = curl(f"{seen.site}{SLOW}?seconds=1.37")
        return f"{sent} >/dev/null; sleep 1; {lines} | grep {SLOW} | sed s/=1.37//g | grep -cE '{TOOK}'", "^0$"
    sent = curl(seen.site + asked.path, "-o /dev/null", f"-X {asked.method}")
    found = f"{sent}; sleep 1; {lines} | grep -F {quote(asked.path)}"
    if asked.statuses:
        return found, f"\\b{asked.statuses[0]}\\b"
    return f"{found} | grep {asked.method} | grep -c {asked.status}", "^0$"


def _incomplete(asked: Asked) -> str:
    """What is missing in the records of a request; "" when nothing is."""
    what = f"{asked.method} {asked.path} ({asked.status})"
    if asked.statuses:
        return f"{what} is in the log with status {', '.join(map(str, asked.statuses))}: `{asked.line}`"
    if not asked.whole:
        shown = f": `{asked.line}`" if asked.line else ""
        return f"no line tells method, path and status of {what}{shown}"
    if asked.least and not asked.timed:
        said = f", which says {', '.join(f'{time:g}' for time in asked.times)}" if asked.times else ""
        return f"{what} took {asked.seconds:g} s, and no line says so{said}: `{asked.line}`"
    return ""


@check(
    "logs.request-id-end-to-end",
    title="One id links the answer, the proxy's line and the app's",
    rule=f"Every answer carries an id of at least {BITS} bits, each another one; it is in a line of the proxy and in "
    f"what the app logged about the request; an id that a client makes up comes back harmless and in at most {LONGEST} "
    "characters, or not at all",
    weight=Weight.MAJOR,
    probe=Trace(),
    needs=("logs.access-log-fields", "logs.logs-on-stdout"),
    source="nginx docs, $request_id; OWASP Logging Cheat Sheet, Interaction identifier; W3C Trace Context",
    fix="one service makes the id, passes it on in a header, and every service writes it into its lines",
)
def request_id_end_to_end(seen: Tracing) -> Verdict:
    """A visitor reports an error. Which of the thousand lines of that minute are about it, in which service? An id
    that the answer shows and every line repeats turns a search into one command."""
    trouble = _untraced(seen)
    if trouble and seen.cut:
        return cut_short(seen.cut)
    if trouble:
        reproduce, shows = _trace(seen)
        return failed(
            trouble,
            hint="follow the id: who makes it, in which header does it go on, and who writes it into a line?",
            reproduce=reproduce,
            shows=shows,
        )
    long = "-H \"X-Request-ID: $(printf 'b%.0s' $(seq 2048))\""
    echoed = next((one for one in seen.repeated if _harmful(one)), None)
    if echoed is not None:
        return failed(
            f"a client sent {echoed.name}, and an id of {echoed.length} characters came back"
            f"{'' if echoed.clean else ' with characters that do not belong into one'}",
            hint="who may say what the id is? A client's word is copied into every line of yours",
            reproduce=f"{curl(f'{seen.site}/', '-i', long)} | grep -i -e -id:",
            shows=f"b{{{LONGEST + 1}}}" if echoed.length > LONGEST else NotShown("which characters these were varies"),
        )
    if any(one.logged is None and not one.app for one in seen.traced):
        return skipped("the proxy's lines carry the id, but the app logs nothing about any request that could be sent")
    one = seen.traced[0]
    return passed(
        f"{one.header} {one.id[:8]}… of {one.path} was in the answer, in {one.edge} line{'s'[: one.edge > 1]} of "
        f"{', '.join(one.edge_services)} and in {one.app} of {', '.join(one.app_services)}"
    )


def _trace(seen: Tracing) -> tuple[str, str]:
    """A command that follows an id to where its trace breaks off, and what it shows there."""
    one = next((one for one in seen.traced if _breaks(one, seen)), seen.traced[0])
    name = re.escape(one.header) or "(x-)?(request|correlation|trace)-?id"
    asked = f"{curl(seen.site + one.path, '-i')} | grep -iE {quote(f'^{name}:')}"
    if not one.id:
        return f"{asked} | wc -l", "^0$"
    if bits(one.id) < BITS:
        return asked, f": *.{{1,{len(one.id) + 1}}}\\s*$"
    got = f"i=$({asked} | cut -d ' ' -f 2 | tr -d '\\r'); sleep 1; {lines_of(seen.services, 9)}"
    if _breaks(one, seen):  # in no line, or in the proxy's only: the app's has another one, or none
        return f'{got} | grep -cF "$i"', "^[01]$"
    return f"for i in 1 2 3; do {asked}; done | sort | uniq -d | wc -l", "^[1-9]"


def _breaks(one: Traced, seen: Tracing) -> str:
    """Where the trace of one request breaks off; "" when it does not."""
    if not one.id:
        return f"the answer to {one.path} carries no id"
    if bits(one.id) < BITS:
        return f"the id {one.id} has fewer than {BITS} bits: sooner or later two requests share it"
    if not one.edge:
        return f"the answer to {one.path} had the id {one.id}, which is in no line of the proxy"
    if one.logged is False or (one.logged is None and _has_line(seen) and not one.app):
        return f"{one.id} came back, but the app's own line has another id or none: `{one.line}`"
    if seen.shared and one.edge < 2:  # the proxy's and the app's
        return f"{one.id} is in one line only, the proxy's or the app's"
    return ""


def _untraced(seen: Tracing) -> str:
    """Where the trace of a request breaks off; "" when it never does."""
    for one in seen.traced:
        if broken := _breaks(one, seen):
            return broken
    ids = [one.id for one in seen.traced]
    return f"two answers carried the same id, {ids[0]}" if len(set(ids)) < len(ids) else ""


def _has_line(seen: Tracing) -> bool:
    """Whether the app logs anything about requests of the kind that was sent."""
    return any(one.logged is not None or one.app for one in seen.traced)


def _harmful(one: Repeated) -> bool:
    return one.status != 400 and (one.length > LONGEST or not one.clean)  # refused


@check(
    "logs.log-real-client-ip",
    title="Logs name the client, not the proxy",
    rule="For a request from a known address a line of the proxy has that address, and so has every line of the app "
    "about it that has any; also when the client claims another one",
    weight=Weight.MAJOR,
    probe=FindClients(),
    needs=("forwarded.real-client-ip", "logs.proxy-logs-on-stdout"),
    source="Gunicorn docs, Deploying Gunicorn; nginx docs, ngx_http_realip_module",
    fix="take the address in the app after ProxyFix, or from the header that the proxy sets",
)
def log_real_client_ip(seen: Clients) -> Verdict:
    """Whoever floods you or guesses passwords is found and blocked by address. A log in which every visitor has the
    address of the proxy shows one very busy visitor."""
    for client in seen.clients:
        if not client.edge and seen.cut:
            return cut_short(seen.cut)
        trouble = _misnamed(client, seen)
        if trouble:
            return failed(
                trouble,
                hint="which address does the one who writes this line see: the connection's, or the client's?",
                reproduce=_named_as(seen, client),
                shows="^0$" if not client.lines else "[0-9]" if client.edge else NotShown("your own address varies"),
            )
    return passed(
        f"{seen.clients[0].address} is in the lines of {', '.join(seen.edge)}, and no line of the app differs"
    )


def _named_as(seen: Clients, client: Client) -> str:
    """A command that shows how many lines a request leaves, or which of the proxy's addresses stand in the app's."""
    asked = f"{WORD}; {curl(seen.site)}/$w >/dev/null; sleep 1"
    if not client.lines or not client.edge:
        return f'{asked}; {lines_of(seen.edge)} | grep -c "$w"'
    proxy = f"docker inspect -f '{ADDRESSES}' {containers(seen.edge[0])} | tr ' ' '\\n' | grep ."
    return f'{asked}; {lines_of(seen.app)} | grep "$w" | grep -owF "$({proxy})"'


def _misnamed(client: Client, seen: Clients) -> str:
    claim = ", who claimed to be another," if client.claimed else ""
    if not client.lines:
        return f"a request of {client.address} left no line in the log of {', '.join(seen.edge)}"
    if not client.edge:
        return f"the proxy's line about a request of {client.address}{claim} does not name it: `{client.line}`"
    if client.others:
        return f"the app logged a request of {client.address}{claim} as one of {client.others[0]}: `{client.line}`"
    return ""
