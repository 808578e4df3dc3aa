"""The workers: killed, hung or worn out, they are replaced while the others go on."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.commands import containers, inside, status
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.fault import Hang, HangWorker, KillWorker, Respawn
from grader.probes.app.workers import Recycling, WearOut

REPLACED_WITHIN = 5.0  # seconds
RESTARTED_WITHIN = 10.0  # seconds, where the engine must start the whole service again
LOST_WITH_A_WORKER = 1  # the request that it was working on
HUNG_WITHIN = 35.0  # seconds: Gunicorn's default timeout of 30, and the time to act on it
EACH = 500  # requests after which a worker must be replaced …
JITTER = 50  # … and how much later it may be, so that not all end together
MOST = 5_000  # requests that the grader sends at most, however many workers there are
AT_ONCE = 8


@check(
    "workers.worker-respawn",
    title="A killed worker is replaced",
    rule=f"within {REPLACED_WITHIN:g} s of a worker's death a new one answers, and at most {LOST_WITH_A_WORKER} "
    f"request fails; where one process does all the work, the site answers again within {RESTARTED_WITHIN:g} s",
    weight=Weight.BLOCKER,
    probe=KillWorker(REPLACED_WITHIN, RESTARTED_WITHIN),
    needs=("server.concurrent-requests",),
    source="Gunicorn docs, Design: Server Model; Docker docs, Start containers automatically",
    fix="a master that watches its workers, or a restart policy for the service",
)
def worker_respawn(seen: Respawn) -> Verdict:
    """Processes die: of a bug in a library, of too much memory, of a bad day. Nobody is awake to start them again.

    A server with a master replaces a dead worker in a moment. A single process needs somebody outside who does.
    """
    if seen.only_one:
        return _restarted(seen)
    again = _signalled(seen.service, seen.master, f"kill -KILL $w; sleep {REPLACED_WITHIN:.0f}; wc -w <children")
    if not seen.refilled:
        return failed(
            f"worker {seen.killed} was killed and not replaced within {REPLACED_WITHIN:.0f} s",
            hint="who is the parent of the workers, and does it watch them?",
            reproduce=again,
            shows=f"^{seen.workers - 1}$",
        )
    if seen.back is None:
        return failed(
            f"worker {seen.killed} was replaced, but no new worker answered within {REPLACED_WITHIN:.0f} s",
            hint="what do new workers do when they start? The log says it: docker compose logs --tail 60",
            reproduce=f"{again}; docker compose logs --tail 60 {quote(seen.service)}",
            shows=NotShown("which worker answers is for the kernel to say: it takes many requests to meet the new one"),
        )
    if seen.load.failed > LOST_WITH_A_WORKER:
        return failed(
            f"one of {seen.workers} workers was killed and {seen.load.failed} of {seen.load.sent} requests failed, "
            f"{seen.load.first}",
            hint="the other workers should have answered: are there others, and do they share the socket?",
            reproduce=again,
            shows=NotShown("it takes requests under way at the very moment when the worker dies"),
        )
    return passed(
        f"{_one_of(seen.workers)} was killed; a new one answered after {seen.back:.2f} s, "
        f"{seen.load.failed} of {seen.load.sent} requests failed"
    )


def _restarted(seen: Respawn) -> Verdict:
    if seen.back is not None:
        return passed(f"the only process was killed; the service came back and answered after {seen.back:.1f} s")
    return failed(
        f"the only process of {seen.service} was killed, and {RESTARTED_WITHIN:.0f} s later the service was "
        f"{'down' if seen.ended else 'silent'} (restart policy: {seen.restart_policy})",
        hint="nothing in the container could replace it, and nobody outside did: what is a restart policy?",
        reproduce="docker inspect -f '{{json .HostConfig.RestartPolicy}}' " + containers(seen.service, stopped=True),
        shows='"Name":"(no)?"'
        if seen.restart_policy in ("", "no")
        else NotShown("process 1 can be made to crash only from outside of its container, as root of this machine"),
    )


def _one_of(workers: int) -> str:
    return f"one of {workers} workers" if workers > 1 else "the only worker"


def _signalled(service: str, master: int, do: str) -> str:
    """Shows how many workers there are, and does something with the first of them, `$w`."""
    where = f"cd /proc/{master}/task/{master}"
    return inside(service, f"sh -c '{where}; wc -w <children; read w more <children; {do}'")


@check(
    "workers.hung-worker-replaced",
    title="A hung worker is found out and replaced",
    rule=f"a worker that stands still is replaced within {HUNG_WITHIN:g} s, and the others go on answering",
    weight=Weight.MAJOR,
    probe=HangWorker(HUNG_WITHIN),
    needs=("workers.worker-respawn",),
    source="Gunicorn docs, Settings: timeout",
    fix="the time after which the master gives up on a silent worker",
)
def hung_worker_replaced(seen: Hang) -> Verdict:
    """A hung worker is worse than a dead one: it holds its place and serves nobody, and no exit code tells you.

    Only somebody who waits for a sign of life, and not for ever, finds out.
    """
    wait = f"kill -STOP $w; sleep {seen.limit:.0f}"
    if seen.gone is None:
        return failed(
            f"worker {seen.stopped} stood still and was still there after {seen.limit:.0f} s",
            hint="after how many seconds of silence does the master replace a worker? 0 means never",
            reproduce=_signalled(
                seen.service, seen.master, f"{wait}; [ -d /proc/$w ] && echo $w is still there; kill -CONT $w"
            ),
            shows="is still there",
        )
    if not seen.refilled:
        return failed(
            f"the hung worker {seen.stopped} was killed after {seen.gone:.0f} s, and nobody took its place",
            hint="who starts new workers? docker compose logs --tail 60",
            reproduce=_signalled(seen.service, seen.master, f"{wait}; wc -w <children"),
            shows=f"^{seen.workers - 1}$",
        )
    if seen.workers > 1 and seen.load.failed > LOST_WITH_A_WORKER:
        return failed(
            f"while one of {seen.workers} workers stood still, {seen.load.failed} of {seen.load.sent} requests failed, "
            f"{seen.load.first}",
            hint="the other workers should have answered: do they share one socket?",
            reproduce=_signalled(seen.service, seen.master, f"{wait}; wc -w <children"),
            shows=NotShown("which worker gets a request is for the kernel to say: it takes many to meet the one"),
        )
    return passed(
        f"{_one_of(seen.workers)} stood still and was replaced after {seen.gone:.1f} s, {seen.load.failed} of "
        f"{seen.load.sent} requests failed meanwhile"
    )


@check(
    "workers.worker-recycling",
    title="Workers are replaced after a bounded number of requests",
    rule=f"after {EACH} requests to each worker (and {JITTER} more, so that not all end together) one has been "
    f"replaced, {MOST} requests at most, and no request fails",
    weight=Weight.MINOR,
    probe=WearOut(EACH + JITTER, MOST, AT_ONCE),
    needs=("workers.worker-respawn",),
    source="Gunicorn docs, Settings: max_requests, max_requests_jitter",
    fix="Gunicorn's max_requests, with max_requests_jitter",
)
def worker_recycling(seen: Recycling) -> Verdict:
    """Small leaks are everywhere: a cache without end, a library that forgets to free. In weeks they fill the memory.

    A worker that ends after so many requests takes its leaks along. The visitor notices nothing.
    """
    pids = inside(seen.service, f"cat /proc/{seen.master}/task/{seen.master}/children")
    codes = f"{status(f'{seen.site}/healthz?[1-{seen.sent}]')} | sort | uniq -c"
    again = f"p() {{ {pids}; }}; a=$(p); echo $a; {codes}; b=$(p); echo $b; "
    if seen.failed:
        return failed(
            f"{seen.failed} of {seen.sent} requests failed while workers were replaced, the first with {seen.first}",
            hint="how long may a worker that ends take to finish its requests?",
            reproduce=codes,
            shows=" [05][0-9][0-9]$",
        )
    if not seen.refilled:
        return failed(
            f"{seen.replaced} of {seen.workers} workers ended during {seen.sent} requests, and nobody took their place",
            hint="who starts new workers? docker compose logs --tail 60",
            reproduce=again + "sleep 5; [ $(p | wc -w) -lt $(echo $a | wc -w) ] && echo fewer than before",
            shows="fewer than before",
        )
    if not seen.replaced and seen.sent < seen.wanted:
        return unknown(
            Reason.TIMED_OUT,
            f"only {seen.sent} of {seen.wanted} requests were answered in {seen.seconds:.0f} s, which wore nobody out",
            hint="close what else runs on this machine and check again",
        )
    if not seen.replaced:
        return failed(
            f"{seen.sent} requests were answered by the same {seen.workers} processes: none was replaced",
            hint=f"after how many requests does a worker end? {EACH} each are sent; Gunicorn's default is never",
            reproduce=again + '[ "$a" = "$b" ] && echo the same workers',
            shows="the same workers",
        )
    return passed(f"{seen.replaced} of {seen.workers} workers were replaced during {seen.sent} requests; none failed")
