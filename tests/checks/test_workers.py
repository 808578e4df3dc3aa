"""Given what became of killed, hung and worn-out workers, when the checks judge it, then only a gap is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import workers
from grader.model import Outcome
from grader.probes.app.fault import Hang, Respawn
from grader.probes.app.workers import Recycling
from grader.probes.load import Failure, Loaded

ALL_WELL = Loaded(26, 0, 0.02, ())
ONE_LOST = Loaded(26, 1, 0.4, (Failure(0.5, "connection reset"),))
TWO_LOST = Loaded(26, 2, 0.4, (Failure(0.5, "502"), Failure(0.6, "502")))

KILLED = Respawn(
    service="app",
    master=1,
    workers=4,
    killed=8,
    only_one=False,
    restart_policy="no",
    refilled=True,
    back=0.1,
    ended=False,
    load=ALL_WELL,
)
NOTHING_SENT = Loaded(0, 0, 0.0, ())
ONLY_ONE = replace(KILLED, workers=1, killed=1, only_one=True, restart_policy="unless-stopped", load=NOTHING_SENT)


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (KILLED, Outcome.PASS, "0.10 s"),
        (replace(KILLED, load=ONE_LOST), Outcome.PASS, "1 of 26"),  # the request that it was working on
        (replace(KILLED, workers=1), Outcome.PASS, "the only worker"),
        (replace(KILLED, load=TWO_LOST), Outcome.FAIL, "502"),
        (replace(KILLED, refilled=False, back=None), Outcome.FAIL, "not replaced"),  # uWSGI without a master
        (replace(KILLED, back=None), Outcome.FAIL, "no new worker answered"),  # new ones cannot start
        (replace(ONLY_ONE, back=1.1), Outcome.PASS, "came back"),  # the engine starts it again
        (replace(ONLY_ONE, back=None, ended=True, restart_policy="no"), Outcome.FAIL, "restart policy: no"),
        (replace(ONLY_ONE, back=None, ended=False), Outcome.FAIL, "silent"),  # up again, and answers nobody
    ),
)
def test_a_killed_worker_must_be_replaced(seen: Respawn, outcome: Outcome, word: str) -> None:
    verdict = workers.worker_respawn.judge(seen)

    assert verdict.outcome is outcome
    assert word in verdict.because


STOOD_STILL = Hang(
    service="app", master=1, workers=4, stopped=8, gone=11.1, limit=workers.HUNG_WITHIN, refilled=True, load=ALL_WELL
)


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (STOOD_STILL, Outcome.PASS, "11.1 s"),
        (replace(STOOD_STILL, gone=31.2), Outcome.PASS, "31.2 s"),  # Gunicorn's default timeout
        (replace(STOOD_STILL, load=ONE_LOST), Outcome.PASS, "1 of 26"),
        (replace(STOOD_STILL, workers=1, load=TWO_LOST), Outcome.PASS, "the only worker"),  # nobody else could answer
        (replace(STOOD_STILL, gone=None), Outcome.FAIL, "still there after 35 s"),
        (replace(STOOD_STILL, refilled=False), Outcome.FAIL, "nobody took its place"),
        (replace(STOOD_STILL, load=TWO_LOST), Outcome.FAIL, "2 of 26 requests failed"),
    ),
)
def test_a_hung_worker_must_be_found_out(seen: Hang, outcome: Outcome, word: str) -> None:
    verdict = workers.hung_worker_replaced.judge(seen)

    assert verdict.outcome is outcome
    assert word in verdict.because


WORN = Recycling(
    service="app",
    site="http://localhost:8080",
    master=1,
    workers=4,
    wanted=2200,
    sent=1200,
    replaced=2,
    refilled=True,
    failed=0,
    first="",
    seconds=2.0,
)


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (WORN, Outcome.PASS, "2 of 4"),
        (replace(WORN, sent=2200, replaced=0), Outcome.FAIL, "same 4 processes"),
        (replace(WORN, replaced=0), Outcome.UNKNOWN, "only 1200 of 2200"),  # too slow a machine to tell
        (replace(WORN, failed=1, first="connection reset"), Outcome.FAIL, "connection reset"),
        (replace(WORN, refilled=False), Outcome.FAIL, "nobody took their place"),
    ),
)
def test_workers_must_be_recycled_without_a_lost_request(seen: Recycling, outcome: Outcome, word: str) -> None:
    verdict = workers.worker_recycling.judge(seen)

    assert verdict.outcome is outcome
    assert word in verdict.because


def test_the_rules_say_the_numbers_that_the_judges_compare_with() -> None:
    assert f"{workers.REPLACED_WITHIN:g} s" in workers.worker_respawn.rule
    assert f"{workers.RESTARTED_WITHIN:g} s" in workers.worker_respawn.rule
    assert f"{workers.HUNG_WITHIN:g} s" in workers.hung_worker_replaced.rule
    assert f"{workers.EACH} requests" in workers.worker_recycling.rule


def test_reproductions_show_the_workers_before_and_after() -> None:
    again = workers.worker_respawn.judge(replace(KILLED, refilled=False, back=None)).reproduce

    assert again.startswith("docker compose exec app sh -c 'cd /proc/1/task/1; wc -w <children; ")
    assert again.endswith("wc -w <children'")
