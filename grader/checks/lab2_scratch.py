"""Checks of lab 2 on their way to process.py, session.py and stack.py."""

from __future__ import annotations

from grader.checks.base import check
from grader.checks.lifecycle import STOP_LIMIT, stop
from grader.model import Reason, Verdict, Weight, failed, passed, skipped, unknown
from grader.probes.headroom import BASELINE_P95, Baseline, Headroom, too_noisy
from grader.probes.left import Left, LeftBehind
from grader.probes.lifecycle import KILLED, REAPED, LeaveOrphan, Orphan, Stopping
from grader.probes.logins import AskEverywhere, Recognised

LEAST, MOST = 24, 60  # questions to /me: at least, and at most until a second process has been seen


@check(
    "process.pid1-stops-on-term",
    title="The app's container stops promptly, by itself",
    rule=f"on `docker compose stop` the app ends within its grace ({STOP_LIMIT} s at most) and the engine need not kill "
    f"it (exit code {KILLED})",
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
    again = f"time docker compose stop {seen.service}; docker compose ps -a {seen.service}"
    if code == KILLED:
        return failed(
            f"process 1 ({seen.pid1}) did not end on {seen.stop_signal}: the engine killed it after {seconds:.1f} s",
            hint="which process is number 1 in the container, and does the signal reach the server?",
            reproduce=again,
        )
    if seconds > STOP_LIMIT:
        return failed(
            f"the app needed {seconds:.1f} s to stop",
            hint="what does the server wait for when it is told to stop?",
            reproduce=again,
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

    If that does not care, they pile up as zombies until no new process can be started.
    """
    if not seen.state:
        return passed(f"process 1 ({seen.pid1}) took note of the end of a child that was left to it")
    if seen.state != "Z":
        return unknown(Reason.TIMED_OUT, f"the orphan {seen.pid} had not ended {REAPED:g} s after its time")
    return failed(
        f"process {seen.pid}, left to process 1 ({seen.pid1}), has ended and is still there as a zombie",
        hint="does process 1 wait for children that it did not start itself? An init does",
        reproduce=f"docker compose exec {seen.service} sh -c 'sleep 1 & exit'; sleep 2; docker compose top {seen.service}",
    )


@check(
    "session.session-across-workers",
    title="A login holds whichever worker answers",
    rule=f"all of {LEAST} to {MOST} replies, several at a time so that several workers answer, know who signed in",
    weight=Weight.MAJOR,
    probe=AskEverywhere(LEAST, MOST),
    needs=("server.concurrent-requests",),
    source="Flask docs, Configuration: SECRET_KEY; Gunicorn docs, Design",
    fix="one key for all workers, made outside of them",
)
def session_across_workers(seen: Recognised) -> Verdict:
    """Each worker is a process of its own. A key that each makes up for itself, or a login kept in its memory, is
    unknown to the others: visitors are signed out at random.
    """
    who = f"{seen.processes} processes" if seen.processes else "the app"
    if seen.known == seen.asked:
        return passed(f"{who} answered {seen.asked} times and knew the visitor each time")
    return failed(
        f"the visitor who had just signed in was unknown in {seen.asked - seen.known} of {seen.asked} replies "
        f"({seen.stranger})",
        hint="where does the key that signs sessions come from, and how often is it made?",
        reproduce=f"curl -sc jar -d 'user=ada&password=pinboard' {seen.site}/login >jar.html; "
        f"for i in $(seq 20); do curl -sb jar {seen.site}/me; done",
    )


@check(
    "session.session-survives-restart",
    title="A login survives a restart of the app",
    rule="a cookie from before a stop and start of the app is still good afterwards",
    weight=Weight.MAJOR,
    probe=stop,
    needs=("session.session-across-workers",),
    source="Flask docs, Configuration: SECRET_KEY; The Twelve-Factor App, VI Processes",
    fix="a key that is made once for each deployment, not at each start",
)
def session_survives_restart(seen: Stopping) -> Verdict:
    """A release, a crash, a reboot: the app starts often. A key that is made up at each start signs everybody out."""
    login = seen.session
    if login.ephemeral:
        return skipped("grader.toml says that logins are not meant to survive a restart")
    if login.why_not:
        return skipped(login.why_not)
    if not seen.back:
        return unknown(Reason.TIMED_OUT, "the site did not answer again after the app was stopped and started")
    if not login.before:
        return unknown(Reason.UNREACHABLE, "the login was not known before the restart either")
    if login.after:
        return passed("the login from before the restart is still known")
    return failed(
        "the visitor who had signed in before the app was stopped and started is unknown afterwards",
        hint="when is the key made that signs sessions, and where is it kept?",
        reproduce=f"curl -sc jar -d 'user=ada&password=pinboard' {seen.site}/login >jar.html; curl -sb jar {seen.site}/me; "
        f"docker compose restart {seen.service}; sleep 5; curl -sb jar {seen.site}/me",
    )


@check(
    "stack.host-headroom",
    title="This machine is quiet enough to judge times",
    rule=f"95 of 100 round trips to a stub of the grader's own take less than {BASELINE_P95 * 1000:.0f} ms",
    weight=Weight.GUARD,
    probe=Headroom(),
    source="Google, Site Reliability Engineering, ch. 6 Monitoring Distributed Systems",
    fix="close what else runs on this machine and check again",
)
def host_headroom(baseline: Baseline) -> Verdict:
    """A slow answer may be the fault of your stack or of a busy machine. So the grader times a server of its own, too.

    When even that one is slow, nothing that was timed counts against you.
    """
    return too_noisy(baseline) if baseline.noisy else passed(baseline.seen)


@check(
    "stack.stack-left-as-found",
    title="Grading leaves the stack as it found it",
    rule="containers, their states, restart policies, networks and mounts are as before; no process stands still; "
    "nothing of the grader's own is left",
    weight=Weight.GUARD,
    probe=LeftBehind(),
    source="this course",
    fix="grader repair",
)
def stack_left_as_found(left: Left) -> Verdict:
    """Some checks kill, freeze and stop things. All of that is undone, and this check looks whether it was."""
    problems = (
        *left.changed,
        *(f"{process} stands still" for process in left.stopped),
        *(f"{name} is the grader's own and still there" for name in left.leftovers),
    )
    if not problems:
        return passed("everything is as it was, and nothing of the grader's own is left")
    return failed(
        "; ".join(problems),
        hint="this is the grader's fault, not yours: grader repair mends it, docker compose up -d does too",
        reproduce="docker compose ps -a; docker ps -a --filter label=grader=1",
    )
