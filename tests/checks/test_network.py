"""Given where the app's server listens, when it is judged, then only a server that nobody can reach is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.network import listens_off_loopback
from grader.model import Outcome
from grader.probes.app.service import Listener, Listening

LOOPBACK = Listener("app", "gunicorn", "127.0.0.1:8000", 8000, loopback=True)
OPEN = replace(LOOPBACK, where="0.0.0.0:8000", loopback=False)
UNIX = Listener("app", "gunicorn", "/run/app/app.sock", 0, loopback=True)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (Listening((OPEN,), reached=False), Outcome.PASS),
        (Listening((replace(OPEN, where=":::8000"),), reached=False), Outcome.PASS),
        (Listening((LOOPBACK, OPEN), reached=False), Outcome.PASS),
        (Listening((replace(UNIX, sharers=("proxy",)),), reached=False), Outcome.PASS),
        (Listening((LOOPBACK,), reached=True), Outcome.PASS),  # the proxy is in the same container
        (Listening((UNIX,), reached=True), Outcome.PASS),
        (Listening((LOOPBACK,), reached=False), Outcome.FAIL),
        (Listening((UNIX,), reached=False), Outcome.FAIL),  # a socket that nobody else can see
    ),
)
def test_somebody_must_be_able_to_reach_the_app(seen: Listening, outcome: Outcome) -> None:
    verdict = listens_off_loopback.judge(seen)
    assert verdict.outcome is outcome
    assert seen.listeners[0].service in verdict.because
