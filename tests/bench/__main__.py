"""Runs the bench and prints one table. Figures are medians; a ratio compares times of the same run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from grader import course
from grader.catalog import load, root
from grader.plan import Options, plan
from grader.probes.app import server
from grader.probes.app.server import SlowAtOnce
from grader.probes.edge import slow_clients
from grader.probes.edge.slow_clients import SlowClients
from grader.probes.stack import headroom
from grader.probes.stack.headroom import Headroom
from grader.probes.tls.handshake import lenient, shake
from grader.stacks.dealings import Address
from grader.stacks.facts import epoch
from grader.stacks.throwaway import Throwaway, free_port
from tests.bench import facts, observatory, tls
from tests.labs.conftest import docker
from tests.labs.conftest import memory as memory_of
from tests.site import scored

# The windows of the timed probes of a quick run; they are asked one after the other.
WINDOWS: dict[type, float] = {SlowAtOnce: server.SLOW, SlowClients: slow_clients.HOLD, Headroom: headroom.SLEEP}
HOST, WITH_INTERMEDIATE = "pinboard.localhost", 2  # certificates of a chain that an authority has signed
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
GRADER = Path(sys.executable).with_name("grader")


def main() -> None:
    rows: list[tuple[str, str, str]] = []
    rows += start_up()
    for lab, limits in (
        ("lab1", {"full": 12.0}),
        ("lab2", {"full": 30.0}),
        ("lab3", {"quick": 12.0, "full": 45.0}),
        ("lab4", {"full": 40.0}),
        ("lab5", {"full": 12.0}),
        ("lab6", {"full": 90.0}),
    ):
        with Solved(lab) as solved:
            if lab == "lab3":
                rows += [*compared(solved), first_line(solved), memory(solved)]
            rows += [checked(solved, kind, limit) for kind, limit in limits.items()]
            rows += waiting(lab) if lab == "lab3" else []
            rows += [first_certificate(solved)] if lab == "lab4" else []
            rows += [stack_memory(solved)] if lab == "lab6" else []
    rows += [*tls.rows(), *observatory.rows(), *scored.rows(RUNS)]
    rows.append(learned())
    for what, figure, note in rows:
        sys.stdout.write(f"{what:<50} {figure:>10}  {note}\n")


class Solved:
    """The reference solution of a lab as a stack of its own; `folder` is its workspace."""

    def __init__(self, lab: str) -> None:
        self.lab = load().lab(lab)
        self._temporary = tempfile.TemporaryDirectory(prefix="bench-")
        self.folder = Path(self._temporary.name).resolve() / self.lab.id
        self.stack = Throwaway(self.folder, f"bench-{self.lab.id}")

    def __enter__(self) -> Solved:
        wanted = course.files(course.layers(root(), load(), self.lab, solution=True))
        course.start(self.folder, self.lab, wanted)
        problem = self.stack.bring_up()
        if problem:
            raise SystemExit(f"{self.lab.id}: {problem}")
        return self

    def __exit__(self, *trouble: object) -> None:
        self.stack.take_down()
        self._temporary.cleanup()

    def container(self, service: str) -> str:
        return self.stack.compose("ps", "--quiet", service).stdout.decode().strip()


def compared(solved: Solved) -> list[tuple[str, str, str]]:
    """The same facts three ways; all have to agree before a time counts."""
    app, proxy, port = solved.container("app"), solved.container("proxy"), solved.stack.port
    ways: dict[str, Callable[[], facts.Answers]] = {
        "ours": lambda: facts.of_ours(solved.stack.project, port),
        "testinfra": lambda: facts.of_testinfra(app, proxy),
    }
    goss = os.environ.get("GOSS", "")
    if goss:
        for container in (app, proxy):
            subprocess.run(
                ["docker", "cp", goss, f"{container}:/tmp/{Path(goss).name}"], check=True, capture_output=True
            )
        ways["goss"] = lambda: facts.of_goss(Path(goss), solved.stack.project, app, proxy, port)
    times: dict[str, float] = {}
    for name, ask in ways.items():
        wrong = [fact for fact, holds in ask().items() if not holds]
        if wrong:
            raise SystemExit(f"{name} does not agree: {', '.join(wrong)}")
        times[name] = median(ask)
    count = len(facts.FACTS)
    rows = []
    for name, seconds in times.items():
        ratio = (
            f"ours takes {times['ours'] / seconds:.2f} of its time" if name != "ours" else "from connecting to closing"
        )
        rows.append((f"{count} facts, {name}, a fact", f"{seconds / count:.4f} s", f"{ratio} (medians of {RUNS})"))
    if not goss:
        rows.append((f"{count} facts, goss", "-", "not measured: GOSS=/path/to/goss names the program"))
    return rows


def checked(solved: Solved, kind: str, limit: float) -> tuple[str, str, str]:
    """`grader check`, as a learner runs it."""
    words = ["--quick"] if kind == "quick" else ["--yes"]  # the command that renews a certificate is our own

    def check() -> None:
        done = grader(["check", solved.lab.id, *words], solved.folder)
        if done.returncode:
            raise SystemExit(done.stdout.decode())

    return (f"check {solved.lab.id} ({kind})", f"{median(check):.1f} s", f"at most {limit:g} s wanted")


def waiting(lab: str) -> list[tuple[str, str, str]]:
    """How much of a quick run is waiting that belongs to the questions themselves: they are about time."""
    catalog = load()
    probes = {check.probe for check in plan(catalog, catalog.lab(lab), Options(quick=True)).asked}
    windows = sum(WINDOWS.get(type(probe), 0.0) for probe in probes)
    note = "three requests of a second at once, three crowds of slow clients, the control's sleep"
    return [(f"  of which waiting that a question is about ({lab})", f"{windows:.1f} s", note)]


def first_certificate(solved: Solved) -> tuple[str, str, str]:
    """From nothing: no volume, no key, no account. Until a visitor's handshake shows the authority's certificate."""
    times = []
    for _ in range(RUNS):
        solved.stack.compose("down", "--volumes", "--timeout", "1")
        solved.stack.compose("up", "--detach")
        begun = epoch(docker("inspect", "--format", "{{.State.StartedAt}}", solved.container("certbot")))
        place = Address("127.0.0.1", solved.stack.tls_port, tls=HOST)
        while len(shake(place, lenient()).chain) < WITH_INTERMEDIATE:
            time.sleep(0.1)
        times.append(time.time() - begun)
    note = "from certbot's start to a handshake with its chain; at most 10 s wanted"
    return ("first certificate", f"{statistics.median(times):.1f} s", note)


def stack_memory(solved: Solved) -> tuple[str, str, str]:
    """What the containers of a stack that has just been checked hold, without the page cache."""
    held = sum(memory_of(solved.stack).values()) / 1e6
    return (f"memory of the stack of {solved.lab.id}", f"{held:.0f} MB", "at most 400 MB wanted")


def start_up() -> list[tuple[str, str, str]]:
    shown = median(lambda: grader(["--help"], root()))
    return [("grader --help", f"{shown:.2f} s", "at most 0.3 s wanted")]


def first_line(solved: Solved) -> tuple[str, str, str]:
    times: list[float] = []
    for _ in range(RUNS):
        begun = time.monotonic()
        command = [str(GRADER), "check", solved.lab.id, "--quick", "--only", "stack.edge-reachable"]
        with subprocess.Popen(command, cwd=solved.folder, stdout=subprocess.PIPE) as run:
            assert run.stdout is not None
            run.stdout.readline()
            times.append(time.monotonic() - begun)
            run.stdout.read()
    return ("check, first line on screen", f"{statistics.median(times):.2f} s", "at most 0.5 s wanted")


def memory(solved: Solved) -> tuple[str, str, str]:
    run = subprocess.Popen([GRADER, "check", solved.lab.id], cwd=solved.folder, stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(run.pid, 0)
    return (f"peak memory of check {solved.lab.id}", f"{used.ru_maxrss / 1024:.0f} MB", "at most 120 MB wanted")


def learned() -> tuple[str, str, str]:
    """`make learn` in a fresh clone on a machine that has the images, until the report stands."""

    def learn() -> None:
        with tempfile.TemporaryDirectory(prefix="bench-learn-") as folder:
            clone = Path(folder) / "course"
            subprocess.run(["git", "clone", "--quiet", str(root()), str(clone)], check=True)
            begun = time.monotonic()
            done = subprocess.run(
                ["make", "learn", "SERVE=0", f"PINBOARD_PORT={free_port()}"],
                cwd=clone,
                env={**os.environ, "COMPOSE_PROJECT_NAME": "bench-learn"},
                capture_output=True,
                check=False,
            )
            spent.append(time.monotonic() - begun)
            Throwaway(clone / "work" / "lab1-flask-run", "bench-learn").take_down()
            if done.returncode:
                raise SystemExit((done.stdout + done.stderr).decode())

    spent: list[float] = []
    for _ in range(RUNS):
        learn()
    note = "from a fresh clone to the report, .venv and the lab's image made anew; at most 60 s wanted"
    return ("make learn", f"{statistics.median(spent):.0f} s", note)


def grader(words: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([GRADER, *words], cwd=folder, capture_output=True, check=False)


def median(action: Callable[[], object]) -> float:
    """Median of RUNS times, in seconds."""
    times = []
    for _ in range(RUNS):
        begun = time.monotonic()
        action()
        times.append(time.monotonic() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    main()
