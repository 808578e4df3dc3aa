"""Who reads the metrics: Prometheus, often enough and from everywhere; no visitor; and nobody can blow them up."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import ask_server, curl, fetched_inside
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.monitoring.scraped import LOOKS, AskPrometheus, Scraped
from grader.probes.monitoring.series import AskForNothing, Sprawl
from grader.probes.monitoring.servers import Target
from grader.probes.monitoring.unpublished import LookFromOutside, OpenMetrics

PATHS, ITEMS = 100, 20  # URLs that nobody has seen before: some that lead nowhere, some that a route takes
GROWTH = 10  # new values of a label that they may make
INTERVAL = 30  # seconds between two scrapes, at most


@check(
    "metrics.metrics-bounded",
    title="Random URLs do not create unbounded series",
    rule=f"{PATHS} random paths that lead nowhere and {ITEMS} random items of a route make at most {GROWTH} new values "
    "of any label",
    weight=Weight.MAJOR,
    probe=AskForNothing(PATHS, ITEMS),
    needs=("metrics.metrics-exposed",),
    source="Prometheus docs, Metric and label naming: high cardinality",
    fix="the route's rule as label, not the path: request.url_rule",
)
def metrics_bounded(seen: Sprawl) -> Verdict:
    """Every new value of a label is a new series, kept for weeks. With the path as label, whoever asks for random URLs
    fills the memory of your app and of your Prometheus."""
    if seen.new > GROWTH:
        return failed(
            f'{seen.sent} requests for random URLs made {seen.new} new values of "{seen.label}" in {seen.name}, such '
            f"as {seen.example}",
            hint="which words can stand in that label, and who chooses them?",
            reproduce=f"{curl(f'{seen.site}/no-such-page-[1-20]')} >/dev/null; "
            f"{fetched_inside(seen.service, seen.url)} | grep no-such-page",
            shows="no-such-page",
        )
    return passed(f"{seen.sent} requests for random URLs: {seen.after} series, {seen.before} before")


@check(
    "metrics.metrics-not-public",
    title="Metrics and admin endpoints are not public",
    rule="no spelling of the metrics path, and no usual state page, shows numbers at the edge; Prometheus, "
    "Alertmanager and Grafana are published on 127.0.0.1 or not at all",
    weight=Weight.MAJOR,
    probe=LookFromOutside(),
    needs=("metrics.metrics-exposed",),
    source="Prometheus docs, Security model; OWASP Docker Security Cheat Sheet",
    fix="a location at the proxy that covers every spelling, or a port of its own for metrics",
)
def metrics_not_public(seen: OpenMetrics) -> Verdict:
    """Metrics tell how many visitors you have, which routes, which versions, when you are weak. Prometheus reads them
    inside the stack: nobody outside needs to."""
    for answer in seen.seen:
        if answer.state:
            return failed(
                f"{seen.site}{answer.path} shows metrics to everybody",
                hint="which paths does the rule of your proxy cover, once it has cleaned them up?",
                reproduce=f"{curl(seen.site + answer.path, '-i --path-as-is')} | head -20",
                shows="^HTTP/.* 200",
            )
    for port in seen.published:
        return failed(
            f"{port.service} opens {port.where}:{port.host_port} to every machine, and {port.what} answers there",
            hint="who needs it, and from where? 127.0.0.1 is enough for you",
            reproduce=f"docker compose ps --format '{{{{.Service}}}} {{{{.Ports}}}}' {quote(port.service)}",
            shows=f"(0\\.0\\.0\\.0|::|{re.escape(port.where)}):{port.host_port}->",
        )
    statuses = sorted({str(answer.status or "no answer") for answer in seen.seen})
    return passed(f"{len(seen.seen)} paths at {seen.site} got {', '.join(statuses)}, and none showed numbers")


@check(
    "metrics.prometheus-scrapes",
    title="Prometheus scrapes the app successfully",
    rule=f"Prometheus has a target for each instance of the app, all are up and read at least every {INTERVAL} s, and "
    f"a counter in it grows within {LOOKS} scrapes of a request",
    weight=Weight.MAJOR,
    probe=AskPrometheus(),
    needs=("metrics.metrics-all-workers",),
    source="Prometheus docs, Configuration: scrape_config",
    fix="the targets of the job that reads the app",
)
def prometheus_scrapes(seen: Scraped) -> Verdict:
    """A page of metrics that nobody reads warns nobody. Alerts see what Prometheus has read, and nothing else."""
    if seen.error:
        return failed(
            seen.error,
            hint="does Prometheus run, and on which port? grader.toml can say where (prometheus)",
            reproduce="docker compose ps --all; docker compose logs --tail 20",
            shows=NotShown("which service should be Prometheus here only you know"),
        )
    again = _targets(seen)
    if not seen.targets:
        others = "; ".join(f"{t.url}: {t.error or 'up'}" for t in seen.others[:3]) or "it has no targets at all"
        return failed(
            f"no target of {seen.prometheus} leads to the app's metrics: {others}",
            hint="inside a container localhost is that container: by which name is the app called in this stack?",
            reproduce=again if seen.others else f"{again} | grep -c scrapeUrl",
            shows=_no_target(seen),
        )
    slow = max(seen.targets, key=lambda target: target.interval)
    if slow.interval > INTERVAL:
        return failed(
            f"{slow.url} is read only every {slow.interval:g} s",
            hint="how often does it have to look, for an alert to come in time?",
            reproduce=again,
            shows='"scrapeInterval":"([1-9][0-9]*[mh]|[1-9][0-9]{2,}s|[4-9][0-9]s|3[1-9]s)',
        )
    down = next((target for target in seen.targets if not target.up), None)
    if down is not None:
        return failed(
            f"{seen.prometheus} cannot read {down.url}: {down.error or 'it has not tried yet'}",
            hint="ask for that URL from inside the stack: who answers, and what?",
            reproduce=again,
            shows=_unwell(seen.targets),
        )
    if len(seen.targets) < seen.instances:
        return failed(
            f"{len(seen.targets)} of {seen.instances} instances of the app are read",
            hint="how does Prometheus learn of all addresses behind one name?",
            reproduce=again,
            shows=NotShown("how many instances there are, and which target is which, is for your eyes to count"),
        )
    if slow.age > 2 * slow.interval:
        return failed(
            f"{slow.url} is to be read every {slow.interval:g} s, and was {slow.age:g} s ago the last time",
            hint="what keeps Prometheus from its work?",
            reproduce=again,
            shows=NotShown("it takes the time of the last look, and this one"),
        )
    if seen.after <= seen.before:
        return failed(
            f"{seen.counter} is {_known(seen.after)} in {seen.prometheus}, {seen.waited:.0f} s after more requests",
            hint="which metrics does that target have, and are they the app's?",
            reproduce=again,
            shows=NotShown("it takes two looks with requests between them"),
        )
    return passed(
        f"{seen.prometheus} reads {', '.join(target.url for target in seen.targets[:3])} every {slow.interval:g} s; "
        f"{seen.counter} grew from {_known(seen.before)} to {_known(seen.after)} within {seen.waited:.1f} s"
    )


def _no_target(seen: Scraped) -> str | NotShown:
    if not seen.others:
        return "^0$"
    if all(target.up for target in seen.others):
        return NotShown("all targets are well, and whose they are is for your eyes to see")
    return _unwell(seen.others)


def _unwell(targets: tuple[Target, ...]) -> str | NotShown:
    """Only "down" shows a fault: until its first reading, the health of any target is "unknown"."""
    if any(target.error for target in targets):
        return '"health":"down"'
    return NotShown("it has not been read yet, which is so on any stack right after its start")


def _known(value: float) -> str:
    return "missing" if value < 0 else f"{value:g}"


def _targets(seen: Scraped) -> str:
    """Shows the health and the last error of every target."""
    path = "/api/v1/targets?state=active"
    asked = ask_server(seen.service, seen.prometheus, seen.port, seen.host_port, path)
    return f'{asked} | grep -oE \'"(scrapeUrl|lastError|health|scrapeInterval)":"[^"]*"\''
