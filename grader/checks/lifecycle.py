"""Reloads, stops and crashes: what is under way is finished, and what died comes back."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.commands import containers, inside, status
from grader.model import NotShown, Verdict, Weight, failed, passed, skipped
from grader.probes.app.lifecycle import KILLED, RELOADS, SLOW, Reloaded, ReloadUnderLoad, Stopping, StopUnderWay
from grader.probes.load import Loaded
from grader.probes.stack.crash import CrashEach, Crashes
from grader.probes.topology import needs_bench

RELOADED_WITHIN = 10.0  # seconds
BACK_WITHIN = 15.0  # seconds
STOP_LIMIT = 10  # seconds: the engine's own grace, and the most that the grader waits

LONG = r"real\s+([1-9]\d*m|0m[1-9]\d)"  # what `time` says of ten seconds and more

stop = StopUnderWay(STOP_LIMIT)  # one stop serves several checks


@check(
    "lifecycle.reload-zero-fail",
    title="A reload under load loses nothing",
    rule=f"after SIGHUP to PID 1, all workers are new within {RELOADED_WITHIN:g} s and no request fails, "
    f"{RELOADS} times in a row",
    weight=Weight.MAJOR,
    probe=ReloadUnderLoad(RELOADED_WITHIN),
    needs=("workers.worker-respawn",),
    source="Gunicorn docs, Signal Handling: Reload the configuration",
    fix="what PID 1 of the container does with SIGHUP",
)
def reload_zero_fail(seen: Reloaded) -> Verdict:
    """New settings should not need a quiet hour. On a reload old workers finish what they are at, new ones take over.

    The signal goes to process 1 of the container: whatever sits there must pass it on to the server.
    """
    again = inside(seen.service, "sh -c 'kill -HUP 1'")
    ages = f"docker top {containers(seen.service)} -eo etimes,pid,args"  # in whole seconds: hence 5 and 8 below
    bad = next((load for load in (seen.load, seen.slow) if load is not None and load.failed), None)
    if seen.restarted:
        return failed(
            f"SIGHUP to process 1 ({seen.pid1}) ended {seen.service} as a whole" + (_lost(bad) if bad else ""),
            hint="which process is number 1 in the container, and what does SIGHUP mean to it?",
            reproduce=f"{again}; sleep 3; docker compose ps -a {quote(seen.service)}",
            shows="Exited|Restarting|Up (Less|[1-3] sec)",
        )
    if seen.survivors or not seen.newcomers:
        return failed(
            f"after SIGHUP to process 1 ({seen.pid1}), {seen.survivors} of {seen.workers} workers were still old ones",
            hint="which process is number 1 in the container? Does it pass signals on to the server?",
            reproduce=f"{again}; sleep 5; {ages}; {ages} | awk '$1 < 8' | wc -l",
            shows="^0$",
        )
    if bad:
        return failed(
            f"all {seen.workers} workers were replaced" + _lost(bad),
            hint="how long do old workers get to finish their requests?",
            reproduce=again,
            shows=NotShown("it takes many requests under way at the very moment of the reload"),
        )
    total = seen.load.sent + (seen.slow.sent if seen.slow else 0)
    return passed(f"{seen.reloads} times all workers were replaced, and all {total} requests were answered")


def _lost(load: Loaded) -> str:
    return f", and {load.failed} of {load.sent} requests failed, {load.first}"


@check(
    "lifecycle.graceful-stop",
    title="Requests under way are finished when the app is stopped",
    rule=f"a request of {SLOW:g} s that is under way at the stop is answered with 200, and the app ends by itself "
    f"within {STOP_LIMIT} s",
    weight=Weight.BLOCKER,
    probe=stop,
    needs=("process.pid1-stops-on-term",),
    source="Gunicorn docs, Signal Handling; The Twelve-Factor App, IX Disposability",
    fix="the way from the engine's stop signal to the server: every process on it must pass it on and wait",
)
def graceful_stop(seen: Stopping) -> Verdict:
    """Every deployment stops the old app. Whoever has just sent an order or a long form should still get an answer.

    Neither the exit code nor the speed is enough to judge by: a server that drops everything stops fastest of all.
    """
    if seen.request is None:
        return skipped(str(needs_bench("an endpoint that is slow")))
    name = quote(seen.service)
    then = f"docker compose ps -a {name}; docker compose start {name}"
    again = f"{status(seen.site + seen.request.path, '-X POST')} & sleep 1; docker compose stop {name}; {then}"
    how = f"{seen.service} stopped after {seen.seconds:.1f} s with exit code {seen.exit_code}"
    if seen.request.status != 200:
        return failed(
            f"a request of {SLOW:g} s was under way at the stop and ended with: {seen.request.seen}; {how}",
            hint="who gets the stop signal first, and does it wait for the server to finish?",
            reproduce=again,
            shows=f"^{seen.request.status:03}$",
        )
    if seen.exit_code == KILLED:
        return failed(
            f"the request under way was answered, but the engine had to kill {seen.service} after {seen.seconds:.1f} s",
            hint=f"it had {seen.grace} s of grace: is that longer than requests may take?",
            reproduce=again,
            shows=f"Exited \\({KILLED}\\)",
        )
    if seen.seconds > STOP_LIMIT:
        return failed(
            f"the request under way was answered, but {how}",
            hint="what does the server wait for after the last request?",
            reproduce=f"{status(seen.site + seen.request.path, '-X POST')} & sleep 1; time docker compose stop {name}; "
            + then,
            shows=LONG,
        )
    return passed(f"the request under way was answered with 200; {how}")


@check(
    "lifecycle.restart-after-crash",
    title="A service that crashes as a whole comes back by itself",
    rule=f"after SIGKILL to the first process of the app, and then of the entrance, that service runs again and the "
    f"site answers within {BACK_WITHIN:g} s",
    weight=Weight.BLOCKER,
    probe=CrashEach(BACK_WITHIN),
    needs=("stack.edge-reachable",),
    source="Docker docs, Start containers automatically; CIS Docker Benchmark, 5.15",
    fix="the restart policy of each service in compose.yaml",
    deep=True,
)
def restart_after_crash(seen: Crashes) -> Verdict:
    """A master replaces its workers. Nobody in the container replaces the master: when it ends, the container ends.

    The kernel kills it when memory runs out, or it falls over a bug. Then only the engine helps, and it must be told.
    """
    bad = next((one for one in seen.services if one.back is None), None)
    if bad is None:
        back = ", ".join(f"{one.service} after {one.back:.1f} s" for one in seen.services)
        return passed(f"each was killed as a whole and came back: {back}")
    crash = f"docker inspect -f '{{{{.State.Pid}}}}' {containers(bad.service)}"
    again = f'docker run --rm --pid=host python:3.13-slim sh -c "kill -9 $({crash})"; sleep {BACK_WITHIN:.0f}'
    if not bad.up:
        return failed(
            f"{bad.service} was killed as a whole, and {BACK_WITHIN:.0f} s later it was {bad.state} "
            f"(restart policy: {bad.restart_policy or 'no'})",
            hint="nothing in the container can start it again: who outside of it could, and was it told to?",
            reproduce=f"{again}; docker compose ps -a {quote(bad.service)}; docker compose start {quote(bad.service)}",
            shows="Exited|Restarting|Dead",
        )
    return failed(
        f"{bad.service} was killed as a whole and started again, and {BACK_WITHIN:.0f} s later the site did not answer",
        hint=f"what does it miss that its first start had? docker compose logs --tail 60 {quote(bad.service)}",
        reproduce=f"{again}; {status(seen.site + '/healthz')}",
        shows="^(000|5..)$",
    )
