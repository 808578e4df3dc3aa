"""Given other ways into the stack, when they are judged, then the one that leads to the app is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.network import app_port_unpublished
from grader.model import Outcome
from grader.probes.edge.sidedoors import Door, Doors

DOOR = Door("127.0.0.1", 8000, "app", published=True, direct=True, forged=False, declared=False)
HARMLESS = replace(DOOR, direct=False, service="cache", port=6379)


@pytest.mark.parametrize(
    ("doors", "outcome"),
    (
        ((), Outcome.PASS),  # the site's own port only; expose: opens none
        ((HARMLESS,), Outcome.PASS),
        ((replace(DOOR, declared=True),), Outcome.PASS),  # for this machine, on purpose, in grader.toml
        ((DOOR,), Outcome.FAIL),  # a leftover ports:, a relay, `docker compose run --service-ports`
        ((HARMLESS, replace(DOOR, port=9000, service="relay")), Outcome.FAIL),
        ((replace(DOOR, address="192.0.2.7", published=False),), Outcome.FAIL),  # network_mode: host
        ((replace(DOOR, direct=False, forged=True),), Outcome.FAIL),  # a second proxy that trusts anybody
    ),
)
def test_no_other_way_may_lead_to_the_app(doors: tuple[Door, ...], outcome: Outcome) -> None:
    verdict = app_port_unpublished.judge(Doors("localhost:8080", doors))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert doors[-1].where in verdict.because
        assert f" http://{doors[-1].where} " in verdict.reproduce


def test_an_ipv6_address_is_written_as_in_a_url() -> None:
    assert replace(DOOR, address="::1").where == "[::1]:8000"


def test_a_door_that_speaks_tls_is_tried_over_tls() -> None:
    verdict = app_port_unpublished.judge(Doors("localhost:8080", (replace(DOOR, port=8443, secret=True),)))
    assert "curl -sk -i -m 5 https://127.0.0.1:8443 " in verdict.reproduce
