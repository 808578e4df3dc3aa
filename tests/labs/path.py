"""The whole path as a learner walks it: each lab goes on from their own workspace of the lab before.

    python -m tests.labs.path docs/_recorded/path.txt

What the learner builds in a lab is what its reference solution has; the rest is their own from before.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader import course
from grader.catalog import load, root
from grader.model import Lab
from grader.stacks.throwaway import Throwaway
from tests.labs.conftest import Running
from tests.site.record import ESCAPES

LAST = 4  # lines of a report that say how it went


def path() -> tuple[Lab, ...]:
    """The labs of the path, in their order: each begins where the one before ended."""
    labs = load().labs
    chain = [next(lab for lab in labs if lab.after is None)]
    while following := [lab for lab in labs if lab.after == chain[-1].id and lab.id.startswith("lab")]:
        chain += following
    return tuple(chain)


def walk(folder: Path, *options: str) -> Iterator[tuple[Lab, str, int, str]]:
    """Lab after lab: what `grader start` said, the exit code of `grader check` with `options`, and its report."""
    previous: Path | None = None
    for lab in path():
        workspace = folder / lab.id
        laid = _start(lab, workspace, previous)
        for name, source in course.files((root() / "solutions" / lab.id,)).items():
            (workspace / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, workspace / name)
        stack = Throwaway(workspace.resolve(), f"path-{lab.id}")
        try:
            problem = stack.bring_up()
            if problem:
                raise RuntimeError(f"{lab.id}: {problem}")
            run = Running(stack).start("check", "--yes", *options, **stack.variables)
            said, _ = run.communicate(timeout=300)
        finally:
            stack.take_down()
        yield lab, laid, run.returncode, said
        previous = workspace


def _start(lab: Lab, workspace: Path, previous: Path | None) -> str:
    words = ["start", lab.id, "--into", str(workspace), *(["--from", str(previous)] if previous else [])]
    return subprocess.run([sys.executable, "-m", "grader", *words], capture_output=True, text=True, check=True).stdout


def record(file: Path) -> None:
    """Writes the commands and the last lines of each report."""
    parts = []
    with tempfile.TemporaryDirectory(prefix="path-") as folder:
        previous = ""
        for lab, _, code, said in walk(Path(folder)):
            parts.append(f"$ grader start {lab.id}{previous}\n$ grader check --yes | tail -n {LAST}\n")
            last = ESCAPES.sub("", said).replace(folder, "work").rstrip().splitlines()[-LAST:]
            parts.append("\n".join(last) + "\n\n")
            previous = f" --from work/{lab.id}"
            if code:
                raise SystemExit(said)
    file.write_text("".join(parts).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
