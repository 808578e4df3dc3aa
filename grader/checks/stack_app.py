"""What answers is the app of this stack, and it keeps its promises."""

from __future__ import annotations

from grader.checks.base import check
from grader.checks.commands import containers, curl
from grader.model import Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.contract import ENDPOINTS, CallAll, Called, Contract, Endpoint
from grader.probes.stack.entrance import Identify, Identity

NAMED = 3  # findings that a sentence names
WHO = "/bench/whoami?nonce=me"


@check(
    "stack.app-identity",
    title="What answers is the app of this stack",
    rule="requests to the published port end in a process of this stack that listens as the app's server",
    weight=Weight.BLOCKER,
    probe=Identify(),
    needs=("stack.edge-reachable", "net.listens-off-loopback"),
    source="proc(5): sockets and processes of the containers",
    fix="the way of a request from the published port to the app",
)
def app_identity(seen: Identity) -> Verdict:
    """A page that looks right proves little: it may come from a cache, a default site or another stack.

    So the grader asks the kernel who holds the listening socket, and whether that process got the request.
    """
    if not seen.servers:
        return failed(
            "no process in this stack listens as a Python web server does",
            hint="what do the containers run? The app may be running outside of the stack",
            reproduce="docker compose top; docker compose top | grep -ci python",
            shows="^0$",
        )
    server = seen.servers[0]
    who = f"{server.name}: {server.program} (process {server.pid}) listens on {', '.join(server.where)}"
    if any(answered.seen for answered in seen.answers):
        return _named(seen, who)
    status = seen.answers[0].status if seen.answers else 0
    if seen.bench:
        return failed(
            f"{who} and answers /bench/whoami there, but at {seen.site} the same request gets {status or 'no answer'} "
            "and not its answer",
            hint="who answers at the published port instead, and where does it send requests?",
            reproduce=f'{curl(seen.site + WHO)} | grep -cE \'"nonce": ?"me"\'',
            shows="^0$",
        )
    if any(seen.port in found.host_ports for found in seen.servers):
        return passed(f"{who}, and port {seen.port} of this machine leads there")
    if seen.traces is not None and seen.traces.convincing:
        return passed(f"{who}, and {seen.traces.requests} requests to {seen.site} woke it up {seen.traces.woken} times")
    return unknown(
        Reason.UNREACHABLE,
        f"{who}, but requests to {seen.site} leave no trace in its processes",
        hint="if the app has paths of its own behind the proxy, name a slow page of it as slow_path in grader.toml",
    )


def _named(seen: Identity, who: str) -> Verdict:
    strangers = [answered for answered in seen.answers if not answered.instance]
    if strangers:
        stranger = strangers[0]
        return failed(
            f"process {stranger.pid} on host {stranger.host} answered (HTTP {stranger.status}), "
            "and no container of this stack runs such a process",
            hint="where does the proxy send requests: to a service of this stack, or to this machine or another stack?",
            reproduce=f'h=$({curl(seen.site + WHO)} | sed -E \'s/.*"host": ?"([^"]*)".*/\\1/\'); echo "$h"; '
            f"docker inspect -f '{{{{.Config.Hostname}}}}' {containers()} | grep -cxe \"$h\"",
            shows="^0$",
        )
    boots: dict[tuple[str, int], set[str]] = {}
    for answered in seen.answers:
        boots.setdefault((answered.instance, answered.pid), set()).add(answered.boot_id)
    for (instance, pid), ids in sorted(boots.items()):
        if len(ids) > 1:
            return failed(
                f"process {pid} of {instance} gave {len(ids)} different boot ids: it is not one process that answers",
                hint="bench/identity.py must be the one of this course; what stands between it and you?",
                reproduce=f"for i in $(seq 20); do {curl(seen.site + WHO)} "
                "| grep -oE '\"(pid|host|boot_id)\": ?[^,}]*' | sort -r | tr -d '\\n'; echo; done "
                "| sort -u | cut -d '\"' -f 1-6 | uniq -d | wc -l",
                shows="^[1-9]",
            )
    return passed(f"{who}; {len(seen.answers)} requests to {seen.site} ended in {len(boots)} of its processes")


@check(
    "stack.contract-endpoints",
    title="The app's own endpoints work as promised",
    rule=f"each of the {len(ENDPOINTS)} endpoints of the contract answers as agreed: status, keys, time, echo; "
    "an unhandled error reaches the log",
    weight=Weight.BLOCKER,
    probe=CallAll(),
    needs=("stack.app-identity",),
    source="the course's own contract: the package bench/ beside the app",
    fix="the package bench/: restore it from the starter, and keep your own code elsewhere",
)
def contract_endpoints(seen: Contract) -> Verdict:
    """The bench is to the app what a test bench is to an engine: other checks read its dials.

    A dial that lies makes all of them worthless, so the dials are checked first.
    """
    troubles = [
        (endpoint, called, trouble)
        for endpoint, called in zip(ENDPOINTS, seen.called, strict=True)
        if (trouble := _broken(endpoint, called))
    ]
    if troubles:
        endpoint, called, _ = troubles[0]
        reproduce, shows = _see(seen.site, endpoint, called)
        return failed(
            "; ".join(trouble for *_, trouble in troubles[:NAMED]),
            hint="compare bench/ with the starter's, and look at what stands between it and you",
            reproduce=reproduce,
            shows=shows,
        )
    if not seen.logged and not seen.original:
        return failed(
            "/bench/boom answered 500, but the error that it raises never reached the log",
            hint="does /bench/boom still raise an error that nobody catches?",
            reproduce=f"{curl(seen.site + '/bench/boom?m=find-me')} >/dev/null; sleep 1; "
            "docker compose logs | grep -c 'Error.*find-me'",
            shows="^0$",
        )
    changed = "; the package bench/ differs from the course's" if seen.original is False else ""
    return passed(f"all {len(seen.called)} endpoints answered as agreed{changed}")


def _broken(endpoint: Endpoint, called: Called) -> str:
    """How an answer breaks the promise of its endpoint, or ""."""
    if not called.status:
        return f"{called.name}: {called.error or 'no answer'}"
    if called.status not in endpoint.statuses:
        return f"{called.name} answered {called.status}, not {' or '.join(map(str, endpoint.statuses))}"
    missing = [key for key in endpoint.keys if key not in called.keys]
    if missing:
        return f"{called.name} lacks {', '.join(missing[:NAMED])}"
    if called.seconds < endpoint.least:
        return f"{called.name} took {called.seconds:.2f} s where {endpoint.least:g} s were asked for"
    if endpoint.echo and not called.echoed:
        return f"{called.name} did not send back what it was given"
    if called.length < endpoint.length:
        return f"{called.name} answered {called.length} bytes, not {endpoint.length}"
    return ""


def _see(site: str, endpoint: Endpoint, called: Called) -> tuple[str, str]:
    """A command that asks an endpoint for what it broke, and what it shows then."""
    options = [] if endpoint.method == "GET" else [f"-X {endpoint.method}"]
    options += [f"-d '{endpoint.body.replace('WORD', 'me')[:40]}'"] if endpoint.body else []
    url = site + endpoint.path.replace("WORD", "me")
    missing = next((key for key in endpoint.keys if key not in called.keys), "")
    if called.status in endpoint.statuses and missing:
        return f"{curl(url, *options)} | grep -c '\"{missing}\"'", "^0$"
    if called.status in endpoint.statuses and called.seconds >= endpoint.least and endpoint.echo and not called.echoed:
        return f"{curl(url, *options)} | grep -c '\"me'", "^0$"
    written = "-w '%{http_code}, %{size_download} bytes after %{time_total} s\\n'"
    command = curl(url, "-o /dev/null", *options, written)
    if called.status not in endpoint.statuses:
        return command, f"^{called.status:03}, "
    if called.seconds < endpoint.least:
        return command, f"after 0\\.[0-{int(endpoint.least * 10) - 1}]"
    return command, f", {called.length} bytes"
