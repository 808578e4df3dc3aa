"""The processes of the stack: whose they are and how they end."""

from __future__ import annotations

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.service import Owned, Owners

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

    It owns every file of the container, and one hole in the kernel or one careless mount away lies your machine.
    """
    workers = [owned for owned in seen if not owned.master]
    rooted = [owned for owned in workers if owned.uid == ROOT]
    if rooted:
        first = rooted[0]
        return failed(
            f"{len(rooted)} of {len(workers)} processes that run the app in {first.service} have the user id {ROOT}: "
            f"{first.program}, process {first.pid}",
            hint="the image, the Compose file and the entry point can each name a user: who has the last word?",
            reproduce=f"docker compose exec {first.service} grep -E '^(Name|Uid)' /proc/{first.pid}/status",
        )
    users = ", ".join(str(uid) for uid in sorted({owned.uid for owned in workers}))
    many = "one process runs" if len(workers) == 1 else f"{len(workers)} processes run"
    return passed(f"{many} the app, as user {users}")
