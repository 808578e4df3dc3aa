"""The processes of the stack: whose they are and how they end."""

from __future__ import annotations

from shlex import quote

from grader.checks.base import check
from grader.checks.commands import inside
from grader.checks.lifecycle import LONG, STOP_LIMIT, stop
from grader.model import Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.app.lifecycle import KILLED, REAPED, LeaveOrphan, Orphan, Stopping
from grader.probes.app.service import Owned, Owners
from grader.probes.edge.proxy_workers import ProxyProcesses, ProxyWorkers

ROOT = 0


@check(
    "process.app-unprivileged",
    title="The app's code does not run as root",
    rule=f"no process that runs the app's code has the user id {ROOT}",
    weight=Weight.BLOCKER,
    probe=Owners(),
    needs=("stack.app-identity",),
    source="CIS Docker Benchmark 4.1; OWASP Docker Security Cheat Sheet, rule 2",
    fix="the user of the process: image, Compose file and entry point each have a say, and the last one wins",
)
def app_unprivileged(seen: tuple[Owned, ...]) -> Verdict:
    """Whoever finds a hole in the app gets the rights of its process. Root in a container is still root for the kernel.

    It owns every file of the container. From there, one hole in the kernel or one careless mount leads to your machine.
    """
    workers = [owned for owned in seen if not owned.master]
    rooted = [owned for owned in workers if owned.uid == ROOT]
    if rooted:
        first = rooted[0]
        return failed(
            f"{len(rooted)} of {len(workers)} processes that run the app in {first.service} have the user id {ROOT}: "
            f"{first.program}, process {first.pid}",
            hint="the image, the Compose file and the entry point can each name a user: who has the last word?",
            reproduce=f"docker compose top {quote(first.service)}",
            shows="^(root|0) ",
        )
    users = ", ".join(str(uid) for uid in sorted({owned.uid for owned in workers}))
    many = "one process runs" if len(workers) == 1 else f"{len(workers)} processes run"
    return passed(f"{many} the app, as user {users}")


@check(
    "process.proxy-workers-unprivileged",
    title="Proxy worker processes are not root",
    rule=f"No process of the proxy that works for clients has the user id {ROOT}; a master that only starts others may",
    weight=Weight.MAJOR,
    probe=ProxyWorkers(),
    needs=("proxy.proxy-in-front",),
    source="CIS Docker Benchmark 4.1; nginx docs, Core functionality, user",
    fix="look at the user that the proxy gives its workers",
)
def proxy_workers_unprivileged(seen: ProxyProcesses) -> Verdict:
    """The proxy reads what strangers send, so its workers are the first that a hole in it gives away. Only the master
    needs root, to open port 80 and to start workers that cannot."""
    workers = [process for process in seen.processes if not process.master]
    roots = [worker for worker in workers if worker.uid == ROOT]
    masters = {process.service for process in seen.processes if process.master}
    split = next((worker for worker in roots if worker.service in masters), None)
    if split is not None:
        return failed(
            f"{split.name} (process {split.pid} of {split.service}) works for clients as root",
            hint="which user does the configuration give the workers, and what if it names none?",
            reproduce=f"docker compose top {quote(split.service)}; "
            # Of its own name: a health check may run there, too, and as root.
            f"docker compose top {quote(split.service)} | grep -E '^(root|0) ' | grep -cF -e {quote(split.name)}",
            shows="^([2-9]|[1-9][0-9]+)$",
        )
    if roots:
        return passed(f"{roots[0].name} is a single process, and root: allowed, but a user of its own would be better")
    users = ", ".join(f"{worker.name} {worker.pid} is user {worker.uid}" for worker in workers)
    return passed(users or "the proxy has no workers")


@check(
    "process.pid1-stops-on-term",
    title="The app's container stops promptly, by itself",
    rule=f"on `docker compose stop` the app ends within its grace ({STOP_LIMIT} s at most), and the engine need not "
    f"kill it (exit code {KILLED})",
    weight=Weight.MAJOR,
    probe=stop,
    needs=("stack.stack-up",),
    source="Docker docs, docker container stop; signal(7): PID 1 gets only the signals that it handles",
    fix="process 1 of the container: the exec form of CMD, or exec at the end of a start script",
)
def pid1_stops_on_term(seen: Stopping) -> Verdict:
    """The engine asks process 1 to stop and waits. If nothing happens it kills everything at once.

    Every stop then takes the whole grace, and whatever was being done is torn. A shell as process 1 does not pass the
    signal on; a program that has no handler for it ignores it there.
    """
    code, seconds = (seen.idle.exit_code, seen.idle.seconds) if seen.idle else (seen.exit_code, seen.seconds)
    name = quote(seen.service)
    again = f"time docker compose stop {name}; docker compose ps -a {name}; docker compose start {name}"
    if code == KILLED:
        return failed(
            f"process 1 ({seen.pid1}) did not end on {seen.stop_signal}: the engine killed it after {seconds:.1f} s",
            hint="which process is number 1 in the container, and does the signal reach the server?",
            reproduce=again,
            shows=f"Exited \\({KILLED}\\)",
        )
    if seconds > STOP_LIMIT:
        return failed(
            f"the app needed {seconds:.1f} s to stop",
            hint="what does the server wait for when it is told to stop?",
            reproduce=again,
            shows=LONG,
        )
    return passed(f"process 1 ({seen.pid1}) ended {seconds:.1f} s after {seen.stop_signal} with exit code {code}")


@check(
    "process.zombies-reaped",
    title="Orphaned child processes are reaped",
    rule=f"a child that is left to process 1 is gone {REAPED:g} s after it ended",
    weight=Weight.MINOR,
    probe=LeaveOrphan(),
    needs=("stack.stack-up",),
    source="wait(2), Notes: zombies; Compose specification, services: init",
    fix="an init as process 1, or a server that takes note of every child",
)
def zombies_reaped(seen: Orphan) -> Verdict:
    """A process that has ended stays in the table until its parent takes note. Orphans become children of process 1.

    If process 1 takes no note either, they pile up as zombies, until no new process can be started.
    """
    if not seen.state:
        return passed(f"process 1 ({seen.pid1}) took note of the end of a child that was left to it")
    if seen.state != "Z":
        return unknown(Reason.TIMED_OUT, f"the orphan {seen.pid} had not ended {REAPED:g} s after its time")
    return failed(
        f"process {seen.pid}, left to process 1 ({seen.pid1}), has ended and is still there as a zombie",
        hint="does process 1 wait for children that it did not start itself? An init does",
        reproduce=inside(seen.service, "sh -c 'sleep 1 & exit'; sleep 2; ")
        + inside(seen.service, "sh -c 'grep State: /proc/[0-9]*/status'"),
        shows="zombie",
    )
