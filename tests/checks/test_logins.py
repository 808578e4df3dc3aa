"""Given how many replies knew the visitor, when the check judges it, then one stranger is one too many."""

from __future__ import annotations

import pytest

from grader.checks import session
from grader.model import Outcome
from grader.probes.app.logins import Recognised


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (Recognised("http://localhost:8080", 24, 24, "", 4), Outcome.PASS),
        (Recognised("http://localhost:8080", 64, 64, "", 1), Outcome.PASS),  # one process with threads
        (Recognised("http://localhost:8080", 64, 64, "", 0), Outcome.PASS),  # a stack without a bench
        (Recognised("http://localhost:8080", 24, 11, "401", 4), Outcome.FAIL),
        (Recognised("http://localhost:8080", 24, 0, "401", 4), Outcome.FAIL),
        (Recognised("http://localhost:8080", 24, 23, "500", 4), Outcome.FAIL),
    ),
)
def test_every_worker_must_know_the_visitor(seen: Recognised, outcome: Outcome) -> None:
    assert session.session_across_workers.judge(seen).outcome is outcome
