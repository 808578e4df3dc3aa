"""Given what the image carries, when it is judged, then what came along with the build context is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.image import image_no_junk
from grader.model import Outcome
from grader.probes.app.image import Contents, Junk, Kind, Lock

CLEAN = Contents("app", "lab-app", 139_000_000, 177, (), Lock.SIGNED, 18_000, ())


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_junk_is_red_and_named(kind: Kind) -> None:
    verdict = image_no_junk.judge(replace(CLEAN, junk=(Junk("app/it", kind, hidden=False),)))
    assert verdict.outcome is Outcome.FAIL
    assert f"{kind}: /app/it" in verdict.because
    assert "docker run" in verdict.reproduce


def test_what_a_later_layer_hides_is_still_there() -> None:
    verdict = image_no_junk.judge(replace(CLEAN, junk=(Junk("app/.env", Kind.SETTINGS, hidden=True),)))
    assert verdict.outcome is Outcome.FAIL
    assert "hidden by a later layer" in verdict.because
    assert "docker save" in verdict.reproduce


def test_a_clean_image_passes_and_its_size_is_only_told() -> None:
    verdict = image_no_junk.judge(replace(CLEAN, size=2_000_000_000))
    assert verdict.outcome is Outcome.PASS
    assert "2000 MB" in verdict.because
