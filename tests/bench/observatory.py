"""The MDN HTTP Observatory's own analyzers beside our judges, on the same cases in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

from tests.checks.observatory import CASES, HOST, STRANGER, Case
from tests.checks.test_observatory import ours

SCRIPT = Path(__file__).with_suffix(".mjs")
REPEAT = 20  # times that our judges go over all cases: once is too short to be measured


def theirs(package: Path) -> list[dict[str, object]]:
    """What the package's analyzers say of each case: `result` and `pass`."""
    cases = [{**asdict(case), "stranger": STRANGER} for case in CASES]
    done = subprocess.run(
        ["node", str(SCRIPT), str(package)],
        input=json.dumps({"host": HOST, "cases": cases}).encode(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def rows() -> list[tuple[str, str, str]]:
    """Rows of the bench's table. OBSERVATORY names the folder of the package @mdn/mdn-http-observatory."""
    begun = time.monotonic()
    for _ in range(REPEAT):
        for case in CASES:
            ours(case)
    seconds = (time.monotonic() - begun) / REPEAT
    right = [ours(case) is case.right for case in CASES]
    count = len(CASES)
    table = [(f"{count} sites for its rules, our checks, right", f"{sum(right)}", f"{1000 * seconds:.1f} ms for all")]
    folder = os.environ.get("OBSERVATORY", "")
    if not folder:
        return [*table, (f"{count} sites, MDN Observatory, right", "-", "not measured: OBSERVATORY=/path/to/package")]
    answers = theirs(Path(folder))
    strange = [case for case, said in zip(CASES, answers, strict=True) if not as_expected(case, said)]
    if strange:
        raise SystemExit("the Observatory says otherwise of: " + "; ".join(describe(case) for case in strange))
    agreed = sum(said["pass"] is case.right for case, said in zip(CASES, answers, strict=True))
    wrong = [case.why for case in CASES if case.passes_there and not case.right]
    note = f"{len(wrong)} wrong passes, among them max-age=abc; none that only we let pass"
    return [*table, (f"{count} sites, MDN Observatory, right", f"{agreed}", note)]


def as_expected(case: Case, said: dict[str, object]) -> bool:
    return said["result"] == case.result and bool(said["pass"]) is case.passes_there


def describe(case: Case) -> str:
    return f"{case.rule} {case.result}"
