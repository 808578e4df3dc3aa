"""Asks the model in docs/assets/js, which is JavaScript, about what was measured."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from grader.docs.simulator import JUDGED, RECORDED, parameters
from tests.site.simulated.settings import CALIBRATION, SETTINGS, TIMEOUT

REPO = Path(__file__).parents[3]
MODEL = REPO / "docs/assets/js/queue-model.js"
JUDGE = Path(__file__).with_name("judge.mjs")


def recording(name: str) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads((REPO / RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return seen


def judgement(node: str) -> list[dict[str, Any]]:
    """For each setting: its name and title, what was measured, and what the model says of the same requests."""
    servers = [
        {
            "workers": setting.workers,
            "threads": setting.threads,
            "timeout": TIMEOUT,
            "buffered": setting.buffered,
            "requests": recording(setting.name)["requests"],
        }
        for setting in SETTINGS
    ]
    question = {"model": MODEL.as_uri(), "parameters": parameters(REPO), "recordings": servers}
    done = subprocess.run([node, str(JUDGE)], input=json.dumps(question), capture_output=True, text=True, check=True)
    answers = json.loads(done.stdout)
    return [
        {"name": setting.name, "title": setting.title, **answer}
        for setting, answer in zip(SETTINGS, answers, strict=True)
    ]


def judge() -> None:
    """Writes what `grader docs` makes the page's table of."""
    (REPO / JUDGED).write_text(json.dumps(judgement("node"), indent=1) + "\n", encoding="utf-8")


__all__ = ["CALIBRATION", "judge", "judgement", "recording"]
