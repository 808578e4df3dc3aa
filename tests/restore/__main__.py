"""Kills the grader in the middle of every disturbing probe, on real stacks, and repairs. It goes on where it ended.

python -m tests.restore [--times 20] [--only PROBE] [--results FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from grader.catalog import load, root
from grader.runs import Runs
from grader.stacks.throwaway import Throwaway
from tests.labs.conftest import lay_out
from tests.restore.kill import Graded, Killed
from tests.restore.moments import Place, moment, places

TIMES = 20
ATTEMPTS = 4
SOONER = 0.6  # times the moment of a kill that came when the probe was over already
RESULTS = root() / "tests/restore/results.json"


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.restore", description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--times", type=int, default=TIMES, help="kills of each probe, with those of earlier sessions")
    words.add_argument("--only", action="append", default=[], metavar="PROBE")
    words.add_argument("--results", type=Path, default=RESULTS)
    told = words.parse_args()
    known = places(load())
    unknown = set(told.only) - {place.probe for place in known}
    if unknown:
        words.error(f"no disturbing probe {', '.join(sorted(unknown))}: {', '.join(p.probe for p in known)}")
    runs = Runs(told.results)
    todo = [p for p in known if (not told.only or p.probe in told.only) and _left(p, told.times, runs)]
    wrong = sum(_on(lab, list(these), told.times, runs) for lab, these in groupby(todo, key=lambda p: p.lab))
    sys.stdout.write(f"{wrong} kill(s) after which something was not as before.\n")
    return 1 if wrong else 0


def _left(place: Place, times: int, runs: Runs) -> list[int]:
    """The numbers of the kills that are still to come, or came when the probe was over."""
    done = {entry["number"] for entry in runs.entries() if entry["probe"] == place.probe and entry["landed"]}
    return [number for number in range(times) if number not in done]


def _bring_up(stack: Throwaway) -> None:
    """Brings a stack up; again, where the machine was too busy for a service to become healthy in time."""
    for left in reversed(range(ATTEMPTS)):
        problem = stack.bring_up()
        if not problem:
            return
        if not left:
            raise SystemExit(f"{stack.project}: {problem}")


def _of(place: Place, graded: Graded, times: int, runs: Runs) -> int:
    """The kills of one probe that are still to come; how many of them left something behind."""
    usual, wrong = graded.usual(), 0
    for number in _left(place, times, runs):
        chosen = moment(place, number)
        for _ in range(ATTEMPTS):
            killed = graded.kill(chosen.signal, chosen.fraction * usual, again=chosen.again)
            about = {"probe": place.probe, "check": place.check.id, "lab": place.lab, "number": number}
            runs.add({**about, **asdict(killed)})
            wrong += bool(killed.wrong)
            sys.stdout.write(
                f"{_line(place, number, killed)} of {usual:4.1f} s  {'; '.join(killed.wrong) or 'as before'}\n"
            )
            sys.stdout.flush()
            if killed.wrong:  # what one kill left must not be blamed on the next
                graded.stack.compose("up", "--detach", "--force-recreate", "--wait")
            if killed.landed:
                break
            usual *= SOONER
    return wrong


def _line(place: Place, number: int, killed: Killed) -> str:
    what = [name for name in ("landed", "open", "again") if getattr(killed, name)]
    return f"{place.probe:<18} {number:>2} {killed.signal:<8} {' '.join(what):<18} {killed.moment:5.1f}"


def _on(lab: str, these: list[Place], times: int, runs: Runs) -> int:
    """All kills on one lab's solution; how many of them left something behind."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="restore-") as folder:
        stack = lay_out(Path(folder) / lab, lab)
        try:
            _bring_up(stack)
            wrong = sum(_of(place, Graded(stack, lab, place.check), times, runs) for place in these)
        finally:
            stack.take_down()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
