"""Given the first page of a copy with another setting, when it is judged, then a page that does not show it is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.config import config_from_env
from grader.model import Outcome
from grader.probes.app.copy import Copied

COPY = Copied("app", "APP_GREETING", 200, True, 0.4)


@pytest.mark.parametrize(
    ("copied", "outcome"),
    (
        (COPY, Outcome.PASS),
        (replace(COPY, seconds=14.0), Outcome.PASS),
        (replace(COPY, shown=False), Outcome.FAIL),  # written in the code, or in a file of the image that wins
        (replace(COPY, status=500), Outcome.FAIL),  # an error page that quotes its environment
        (replace(COPY, status=302, shown=False), Outcome.FAIL),
    ),
)
def test_the_copy_must_show_its_own_setting(copied: Copied, outcome: Outcome) -> None:
    verdict = config_from_env.judge(copied)
    assert verdict.outcome is outcome
    assert "APP_GREETING" in verdict.because
