"""Two pages that machines ask for: "restart me", which asks nobody else, and "send nobody", which does."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.commands import python
from grader.model import Verdict, Weight, failed, passed
from grader.probes.app.outage import Reply
from grader.probes.monitoring.dependency import ALIVE, READY, Leaned, StopDependency
from grader.probes.stack.headroom import too_noisy

RED_WITHIN = 5.0  # seconds until the app says that it is not ready
GREEN_WITHIN = 15.0  # seconds until it is ready again
ANSWER_WITHIN = 3.0  # seconds of each answer to READY
ALIVE_WITHIN = 1.0  # seconds of each answer to ALIVE


@check(
    "health.readyz-reflects-dependency",
    title="Readiness turns red when the backing service is down",
    rule=f"{READY} is no success within {RED_WITHIN:g} s after the service that the app depends on was stopped, and "
    f"one again within {GREEN_WITHIN:g} s after it is back; each answer takes at most {ANSWER_WITHIN:g} s",
    weight=Weight.MAJOR,
    probe=StopDependency(RED_WITHIN, GREEN_WITHIN),
    needs=("stack.contract-endpoints",),
    source="Google SRE book, Monitoring Distributed Systems; Docker docs, HEALTHCHECK",
    fix="ask the backing service for a sign of life, with a timeout of a second",
)
def readyz_reflects_dependency(seen: Leaned) -> Verdict:
    """Ready means: send visitors here, they will be served. That is not so while the app's database or cache is gone.

    A page that always says yes is worse than none, because somebody believes it.
    """
    names = " ".join(seen.dependencies)
    services = " ".join(map(quote, seen.dependencies))
    page = _asked(seen, READY)
    stop, start = f"docker compose stop {services}", f"docker compose start {services}"
    down = f"{stop}; sleep {RED_WITHIN:g}; {page}; {start}"
    if not 200 <= seen.before.status < 300:
        return failed(
            f"{READY} answered {seen.before.seen} to begin with, while {names} was up",
            hint="what does the app miss?",
            reproduce=page,
            shows=_answered(seen.before),
        )
    late = seen.slowest.seconds > ANSWER_WITHIN or not seen.slowest.status
    if late and seen.baseline and seen.baseline.noisy:
        return too_noisy(seen.baseline)
    if late:
        return failed(
            f"with {names} stopped, {READY} answered {seen.slowest.seen}; {ANSWER_WITHIN:g} s is the limit",
            hint="how long does your client try to connect, and how often?",
            reproduce=down,
            shows=f"Error|^[0-9]+ after ([{ANSWER_WITHIN:.0f}-9]|[1-9][0-9])",
        )
    if seen.red < 0:
        return failed(
            f"{RED_WITHIN:g} s after {names} was stopped, {READY} still answered {seen.last.seen}",
            hint=f"whom does {READY} ask before it answers? grader.toml can name another service (dependency)",
            reproduce=down,
            shows=_answered(seen.last),
        )
    if seen.green < 0:
        return failed(
            f"{GREEN_WITHIN:g} s after {names} was back, {READY} still answered {seen.after.seen}",
            hint="does your client notice that its connection is dead, and make a new one?",
            reproduce=f"{stop}; {page} >/dev/null; {start}; sleep {GREEN_WITHIN:g}; {page}",
            shows=_answered(seen.after),
        )
    return passed(
        f"{names} stopped: {READY} answered {seen.last.status} after {seen.red:.1f} s; back: {seen.after.status} after "
        f"{seen.green:.1f} s"
    )


@check(
    "health.liveness-shallow",
    title="Liveness does not depend on backing services",
    rule=f"while the service that the app depends on is stopped, {ALIVE} answers 200 within {ALIVE_WITHIN:g} s",
    weight=Weight.MINOR,
    probe=StopDependency(RED_WITHIN, GREEN_WITHIN),
    needs=("health.readyz-reflects-dependency",),
    source="Kubernetes docs, Liveness, Readiness and Startup Probes; Google SRE book, Addressing Cascading Failures",
    fix=f"{ALIVE} that asks nobody else, and {READY} that does",
)
def liveness_shallow(seen: Leaned) -> Verdict:
    """A platform that sees "not alive" restarts the app. While the database is away, that heals nothing: all copies of
    the app are restarted again and again, and the database comes back to a crowd of newcomers."""
    names = " ".join(seen.dependencies)
    services = " ".join(map(quote, seen.dependencies))
    if seen.baseline and seen.baseline.noisy and all(reply.status in (0, 200) for reply in seen.alive):
        return too_noisy(seen.baseline)
    for reply in seen.alive:
        if reply.status != 200 or reply.seconds > ALIVE_WITHIN:
            return failed(
                f"with {names} stopped, {ALIVE} answered {reply.seen}",
                hint="would a restart of the app bring that service back?",
                reproduce=f"docker compose stop {services}; {_asked(seen, ALIVE)}; docker compose start {services}",
                shows=_answered(reply) if reply.status != 200 else "^200 after [1-9]",
            )
    slowest = max(reply.seconds for reply in seen.alive)
    return passed(f"with {names} stopped, {ALIVE} answered 200 {len(seen.alive)} times, within {slowest:.2f} s")


def _asked(seen: Leaned, path: str) -> str:
    """Shows the status of a page of the app and how long it took, from inside the app."""
    return python(
        seen.service,
        "import http.client as h, time; t = time.time(); "
        f"c = h.HTTPConnection('127.0.0.1', {seen.port}, timeout=20); c.request('GET', '{path}'); "
        "print(c.getresponse().status, 'after', time.time() - t)",
    )


def _answered(reply: Reply) -> str:
    return f"^{reply.status} " if reply.status else "Error"
