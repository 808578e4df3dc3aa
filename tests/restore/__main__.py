"""Kills the grader in the middle of every disturbing probe, on real stacks, and repairs. It goes on where it ended.

python -m tests.restore [--times 20] [--only PROBE] [--results FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from grader.catalog import load, root
from grader.stacks.throwaway import Throwaway
from tests.labs.conftest import lay_out
from tests.restore.kill import Graded
from tests.restore.moments import Place, moment, places
from tests.runs import Runs

TIMES = 20
ATTEMPTS = 4
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
    """The numbers of the kills that are still to come."""
    done = {entry["number"] for entry in runs.entries() if entry["probe"] == place.probe}
    return [number for number in range(times) if number not in done]


def _bring_up(stack: Throwaway) -> None:
    """Brings a stack up; again, where the machine was too busy for a service to become healthy in time."""
    for left in reversed(range(ATTEMPTS)):
        problem = stack.bring_up()
        if not problem:
            return
        if not left:
            raise SystemExit(f"{stack.project}: {problem}")


def _on(lab: str, these: list[Place], times: int, runs: Runs) -> int:
    """All kills on one lab's solution; how many of them left something behind."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="restore-") as folder:
        stack = lay_out(Path(folder) / lab, lab)
        try:
            _bring_up(stack)
            for place in these:
                graded = Graded(stack, lab, place.check)
                usual = graded.usual()
                for number in _left(place, times, runs):
                    chosen, begun = moment(place, number), time.monotonic()
                    killed = graded.kill(chosen.signal, chosen.fraction * usual, again=chosen.again)
                    about = {"probe": place.probe, "check": place.check.id, "lab": lab, "number": number}
                    runs.add({**about, **asdict(killed)})
                    wrong += bool(killed.wrong)
                    what = "; ".join(killed.wrong) or "as before"
                    sys.stdout.write(
                        f"{place.probe:<18} {number:>2} {killed.signal:<8} {killed.moment:5.1f} of {usual:4.1f} s  "
                        f"{'landed' if killed.landed else 'late':<7}{'open' if killed.open else '':<5}"
                        f"{'twice' if killed.again else '':<6}{time.monotonic() - begun:5.0f} s  {what}\n"
                    )
                    sys.stdout.flush()
                    if killed.wrong:  # what one kill left must not be blamed on the next
                        stack.compose("up", "--detach", "--force-recreate", "--wait")
        finally:
            stack.take_down()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
