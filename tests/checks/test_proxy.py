"""Given what clients saw while the app was frozen, gone or moved, when it is judged, then only real trouble is red."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import proxy, static
from grader.model import Outcome
from grader.probes.app.down import AppDown
from grader.probes.app.frozen import FrozenApp, FrozenFile
from grader.probes.app.moved import AppMoved
from grader.probes.app.outage import Comeback, Reply

SITE = "http://localhost:8080"
PAGE = Reply(1.0, 200, 0.01, 361, "a" * 64, app=True)
GATEWAY = Reply(1.0, 504, 15.0, 600, "b" * 64)
NOTHING = Reply(1.0, 0, 21.0, error="timed out")
REFUSED = Reply(0.0, 400, 0.0, 150, "c" * 64)
CSS = FrozenFile("/static/app.css", "d" * 64, Reply(0.0, 200, 0.002, 21000, "d" * 64))
LATE_CSS = replace(CSS, reply=NOTHING)
FROZEN = FrozenApp(
    SITE, "/bench/whoami", "docker compose pause app", "docker compose unpause app", GATEWAY, REFUSED, (CSS,), 0.1
)


@pytest.mark.parametrize(
    ("frozen", "outcome"),
    (
        (FROZEN, Outcome.PASS),
        (replace(FROZEN, files=()), Outcome.PASS),  # no static file: its error page tells
        (replace(FROZEN, files=(LATE_CSS,), waiting=NOTHING), Outcome.PASS),  # it refuses rubbish: it speaks HTTP
        (replace(FROZEN, files=(), rubbish=NOTHING), Outcome.PASS),  # closes on rubbish, as HAProxy may
        (replace(FROZEN, files=(LATE_CSS,), rubbish=NOTHING, waiting=NOTHING), Outcome.FAIL),  # socat, or the app
        (
            replace(FROZEN, files=(), rubbish=replace(NOTHING, error="connection reset"), waiting=NOTHING),
            Outcome.FAIL,
        ),
    ),
)
def test_somebody_must_speak_http_while_the_app_is_frozen(frozen: FrozenApp, outcome: Outcome) -> None:
    verdict = proxy.proxy_in_front.judge(frozen)
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert verdict.reproduce.startswith("docker compose pause app; ")
        assert verdict.reproduce.endswith("docker compose unpause app")


@pytest.mark.parametrize(
    ("waiting", "back", "outcome"),
    (
        (GATEWAY, 0.0, Outcome.PASS),
        (replace(GATEWAY, status=502, seconds=0.1), 3.0, Outcome.PASS),  # the app server's own timeout came first
        (replace(GATEWAY, status=503, seconds=20.0), 0.0, Outcome.PASS),
        (PAGE, 0.0, Outcome.PASS),  # a cache in front, on a stack without the bench
        (NOTHING, 0.0, Outcome.FAIL),
        (replace(GATEWAY, seconds=20.1), 0.0, Outcome.FAIL),
        (replace(GATEWAY, status=200), 0.0, Outcome.FAIL),  # "all fine"
        (replace(GATEWAY, status=404), 0.0, Outcome.FAIL),
        (GATEWAY, -1.0, Outcome.FAIL),  # never came back
    ),
)
def test_a_frozen_app_must_lead_to_an_error_in_time(waiting: Reply, back: float, outcome: Outcome) -> None:
    verdict = proxy.upstream_timeout_bounded.judge(replace(FROZEN, waiting=waiting, back=back))
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("files", "outcome"),
    (
        ((CSS,), Outcome.PASS),
        ((CSS, replace(CSS, path="/static/app.js?v=1")), Outcome.PASS),
        ((), Outcome.SKIP),
        ((CSS, LATE_CSS), Outcome.FAIL),
        ((replace(CSS, reply=replace(GATEWAY, seconds=2.0)),), Outcome.FAIL),
        ((replace(CSS, reply=replace(CSS.reply, status=404)),), Outcome.FAIL),
        ((replace(CSS, expected="e" * 64),), Outcome.FAIL),  # an old copy in the proxy's image
    ),
)
def test_static_files_must_come_without_the_app(files: tuple[FrozenFile, ...], outcome: Outcome) -> None:
    verdict = static.static_by_proxy.judge(replace(FROZEN, files=files))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert files[-1].path in verdict.because


BACK = Comeback(1.0, 1.1, 0, PAGE)
DOWN = AppDown(
    SITE,
    "/bench/whoami",
    "app",
    bench=True,
    usual=PAGE,
    gone=2.0,
    replies=(PAGE, replace(GATEWAY, at=1.9, seconds=2.0), replace(GATEWAY, at=2.1, status=502, seconds=0.0)),
    comeback=BACK,
)
LATE = 2.5  # seconds: after the app was gone


@pytest.mark.parametrize(
    ("reply", "outcome"),
    (
        (Reply(LATE, 502, 5.0, 65536), Outcome.PASS),
        (Reply(LATE, 503, 0.0, 200), Outcome.PASS),
        (Reply(LATE, 504, 2.0, 200), Outcome.PASS),
        (replace(PAGE, at=1.9), Outcome.PASS),  # the app's last answer
        (Reply(LATE, 200, 0.0, 361, PAGE.sha256), Outcome.PASS),  # the page itself, kept for such times
        (Reply(LATE, 502, 5.1, 200), Outcome.FAIL),
        (Reply(1.9, 0, 6.0, error="timed out"), Outcome.FAIL),  # the first one after the app went, into the void
        (Reply(LATE, 0, 0.0, error="connection reset"), Outcome.FAIL),
        (Reply(LATE, 0, 0.0, error="no HTTP response"), Outcome.FAIL),
        (Reply(LATE, 200, 0.0, 100, "f" * 64), Outcome.FAIL),  # a page that says all is fine
        (Reply(LATE, 502, 0.1, 65537), Outcome.FAIL),
        (Reply(LATE, 500, 0.1, 100), Outcome.FAIL),
    ),
)
def test_every_answer_without_an_app_must_be_a_quick_gateway_error(reply: Reply, outcome: Outcome) -> None:
    verdict = proxy.bad_gateway_fast.judge(replace(DOWN, replies=(*DOWN.replies, reply)))
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("comeback", "outcome"),
    (
        (BACK, Outcome.PASS),
        (Comeback(1.0, 0.9, 0, PAGE), Outcome.PASS),  # answered before it was seen to listen
        (Comeback(4.0, 19.0, 0, PAGE), Outcome.PASS),  # a slow start is not the proxy's fault
        (Comeback(1.0, 16.1, 0, PAGE), Outcome.FAIL),
        (Comeback(1.0, -1.0, 0, GATEWAY), Outcome.FAIL),
        (Comeback(-1.0, -1.0, 0, GATEWAY), Outcome.FAIL),
    ),
)
def test_the_site_must_return_with_the_app(comeback: Comeback, outcome: Outcome) -> None:
    assert proxy.recovers_after_app_restart.judge(replace(DOWN, comeback=comeback)).outcome is outcome


MOVED = AppMoved(
    SITE,
    "/bench/whoami",
    "app",
    "lab3_default",
    ("172.18.0.2",),
    ("172.18.0.4",),
    fixed=False,
    comeback=BACK,
    well=True,
)


@pytest.mark.parametrize(
    ("moved", "outcome", "words"),
    (
        (MOVED, Outcome.PASS, "172.18.0.4"),
        (replace(MOVED, comeback=replace(BACK, strangers=3)), Outcome.PASS, ""),  # until it asked again
        (replace(MOVED, fixed=True, new=("172.18.0.2",)), Outcome.PASS, "does not move"),
        (replace(MOVED, comeback=Comeback(1.0, -1.0, 150, replace(GATEWAY, status=418))), Outcome.FAIL, "150 of its"),
        (replace(MOVED, comeback=Comeback(1.0, -1.0, 0, GATEWAY), well=False), Outcome.FAIL, "still broken"),
    ),
)
def test_the_proxy_must_follow_the_app(moved: AppMoved, outcome: Outcome, words: str) -> None:
    verdict = proxy.follows_app_ip.judge(moved)
    assert verdict.outcome is outcome
    assert words in verdict.because


def test_every_rule_states_the_numbers_that_its_judge_compares_with() -> None:
    assert f"within {proxy.LONGEST_WAIT} s" in proxy.upstream_timeout_bounded.rule
    assert f"within {proxy.QUICK} s" in proxy.bad_gateway_fast.rule
    assert f"within {proxy.RECOVERY} s" in proxy.recovers_after_app_restart.rule
    assert f"within {proxy.RECOVERY} s" in proxy.follows_app_ip.rule


def test_one_window_serves_all_that_is_asked_of_a_frozen_app_and_one_all_of_a_stopped_one() -> None:
    assert proxy.proxy_in_front.probe == proxy.upstream_timeout_bounded.probe == static.static_by_proxy.probe
    assert proxy.bad_gateway_fast.probe == proxy.recovers_after_app_restart.probe
