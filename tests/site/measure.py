"""Records the ladder that the pages show: the solutions of labs 1, 2 and 3, each measured five times.

    flock /tmp/heavy.lock python -m tests.site.measure [RUNS]
    flock /tmp/heavy.lock python -m tests.site.measure workers

The first writes docs/_recorded/measure/ladder.json: the median of each number, and the least that was free of the
machine. The second writes workers.json: one lab 2 with 1, 2, 4 and 8 workers, an endpoint that computes and one that
waits. On control groups of version 1, and as root, stack and generator go before every other program of the machine
when they want a core. `free` is what the control, which goes with them, got of the cores: read it before you commit.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from grader import course, ladder
from grader.catalog import load, root
from grader.checking import Target, open_target
from grader.probes.stage import Load, measured
from grader.stacks.base import Stack
from grader.stacks.dealings import From, Vantage
from grader.stacks.throwaway import Throwaway

RECORDED = root() / "docs/_recorded/measure"
RUNS = 5
WORKERS = (1, 2, 4, 8)
FIRST = Path("/sys/fs/cgroup/cpu/measure")
SHARES = "262144"  # the most there is; 1024 is what everything else has
ENDPOINTS = {"computes": "/", "waits": "/bench/slow?seconds=0.1"}


def in_stack(name: str, lab: str, more: str = "") -> tuple[Throwaway, Target]:
    """A solution laid out in a folder of its own; `more` lines are added to its .env."""
    catalog = load()
    chosen = catalog.lab(lab)
    folder = Path(tempfile.mkdtemp(prefix="measure-")) / chosen.id
    course.start(folder, chosen, course.files(course.layers(root(), catalog, chosen, solution=True)))
    with (folder / ".env").open("a", encoding="utf-8") as file:
        file.write(more)
    return Throwaway(folder, name), Target(chosen, folder, f"compose://{name}")


def rows_of(
    name: str, lab: str, runs: int, loads: Iterable[Load], more: str = ""
) -> tuple[list[ladder.Row], dict[str, object]]:
    """The median row of so many runs of each load on one stack; the version of the generator, and the least free."""
    stack, target = in_stack(name, lab, more)
    medians: list[ladder.Row] = []
    version, least = "", 1.0
    try:
        problem = stack.bring_up(wait=False)  # on a busy machine, a health check may give up before it went first
        if problem:
            raise SystemExit(problem)
        go_first(name)
        wait_ready(stack)
        for what in loads:
            rows: list[ladder.Row] = []
            for _ in range(runs):
                opened = open_target(target)
                try:
                    version = generator(opened)  # it runs from now on
                    go_first(name)
                    rows.append(measured(opened, target.lab.id, what, lambda text: None))
                finally:
                    opened.close()
                least = min(least, rows[-1].free)
                sys.stdout.write(f"{name}: {rows[-1]}\n")
                sys.stdout.flush()
            medians.append(ladder.median(rows))
    finally:
        stack.take_down()
        with suppress(OSError):  # it is not there on control groups of version 2
            FIRST.rmdir()
    return medians, {"generator": version, "least_free": least}


def wait_ready(stack: Throwaway) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            site = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=2)
            site.request("GET", "/", headers={"Host": "localhost"})
            if site.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"{stack.project} does not answer")


def go_first(project: str) -> None:
    """Puts every process of a stack, and of the grader beside it, into a group that goes before all others."""
    if not FIRST.parent.is_dir():
        return
    FIRST.mkdir(exist_ok=True)
    (FIRST / "cpu.shares").write_text(SHARES)
    for label in ("com.docker.compose.project", "grader.project"):
        listed = said("docker", "ps", "--quiet", "--no-trunc", "--filter", f"label={label}={project}")
        for container in listed.split():
            process = said("docker", "inspect", "--format", "{{.State.Pid}}", container)
            groups = [line.split(":", 2) for line in Path(f"/proc/{process}/cgroup").read_text().splitlines()]
            of = next(path for _, names, path in groups if "cpu" in names.split(","))
            procs = FIRST.parent / of.strip("/") / "cgroup.procs"
            while FIRST.name not in of and (pids := procs.read_text().split()):
                for pid in pids:
                    with suppress(OSError):  # it has ended
                        (FIRST / "cgroup.procs").write_text(pid)


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def generator(stack: Stack) -> str:
    network = next(at.network for service in stack.services() if service.running for at in service.networks)
    return str(stack.at(Vantage(From.LOAD, network), "generator"))


def circumstances(facts: list[dict[str, object]]) -> dict[str, object]:
    """What a page says beside the numbers: versions, and how busy the machine was."""
    engine = said("docker", "version", "--format", "{{.Server.Version}}")
    least = min(float(str(fact["least_free"])) for fact in facts)
    noise = {"went_first": FIRST.parent.is_dir(), "load_average": round(os.getloadavg()[0], 1), "least_free": least}
    return {"generator": facts[-1]["generator"], "engine": engine, **noise}


def record_ladder(runs: int) -> None:
    rows, facts = [], []
    for lab in ladder.STAGES:
        got, found = rows_of(f"measure-{lab}", lab, runs, [Load()])
        rows += got
        facts.append(found)
    write("ladder.json", ladder.written(rows, runs=runs, **circumstances(facts)))


def record_workers(runs: int) -> None:
    rows, facts = [], []
    loads = [Load(paths=(path,), seconds=3, trickle=0.0) for path in ENDPOINTS.values()]
    for workers in WORKERS:
        got, found = rows_of("measure-workers", "lab2-gunicorn", runs, loads, f"WEB_CONCURRENCY={workers}\n")
        facts.append(found)
        for (endpoint, path), middle in zip(ENDPOINTS.items(), got, strict=True):
            rows.append(
                {"workers": workers, "endpoint": endpoint, "path": path, **asdict(middle.alone)}
                | {"app_mb": middle.app_mb, "free": middle.free, "at": middle.at, "cores": middle.cores}
            )
    write("workers.json", json.dumps({"runs": runs, **circumstances(facts), "rows": rows}, indent=1) + "\n")


def write(name: str, text: str) -> None:
    RECORDED.mkdir(parents=True, exist_ok=True)
    (RECORDED / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"docs/_recorded/measure/{name}\n")


if __name__ == "__main__":
    words = sys.argv[1:]
    if "workers" in words:
        record_workers(3)
    else:
        record_ladder(int(words[0]) if words else RUNS)
