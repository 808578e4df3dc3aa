"""Runs the checks again and again while all cores are busy, and writes down what was red, green or unknown.

    python -m tests.noise [--runs 20] [--only NAME] [--load 2] [--at-once 1] [--results FILE]

NAME is a solution or a mutant that breaks what is judged by a time (`--list` shows them), or a lab. A session goes on
where the last one ended. Stacks that are checked side by side are more load for each other.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from grader.catalog import Catalog, load, root
from grader.gate.stacks import Case, cases, checked, lay_out
from grader.runs import Runs
from grader.stacks.throwaway import Throwaway
from tests.noise.busy import busy
from tests.noise.timed import asked, chosen, seen, timed, wants_host_port

RUNS = 20
SHARE = 5  # runs
RESULTS = root() / "tests/noise/results.json"


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.noise", description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--runs", type=int, default=RUNS, help="runs of each stack, with those of earlier sessions")
    words.add_argument("--only", action="append", default=[], metavar="NAME")
    words.add_argument("--load", type=int, default=os.cpu_count() or 1, help="processes that never rest")
    words.add_argument("--at-once", type=int, default=1, help="stacks that are checked side by side")
    words.add_argument("--results", type=Path, default=RESULTS)
    words.add_argument("--list", action="store_true", help="only show what would be run")
    told = words.parse_args()
    catalog, runs = load(), Runs(told.results)
    known = chosen(catalog, cases(root(), catalog))
    unknown = set(told.only) - {word for case in known for word in (case.name, case.lab.id)}
    if unknown:
        words.error(f"no such stack: {', '.join(sorted(unknown))} (--list shows them)")
    done = runs.count("stack")
    wanted = [case for case in known if not told.only or {case.name, case.lab.id} & set(told.only)]
    if told.list:
        for case in wanted:
            names = ", ".join(sorted(timed(catalog, case))) or "all checks"
            sys.stdout.write(f"{case.name:<28} {done[case.name]:>3} run(s)  {names}\n")
        return 0
    todo = [case for case in wanted if done[case.name] < told.runs]
    todo.sort(key=lambda case: -len(asked(catalog, case)))  # what takes longest first

    beside = {"load": told.load, "at_once": told.at_once}
    with busy(told.load), ThreadPoolExecutor(told.at_once) as lanes:
        started = [
            lanes.submit(_runs_of, catalog, case, f"noise-{case.name}-{part}".lower(), many, runs, beside)
            for case in todo
            for part, many in enumerate(shares(told.runs - done[case.name], alone=wants_host_port(case)))
        ]
        wrong = sum(one.result() for one in started)
    missing = sum(max(0, told.runs - runs.count("stack")[case.name]) for case in wanted)
    sys.stdout.write(f"{wrong} run(s) with a verdict that is wrong, {missing} that could not be made.\n")
    return 1 if wrong or missing else 0


def shares(many: int, *, alone: bool) -> list[int]:
    """The runs that one start of a stack gets: the longest stack must not keep one lane busy after all the others.

    One that has to be `alone` is started once: beside itself it would find its port taken.
    """
    share = many if alone else SHARE
    return [min(share, many - begun) for begun in range(0, many, max(share, 1))]


def _runs_of(catalog: Catalog, case: Case, project: str, many: int, runs: Runs, beside: dict[str, int]) -> int:
    """Brings the stack up once and checks it `many` times; how many of the runs said something wrong.

    `beside` says what else the machine does: processes that never rest, and stacks at once. A stack that does not come
    up is told, and the others go on.
    """
    checks, wrong = asked(catalog, case), 0
    with tempfile.TemporaryDirectory(prefix="noise-") as folder:
        workspace = Path(folder).resolve() / case.lab.id
        lay_out(root(), catalog, case, workspace)
        stack = Throwaway(workspace, project)
        try:
            problem = stack.bring_up(wait=case.settles)
            if problem:
                sys.stdout.write(f"{case.name:<28} did not come up: {problem}\n")
                return 0
            for number in range(many):
                if number and case.kind == "mutant":  # what is broken may stay so for minutes: an upstream given up
                    stack.compose("restart")
                    stack.settle()
                begun = time.monotonic()
                results = checked(case.lab, checks, stack)
                said = seen(catalog, case, results)
                seconds = round(time.monotonic() - begun, 1)
                about = {"stack": case.name, "kind": case.kind, "lab": case.lab.id, "seconds": seconds, **beside}
                runs.add({**about, "checks": sorted(timed(catalog, case)), **asdict(said)})
                wrong += bool(said.wrong)
                counts = (
                    f"{said.passed} passed, {said.failed} failed, {len(said.unknown)} unknown, {said.skipped} skipped"
                )
                sys.stdout.write(f"{case.name:<28} {seconds:6.1f} s  {counts}\n")
                for name, text in {**said.unknown, **said.wrong}.items():
                    sys.stdout.write(f"  {'WRONG' if name in said.wrong else '     '} {name}: {text}\n")
                sys.stdout.flush()
        finally:
            stack.take_down()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
