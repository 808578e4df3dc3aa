"""Measures on real stacks what the worker simulator is judged by.

    python -m tests.site.simulated measure [SETTING ...]   # writes docs/_recorded/simulator/SETTING.json
    python -m tests.site.simulated judge                   # asks the model, writes docs/_recorded/simulator.json

The stacks are the solutions of labs 2 and 3. Another number of workers or threads is the only difference. The programs
that are measured, and the sender, go before every other program of the machine when they want a core: what others do
meanwhile would be measured otherwise. That needs root and control groups of version 1. How late a plain sleep of
the sender ended is kept with each recording and says how well it worked.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from grader import course
from grader.catalog import load, root
from grader.docs.simulator import RECORDED
from grader.stacks.throwaway import Throwaway
from tests.site.simulated.model import REPO, judge
from tests.site.simulated.settings import CALIBRATION, SCHEDULES, SETTINGS, TIMEOUT, Setting

SENDER = Path(__file__).with_name("sender.py")
IMAGE = "python:3.13-slim"
SETTLE = 3.0  # seconds between the start of a stack and the first request
FIRST = Path("/sys/fs/cgroup/cpu/simulator")
SHARES = "262144"  # the most there is; 1024 is what everything else has
LOAD = "import time; begun = time.monotonic(); import wsgi; print(time.monotonic() - begun)"
PSS = "for p in /proc/[0-9]*; do echo $(cat $p/comm) $(awk '/^Pss:/ {print $2}' $p/smaps_rollup); done 2>/dev/null"


def start(folder: Path, buffered: bool) -> Throwaway:
    """The solution of lab 2 or lab 3, not yet up."""
    catalog = load()
    lab = catalog.lab("lab3" if buffered else "lab2")
    course.start(folder, lab, course.files(course.layers(root(), catalog, lab, solution=True)))
    go_first(folder, buffered)
    return Throwaway(folder, f"simulator-{lab.id}")


def measure(stack: Throwaway, setting: Setting) -> dict[str, Any]:
    """Starts the app anew with the setting's numbers, and sends the schedule."""
    pool = f"--workers {setting.workers} --threads {setting.threads}"
    with (stack.workspace / ".env").open("a", encoding="utf-8") as env:
        env.write(f"GUNICORN_CMD_ARGS={pool}\n")
    problem = stack.bring_up()
    if problem:
        raise SystemExit(problem)
    time.sleep(SETTLE)
    before = os.getloadavg()[0]
    requests = SCHEDULES[setting.schedule].requests()
    target = {"host": "proxy", "port": 80} if setting.buffered else {"host": "app", "port": 8000}
    sent = sender(stack, {**target, "requests": requests})
    workers = sorted({row[5] for row in sent["requests"] if row[5]})
    rows = [[*row[:5], workers.index(row[5]) if row[5] else -1] for row in sent["requests"]]
    return {
        "day": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores",
        "versions": versions(stack),
        "load": round(before, 1),
        "late": sent["noise"],
        "sender_late": max(row[6] for row in sent["requests"]),
        "memory_kb": memory(stack),
        **({"timeout": TIMEOUT, "boot": boot(stack)} if setting is CALIBRATION else {}),
        "requests": rows,
    }


def go_first(folder: Path, buffered: bool) -> None:
    """Puts every service into a control group whose processes get a core before others do."""
    FIRST.mkdir(exist_ok=True)
    (FIRST / "cpu.shares").write_text(SHARES)
    services = ("app", "proxy") if buffered else ("app",)
    said = "".join(f"  {service}:\n    cgroup_parent: {FIRST.name}\n" for service in services)
    (folder / "compose.override.yaml").write_text(f"services:\n{said}", encoding="utf-8")


def sender(stack: Throwaway, plan: dict[str, Any]) -> Any:
    """Runs the sender in the stack's own network."""
    command = ["docker", "run", "--rm", "--interactive", "--name", f"{stack.project}-sender"]
    command += ["--cgroup-parent", FIRST.name]
    command += ["--network", f"{stack.project}_default", "--volume", f"{SENDER}:/sender.py:ro", IMAGE]
    done = subprocess.run([*command, "python", "/sender.py"], input=json.dumps(plan).encode(), capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr.decode("utf-8", "replace"))
    return json.loads(done.stdout)


def memory(stack: Throwaway) -> list[int]:
    """Proportional memory of each process of Gunicorn, in kilobytes: the arbiter, then its workers."""
    said = stack.compose("exec", "-T", "app", "sh", "-c", PSS).stdout.decode().splitlines()
    return [int(line.split()[1]) for line in said if line.startswith("gunicorn")]


def boot(stack: Throwaway) -> float:
    """Seconds that a new worker loads the app: the middle one of five tries."""
    tries = [stack.compose("exec", "-T", "app", "python", "-c", LOAD).stdout for _ in range(5)]
    return round(statistics.median(float(said.split()[-1]) for said in tries), 2)


def versions(stack: Throwaway) -> dict[str, str]:
    """What the services of the stack say that they are."""
    asked = {"app": ("gunicorn --version", "python --version"), "proxy": ("nginx -v",)}
    there = stack.compose("ps", "--services").stdout.decode().split()
    said: dict[str, str] = {}
    for service, commands in asked.items():
        for command in commands if service in there else ():
            done = stack.compose("exec", "-T", service, *command.split())
            said[command.split()[0]] = re.findall(r"\d+(?:\.\d+)+", (done.stdout + done.stderr).decode())[0]
    return said


def write(name: str, seen: dict[str, Any]) -> None:
    """One request a line, so that a new measurement can be read as a difference."""
    folder = REPO / RECORDED
    folder.mkdir(exist_ok=True)
    rows = ",\n".join(json.dumps(row) for row in seen.pop("requests"))
    head = json.dumps(seen, indent=1)[:-2]
    (folder / f"{name}.json").write_text(f'{head},\n "requests": [\n{rows}\n ]\n}}\n', encoding="utf-8")


def main(what: str, *names: str) -> None:
    if what == "judge":
        judge()
        return
    chosen = [setting for setting in (CALIBRATION, *SETTINGS) if not names or setting.name in names]
    for buffered in (False, True):
        these = [setting for setting in chosen if setting.buffered == buffered]
        if not these:
            continue
        with tempfile.TemporaryDirectory(prefix="simulator-") as folder:
            stack = start(Path(folder) / "work", buffered)
            try:
                for setting in these:
                    sys.stdout.write(f"{setting.name} …\n")
                    sys.stdout.flush()
                    write(setting.name, measure(stack, setting))
            finally:
                stack.take_down()
                FIRST.rmdir()


if __name__ == "__main__":
    main(*sys.argv[1:])
