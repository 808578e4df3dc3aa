"""Who listens where, and who can reach it."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.checks.commands import curl, inside, python
from grader.model import NotShown, Verdict, Weight, failed, passed
from grader.probes.app.service import Listening, Listens
from grader.probes.edge.sidedoors import Doors, SideDoors
from grader.probes.greeting import Speaks
from grader.probes.stack.published import Binding, Bindings, OpenPorts


@check(
    "net.listens-off-loopback",
    title="The app listens where other containers can reach it",
    rule="a socket of the app's server is on an address other than loopback, or on a path that another service mounts; "
    "loopback is right where something beside the app lets the requests in",
    weight=Weight.BLOCKER,
    probe=Listens(),
    needs=("stack.stack-up",),
    source="Flask docs, Deploying to Production; Gunicorn docs, Settings: bind",
    fix="the address that the server binds to, inside the container",
)
def listens_off_loopback(seen: Listening) -> Verdict:
    """Inside a container, 127.0.0.1 is the container itself. A server that listens there is deaf to everybody else.

    Listening on all addresses inside is no risk in itself: what is published decides who gets that far.
    """
    open_ones = [listener for listener in seen.listeners if not listener.loopback or listener.sharers]
    if open_ones:
        first = open_ones[0]
        shared = f", a path that {', '.join(first.sharers)} mounts too" if first.sharers else ""
        return passed(f"{first.service}: {first.program} listens on {first.where}{shared}")
    listener = seen.listeners[0]
    where = f"{listener.service}: {listener.program} listens on {listener.where}"
    if seen.reached:
        return passed(f"{where}, and what stands beside it lets requests in")
    return failed(
        f"{where} only: nobody outside of its container gets in",
        hint="the server has an option for the address that it binds to; which address means all of the container's?",
        reproduce=_from_outside(listener.service, listener.port),
        shows="refused"
        if listener.port
        else NotShown("it takes two looks: at the path of the socket, and at who mounts it"),
    )


def _from_outside(service: str, port: int) -> str:
    """Connects to the container's own address on its network, as its neighbours would."""
    if not port:
        return inside(service, "cat /proc/net/unix")
    return python(service, f"import socket as s; print(s.create_connection((s.gethostname(), {port}), 2))")


@check(
    "net.app-port-unpublished",
    title="The app cannot be reached around the proxy",
    rule="No address of the host but the site's own leads to the app's server",
    weight=Weight.BLOCKER,
    probe=SideDoors(),
    needs=("proxy.proxy-in-front",),
    source="CIS Docker Benchmark 5.9; Flask docs, Deploying to Production; OWASP Docker Security Cheat Sheet, rule 5a",
    fix="look at which services publish ports, and on which network the app lives",
)
def app_port_unpublished(found: Doors) -> Verdict:
    """What the proxy does for you, limits, buffering, the true address of a client, it does only for those who come
    through it. A second way in makes all of that optional, for whoever finds it."""
    for door in found.doors:
        if door.declared or not (door.direct or door.forged):
            continue
        what = "it connects to the app's server itself" if door.direct else "the app believes any client address there"
        name = quote(door.service)
        how = "publishes" if door.published else "is on the host's own network and opens"
        return failed(
            f"{door.service} {how} {door.where}, which leads past the proxy: {what}",
            hint="the proxy reaches the app inside their common network: who else needs to?",
            reproduce=f"{f'docker compose ps {name}; ' if door.published else ''}{curl(door.url, '-i -m 5')} | head -5",
            # A published port that nobody chose is another one after each start.
            shows="->[0-9]+/tcp" if door.published else "^HTTP/",
        )
    if not found.doors:
        return passed(f"{found.site} is the only address of this stack")
    others = ", ".join(door.where for door in found.doors)
    declared = any(door.declared for door in found.doors)
    return passed(f"{others}: does not lead to the app" + (", or is declared in grader.toml" if declared else ""))


@check(
    "net.only-edge-published",
    title="Only the entry ports are published",
    rule="Every port that other machines can reach belongs to the edge, speaks HTTP or TLS and serves visitors",
    weight=Weight.MAJOR,
    probe=OpenPorts(),
    needs=("stack.stack-up",),
    source="CIS Docker Benchmark 5.9 and 5.14; OWASP Docker Security Cheat Sheet, Rule 5a",
    fix="drop the published port, or bind it to 127.0.0.1",
)
def only_edge_published(seen: Bindings) -> Verdict:
    """Docker opens a published port to every network of the host, and its rules come before those of ufw. A database or
    a status page that was published for a moment of debugging is then open to the world, often without a password."""
    # The app's own web server is the business of net.app-port-unpublished: one cause, one red line.
    open_ones = [binding for binding in seen.bindings if not binding.local and not binding.app]
    for binding in open_ones:
        trouble = _not_an_entry(binding, seen.edge)
        if trouble:
            return failed(
                f"{binding.service} opens port {binding.port} as {shown(binding)} to every machine: {trouble}",
                hint="services of one stack reach each other without a published port; who else needs this one?",
                reproduce=f"docker compose ps --format '{{{{.Service}}}} {{{{.Ports}}}}' {quote(binding.service)}",
                shows=f"(0\\.0\\.0\\.0|::|{re.escape(binding.address)}):{binding.host_port}->",
            )
    entries = sorted({shown(binding) for binding in open_ones})
    return passed(f"open to other machines: {', '.join(entries) if entries else 'nothing'}")


def _not_an_entry(binding: Binding, edge: str) -> str:
    if not binding.edge:
        return f"it is not the edge, which is {edge}"
    if binding.speaks is Speaks.SILENCE:
        return "it speaks neither HTTP nor TLS"
    if binding.shared is False:
        return "another program than the web server answers there"
    return f"it shows the server's own state at {binding.state_path}" if binding.state_path else ""


def shown(binding: Binding) -> str:
    return f"{binding.address or '0.0.0.0'}:{binding.host_port}"
