"""Who listens where, and who can reach it."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.service import Listening, Listens


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
    )


def _from_outside(service: str, port: int) -> str:
    """Connects to the container's own address on its network, as its neighbours would."""
    if not port:
        return f"docker compose exec {service} cat /proc/net/unix"
    code = f"import socket as s; print(s.create_connection((s.gethostname(), {port}), 2))"
    return f'docker compose exec {service} python -c "{code}"'
