"""The guards of every run: a busy machine is nobody's failure, and what grading leaves behind is the grader's own."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import NotShown, Reason, Verdict, Weight, failed, passed, unknown
from grader.probes.stack.headroom import BASELINE_P95, Baseline, Headroom, too_noisy
from grader.probes.stack.left import Left, LeftBehind


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
    if left.others and not problems:
        return unknown(
            Reason.UNREACHABLE,
            f"while the grader looked, somebody else changed the stack: {'; '.join(left.others)}. "
            "What is said above may be true of a part of that time only",
            hint="grader check, when nobody else starts or stops it",
        )
    if not problems:
        return passed("everything is as it was, and nothing of the grader's own is left")
    return failed(
        "; ".join(problems),
        hint="this is the grader's fault, not yours: grader repair mends it, docker compose up -d does too"
        if left.changed or left.stopped
        else f"docker rm --force {' '.join(left.leftovers)}; if the engine cannot, end the stack first",
        reproduce="docker compose ps -a; docker ps -a --filter label=grader=1",
        shows=NotShown("how the stack was before is known to the grader only"),
    )
