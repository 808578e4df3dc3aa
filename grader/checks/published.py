"""Which ports the stack opens to other machines."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.entrance import Speaks
from grader.probes.published import Binding, Bindings, OpenPorts


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
                reproduce=f"docker compose ps --format '{{{{.Service}}}} {{{{.Ports}}}}' {binding.service}",
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
