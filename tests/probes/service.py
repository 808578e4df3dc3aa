"""A service as its backend might know it, and processes in it."""

from __future__ import annotations

from grader.stacks.values import Attached, Process, ServiceFacts, State

GUNICORN = ("python3", "gunicorn", "wsgi:app")
SERVICE = ServiceFacts(
    id="c0ffee",
    service="app",
    name="lab-app-1",
    hostname="c0ffee",
    state=State.RUNNING,
    exit_code=0,
    restarts=0,
    oom_killed=False,
    started=1000.0,
    health="",
    restart_policy="unless-stopped",
    user="",
    argv=("gunicorn",),
    image="sha256:0",
    image_name="app",
    stop_signal="SIGTERM",
    stop_grace=10,
    network_mode="lab_default",
    published=(),
    networks=(Attached("lab_default", "172.18.0.2", "172.18.0.1"),),
    mounts=(),
    memory_limit=0,
    pids_limit=0,
    init=False,
    read_only=False,
    privileged=False,
    environment=(),
    labels=(),
    one_shot=False,
)


def process(
    pid: int, ppid: int = 1, *, started: int = 0, state: str = "S", argv: tuple[str, ...] = GUNICORN
) -> Process:
    """A process that was started at a time of its own, if no other is given."""
    return Process(pid, ppid, state, 1, started or pid, 10001, argv[-1].split(":")[0], argv)
