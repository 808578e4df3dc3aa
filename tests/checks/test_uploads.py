"""Given how uploads went, when their limits are judged, then refusals are early and no honest upload is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import limits
from grader.model import Outcome
from grader.probes.edge.bodies import ALLOWED, OverLimit, Refusal, Uploaded, Uploads

SITE = "http://localhost:8080"
NO = Refusal(413, "", 0.01)
LATE = Refusal(0, "timed out", 3.0)
REFUSED = OverLimit("/bench/upload", NO, NO, NO, 200, SITE)


@pytest.mark.parametrize(
    ("over", "outcome"),
    (
        (REFUSED, Outcome.PASS),
        (replace(REFUSED, announced=Refusal(400, "", 0.01)), Outcome.PASS),  # as a firewall may say it
        (replace(REFUSED, expected=Refusal(417, "", 0.01)), Outcome.PASS),
        (replace(REFUSED, streamed=Refusal(0, "connection reset", 0.3)), Outcome.PASS),
        (replace(REFUSED, streamed=Refusal(0, "no answer", 0.3)), Outcome.PASS),  # closed
        (replace(REFUSED, after=404), Outcome.PASS),  # a site without /healthz
        (replace(REFUSED, announced=LATE), Outcome.FAIL),  # it waits for the body
        (replace(REFUSED, announced=Refusal(417, "", 0.01)), Outcome.FAIL),
        (replace(REFUSED, announced=Refusal(0, "no answer", 0.01)), Outcome.FAIL),  # hangs up without saying why
        (replace(REFUSED, announced=Refusal(200, "", 0.01)), Outcome.FAIL),
        (replace(REFUSED, announced=Refusal(500, "", 0.01)), Outcome.FAIL),
        (replace(REFUSED, expected=LATE), Outcome.FAIL),
        (replace(REFUSED, streamed=Refusal(200, "", 0.3)), Outcome.FAIL),  # counts only what was announced
        (replace(REFUSED, after=0), Outcome.FAIL),
        (replace(REFUSED, after=502), Outcome.FAIL),
        (replace(REFUSED, streamed=Refusal(0, "timed out", 20.0)), Outcome.UNKNOWN),
    ),
)
def test_too_large_an_upload_is_refused_before_it_is_sent(over: OverLimit, outcome: Outcome) -> None:
    assert limits.body_limit_413.judge(over).outcome is outcome


WHOLE = Uploaded("with Content-Length", 200, "", ALLOWED, intact=True)


@pytest.mark.parametrize(
    ("upload", "outcome", "word"),
    (
        (WHOLE, Outcome.PASS, "arrived whole"),
        (replace(WHOLE, status=413, length=-1, intact=False), Outcome.FAIL, "413"),  # the default limit
        (replace(WHOLE, status=500, length=-1, intact=False), Outcome.FAIL, "500"),  # no place for temporary files
        (replace(WHOLE, status=0, error="connection reset", length=-1, intact=False), Outcome.FAIL, "connection reset"),
        (replace(WHOLE, length=0, intact=False), Outcome.FAIL, "0 bytes"),  # chunks that the app cannot read
        (replace(WHOLE, intact=False), Outcome.FAIL, "not those"),
        (replace(WHOLE, status=201), Outcome.FAIL, ""),
    ),
)
def test_an_upload_within_the_limit_must_arrive_whole(upload: Uploaded, outcome: Outcome, word: str) -> None:
    verdict = limits.upload_normal_ok.judge(Uploads((WHOLE, replace(upload, how="in chunks")), SITE))
    assert verdict.outcome is outcome
    assert word in verdict.because
