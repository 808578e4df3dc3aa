"""The worker simulator says what real stacks did: the recordings of docs/_recorded/simulator are its judge."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from grader.docs.simulator import JUDGED
from tests.site.conftest import REPO
from tests.site.simulated.model import judgement, recording
from tests.site.simulated.settings import CALIBRATION, SCHEDULES, SETTINGS, Setting

ALLOWED = 0.15  # how far p50 and p95 of the model may be from the measured
NODE = shutil.which("node")
SHARES = ("p50", "p95")


def name(setting: Setting) -> str:
    return setting.name


@pytest.fixture(scope="module")
def judged() -> dict[str, dict[str, Any]]:
    """What the page shows; test_what_the_page_shows_is_what_the_model_says proves that it is current."""
    entries = json.loads((REPO / JUDGED).read_text(encoding="utf-8"))
    return {entry["name"]: entry for entry in entries}


@pytest.mark.skipif(NODE is None, reason="no Node here; test_simulator_browser.py asks the model in a browser")
def test_what_the_page_shows_is_what_the_model_says() -> None:
    assert NODE
    assert judgement(NODE) == json.loads((REPO / JUDGED).read_text(encoding="utf-8")), (
        "python -m tests.site.simulated judge, then grader docs"
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=name)
@pytest.mark.parametrize("share", SHARES)
def test_the_model_is_near_what_was_measured(judged: dict[str, dict[str, Any]], setting: Setting, share: str) -> None:
    entry = judged[setting.name]
    assert entry["model"][share] == pytest.approx(entry["measured"][share], rel=ALLOWED)


@pytest.mark.parametrize("setting", SETTINGS, ids=name)
def test_as_many_requests_fail_in_the_model(judged: dict[str, dict[str, Any]], setting: Setting) -> None:
    assert judged[setting.name]["model"]["errors"] == judged[setting.name]["measured"]["errors"]


@pytest.mark.parametrize("setting", (CALIBRATION, *SETTINGS), ids=name)
def test_what_was_sent_is_the_schedule(setting: Setting) -> None:
    sent = [tuple(row[:3]) for row in recording(setting.name)["requests"]]
    assert sent == SCHEDULES[setting.schedule].requests()


def test_the_settings_differ_in_what_the_page_says_they_show() -> None:
    """A comparison that only idle stacks pass would prove nothing."""
    waited = [recording(setting.name)["requests"] for setting in SETTINGS]
    queued = [sum(row[3] > 2 * row[1] for row in rows if row[2] == 0) / len(rows) for rows in waited]
    assert len(SETTINGS) >= 6
    assert sum(share > 0.2 for share in queued) >= 3
    assert any(setting.buffered for setting in SETTINGS)
    assert CALIBRATION not in SETTINGS
