"""Given what a debugger, debug mode and a reloader leave to be seen, when it is judged, then each of them is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import debug
from grader.model import Outcome, Reason
from grader.probes.app.debugger import Boom, Sighting, Sightings
from grader.probes.app.reloader import Reloading

EDGE = Sighting("the edge", True, 200, False, "", False)
PORT = replace(EDGE, place="app, port 8000", edge=False)


@pytest.mark.parametrize(
    ("seen", "outcome", "command"),
    (
        ((EDGE, PORT), Outcome.PASS, ""),
        ((replace(EDGE, asset_status=403), replace(PORT, page=None)), Outcome.PASS, ""),  # no bench
        ((replace(EDGE, asset=True), PORT), Outcome.FAIL, "curl"),
        ((replace(EDGE, page=True), PORT), Outcome.FAIL, "curl"),
        ((EDGE, replace(PORT, console="localhost")), Outcome.FAIL, "docker compose exec app"),  # hidden by the proxy
        ((EDGE, replace(PORT, asset=True)), Outcome.FAIL, "docker compose exec app"),
    ),
)
def test_the_debugger_is_found_wherever_it_answers(seen: tuple[Sighting, ...], outcome: Outcome, command: str) -> None:
    verdict = debug.debugger_off.judge(Sightings("http://localhost:8080", "app", 8000, seen))
    assert verdict.outcome is outcome
    assert verdict.reproduce.startswith(command)


BOOM = Boom("app", 8000, 500, True, "application/json", 21, "")


@pytest.mark.parametrize(
    ("boom", "outcome"),
    (
        (BOOM, Outcome.PASS),
        (replace(BOOM, kind="text/html", length=900), Outcome.PASS),  # the learner's own page, with the mark
        (replace(BOOM, own=False, kind="text/html", length=141), Outcome.FAIL),  # the server's bare page
        (replace(BOOM, status=200), Outcome.FAIL),
        (replace(BOOM, status=0, own=False, error="connection reset"), Outcome.FAIL),
    ),
)
def test_the_apps_own_handler_must_answer_an_error(boom: Boom, outcome: Outcome) -> None:
    assert debug.debug_mode_off.judge(boom).outcome is outcome


STILL = Reloading("app", ("/app/wsgi.py", "/app/pinboard/__init__.py"), 0, None, 3.0, ())


@pytest.mark.parametrize(
    ("seen", "outcome"),
    (
        (STILL, Outcome.PASS),
        (replace(STILL, signs=("process 1 watches files",)), Outcome.PASS),  # it watches something else
        (replace(STILL, replaced=4, control=0), Outcome.FAIL),
        (replace(STILL, replaced=1, control=1), Outcome.UNKNOWN),  # workers are recycled all the time
        (replace(STILL, touched=(), signs=("process 9 is the child of Werkzeug's reloader",)), Outcome.FAIL),
    ),
)
def test_processes_must_survive_a_change_of_the_code(seen: Reloading, outcome: Outcome) -> None:
    verdict = debug.reloader_off.judge(seen)
    assert verdict.outcome is outcome
    assert (verdict.reason is Reason.NOISY_HOST) == (outcome is Outcome.UNKNOWN)
