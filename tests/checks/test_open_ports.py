"""Given every published port, when they are judged, then what other machines reach must be an entry for visitors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.network import only_edge_published
from grader.model import Outcome
from grader.probes.greeting import Speaks
from grader.probes.stack.published import Binding, Bindings, is_local

EDGE = Binding("proxy", "0.0.0.0", 8080, 80, False, True, False, Speaks.HTTP, None, "")
REDIS = Binding("cache", "0.0.0.0", 6379, 6379, False, False, False, None, None, "")


@pytest.mark.parametrize(
    ("binding", "outcome"),
    (
        (EDGE, Outcome.PASS),
        (replace(EDGE, host_port=8443, speaks=Speaks.TLS), Outcome.PASS),  # an extra entry
        (replace(EDGE, host_port=8081, shared=True), Outcome.PASS),
        (replace(EDGE, address="127.0.0.1", local=True), Outcome.PASS),
        (replace(REDIS, address="127.0.0.1", local=True), Outcome.PASS),  # for whoever debugs on this host
        (replace(REDIS, speaks=Speaks.HTTP, app=True), Outcome.PASS),  # net.app-port-unpublished is red, once
        (REDIS, Outcome.FAIL),
        (replace(REDIS, address=""), Outcome.FAIL),
        (replace(REDIS, address="192.168.1.5"), Outcome.FAIL),  # Prometheus on the LAN
        (replace(EDGE, port=9191, speaks=Speaks.SILENCE), Outcome.FAIL),  # uWSGI statistics in the same container
        (replace(EDGE, port=9001, shared=False), Outcome.FAIL),  # supervisord's own web page
        (replace(EDGE, port=8081, shared=True, state_path="/stub_status"), Outcome.FAIL),
    ),
)
def test_other_machines_reach_entries_only(binding: Binding, outcome: Outcome) -> None:
    verdict = only_edge_published.judge(Bindings((EDGE, binding), "proxy"))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert binding.service in verdict.reproduce


@pytest.mark.parametrize(
    ("address", "local"),
    (("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("", False)),
)
def test_only_loopback_is_local(address: str, local: bool) -> None:
    assert is_local(address) is local
