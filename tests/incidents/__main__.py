"""Meets the symptoms of incidents on their real stacks, and asks the lab's solution, which must not show them.

    python -m tests.incidents NAME|LAB ... [--type COMMAND]

What each command printed is shown. With --type other commands are tried out, on both stacks, in the workspace.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from grader.catalog import load, root
from grader.gate.seen import LONGEST, disagreement
from grader.gate.stacks import Case, cases, standing
from grader.stacks.base import CouldNotLook
from grader.stacks.throwaway import Throwaway

SHOWN = 1500  # characters of an output


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.incidents", description=(__doc__ or "").partition("\n")[0])
    words.add_argument("names", nargs="+", metavar="NAME|LAB")
    words.add_argument("--type", action="append", default=[], metavar="COMMAND", help="try this instead")
    told = words.parse_args()
    every = cases(root(), load())
    chosen = [case for case in every if case.kind == "mutant" and {case.name, case.lab.id} & set(told.names)]
    if unknown := set(told.names) - {word for case in chosen for word in (case.name, case.lab.id)}:
        words.error(f"no such mutant or lab: {', '.join(sorted(unknown))}")
    problems: list[str] = []
    for lab, these in groupby(sorted(chosen, key=lambda case: case.lab.id), key=lambda case: case.lab):
        solution = next(case for case in every if case.kind == "solution" and case.lab == lab)
        with standing(root(), load(), solution, "met") as sound:
            for case in these:
                try:
                    problems += _of(case, sound, told.type)
                except CouldNotLook as trouble:  # the others can be met all the same
                    problems.append(f"{case.name}: {trouble}")
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    return 1 if problems else 0


def _of(case: Case, sound: Throwaway, instead: Sequence[str]) -> Iterator[str]:
    """What is wrong with the command of one incident, or with what is tried instead."""
    with standing(root(), load(), case, "met") as broken:
        for command in instead or [case.met]:
            if not command:
                yield f"{case.name}: no command in `met`"
                continue
            for stack, where, there in ((broken, case.name, True), (sound, "the solution", False)):
                ran = stack.typed(command, LONGEST)
                sys.stdout.write(f"== {where}, {ran.seconds:.1f} s, exit {ran.code}\n{ran.output[-SHOWN:]}\n")
                sys.stdout.flush()
                if not instead and (wrong := disagreement(case.shows, ran, there=there)):
                    yield f"{case.name}: on {where} the command {wrong}"
        sound.settle()


if __name__ == "__main__":
    sys.exit(main())
