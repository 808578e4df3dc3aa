"""Scratch: goes into network.py."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.sidedoors import Doors, SideDoors


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
        how = "publishes" if door.published else "is on the host's own network and opens"
        return failed(
            f"{door.service} {how} {door.where}, which leads past the proxy: {what}",
            hint="the proxy reaches the app inside their common network: who else needs to?",
            reproduce=f"curl -si http://{door.where}/ | head -5",
        )
    if not found.doors:
        return passed(f"{found.site} is the only address of this stack")
    others = ", ".join(door.where for door in found.doors)
    declared = any(door.declared for door in found.doors)
    return passed(f"{others}: does not lead to the app" + (", or is declared in grader.toml" if declared else ""))
