"""Given whose the app's processes are, when it is judged, then app code that runs as root is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.process import app_unprivileged
from grader.model import Outcome
from grader.probes.app.service import Owned

WORKER = Owned("app", 7, 10001, "gunicorn", master=False)
MASTER = replace(WORKER, pid=1, master=True)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        ((MASTER, WORKER), Outcome.PASS),
        ((replace(MASTER, uid=0), WORKER, replace(WORKER, pid=8)), Outcome.PASS),  # Apache, or gunicorn --user
        ((replace(WORKER, pid=1, uid=65534),), Outcome.PASS),  # a user without a name
        ((MASTER, replace(WORKER, uid=0)), Outcome.FAIL),  # only the master stepped down
        ((replace(MASTER, uid=0), replace(WORKER, uid=0)), Outcome.FAIL),
        ((MASTER, WORKER, replace(WORKER, pid=9, uid=0)), Outcome.FAIL),
        ((replace(WORKER, pid=1, uid=0),), Outcome.FAIL),  # compose `user: root` over the image's USER
    ),
)
def test_no_process_with_the_apps_code_is_root(seen: tuple[Owned, ...], outcome: Outcome) -> None:
    assert app_unprivileged.judge(seen).outcome is outcome
