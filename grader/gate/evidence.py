"""Recorded answers of real stacks, in tests/evidence: what each check has been seen to pass on, and to fail on."""

from __future__ import annotations

import json
from pathlib import Path

from grader.catalog import Catalog
from grader.model import AnyCheck, Outcome, Result, Verdict, Weight
from grader.runner import judged
from grader.stacks.codec import decode, encode

FOLDER = "tests/evidence"
SIZE_CAP = 40_000  # bytes of one recorded answer


def keep(base: Path, stack: str, result: Result) -> Path | None:
    """Writes what a judged check saw as pass-STACK.json or fail-STACK.json; nothing for a check that was not judged."""
    if result.outcome not in (Outcome.PASS, Outcome.FAIL) or result.evidence is None:
        return None
    folder = base / FOLDER / result.check.id
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.outcome.value}-{stack}.json"
    path.write_text(json.dumps(encode(result.evidence), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def recorded(base: Path, check: AnyCheck) -> tuple[Path, ...]:
    return tuple(sorted((base / FOLDER / check.id).glob("*.json")))


def red_lines(base: Path, check: AnyCheck) -> tuple[Verdict, ...]:
    """What the judge says today of the recorded failures; those that it sees differently now are left out."""
    failing = (path for path in recorded(base, check) if path.name.startswith("fail"))
    verdicts = (judged(check, decode(json.loads(path.read_text(encoding="utf-8")))) for path in failing)
    return tuple(verdict for verdict in verdicts if verdict.outcome is Outcome.FAIL)


def disagreement(check: AnyCheck, path: Path) -> str:
    """What is wrong with one recorded answer: "" when the judge says what the file's name says."""
    if path.stat().st_size > SIZE_CAP:
        return f"{path.stat().st_size} bytes; evidence is at most {SIZE_CAP}: keep digests, not bodies"
    try:
        evidence = decode(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as trouble:
        return str(trouble)
    verdict = judged(check, evidence)
    wanted = path.name.partition("-")[0]
    if verdict.outcome is Outcome.FAIL and not (verdict.reproduce and (verdict.shows or verdict.not_shown)):
        return "a red line without a command, or without what it shows; give failed() both"
    if verdict.outcome.value != wanted:
        return f"was {wanted} when it was recorded; the judge says {verdict.outcome.value}: {verdict.because}"
    return ""


def evidence_problems(base: Path, catalog: Catalog) -> list[str]:
    """Checks without recorded pass and fail, and recordings that the judge sees differently now."""
    problems: list[str] = []
    for check in catalog.checks.values():
        paths = recorded(base, check)
        for outcome in ("pass", "fail"):
            # A guard fails only when the grader itself does: its own tests show that.
            owed = outcome == "pass" or check.weight is not Weight.GUARD
            if owed and not any(path.name.startswith(outcome) for path in paths):
                problems.append(f"{check.id}: no recorded {outcome}; run `grader dev check --record`")
        found = ((path, disagreement(check, path)) for path in paths)
        problems += [f"{path.relative_to(base)}: {problem}" for path, problem in found if problem]
    known = set(catalog.checks)
    for folder in sorted((base / FOLDER).glob("*/")):
        if folder.name not in known:
            problems.append(f"{FOLDER}/{folder.name}: evidence of no check; remove the folder")
    return problems
