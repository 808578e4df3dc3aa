"""Whether the logs tell the story of one request: what was asked and answered, by whom, and where else to look."""

from __future__ import annotations

from grader.checks.base import check
from grader.checks.logs import cut_short, seen_in
from grader.model import Verdict, Weight, failed, passed, skipped
from grader.probes.logs.requests import (
    Asked,
    Asking,
    Client,
    Clients,
    FindClients,
    FindRequests,
    Repeated,
    Trace,
    Tracing,
    bits,
)

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
            sent = f"curl -s -o /dev/null -X {asked.method} '{seen.site}{asked.path}'"
            return failed(
                trouble,
                hint="compare one line of the access log with what you would want to know of that request",
                reproduce=f"{sent}; docker compose logs --tail 3 {' '.join(seen.services)}",
            )
    slow = next((asked for asked in seen.asked if asked.least), None)
    took = (
        f"; one took {slow.seconds:g} s, and says so" if slow else "; no endpoint is slow, so no duration was compared"
    )
    return passed(f"{len(seen.asked)} requests left complete records{took}")


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
    asked = f"curl -si '{seen.site}{seen.traced[0].path}' | grep -i -e -id: -e traceparent"
    trouble = _untraced(seen)
    if trouble and seen.cut:
        return cut_short(seen.cut)
    if trouble:
        return failed(
            trouble,
            hint="follow the id: who makes it, in which header does it go on, and who writes it into a line?",
            reproduce=f"{asked}; docker compose logs --tail 3 {' '.join(seen.services)}",
        )
    echoed = next((one for one in seen.repeated if _harmful(one)), None)
    if echoed is not None:
        return failed(
            f"a client sent {echoed.name}, and an id of {echoed.length} characters came back"
            f"{'' if echoed.clean else ' with characters that do not belong into one'}",
            hint="who may say what the id is? A client's word is copied into every line of yours",
            reproduce=f"curl -si -H \"X-Request-ID: $(printf 'b%.0s' $(seq 2048))\" '{seen.site}/' | grep -i -e -id:",
        )
    if any(one.logged is None and not one.app for one in seen.traced):
        return skipped("the proxy's lines carry the id, but the app logs nothing about any request that could be sent")
    one = seen.traced[0]
    return passed(
        f"{one.header} {one.id[:8]}… of {one.path} was in the answer, in {one.edge} line{'s'[: one.edge > 1]} of "
        f"{', '.join(one.edge_services)} and in {one.app} of {', '.join(one.app_services)}"
    )


def _untraced(seen: Tracing) -> str:
    """Where the trace of a request breaks off; "" when it never does."""
    for one in seen.traced:
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
                reproduce=f"curl -s {seen.site}/find-me >/dev/null; {seen_in((*seen.edge, *seen.app))}",
            )
    return passed(
        f"{seen.clients[0].address} is in the lines of {', '.join(seen.edge)}, and no line of the app differs"
    )


def _misnamed(client: Client, seen: Clients) -> str:
    claim = ", who claimed to be another," if client.claimed else ""
    if not client.lines:
        return f"a request of {client.address} left no line in the log of {', '.join(seen.edge)}"
    if not client.edge:
        return f"the proxy's line about a request of {client.address}{claim} does not name it: `{client.line}`"
    if client.others:
        return f"the app logged a request of {client.address}{claim} as one of {client.others[0]}: `{client.line}`"
    return ""
