"""Given servers that answer as a Prometheus or an Alertmanager should, or do not, then that is said in words."""

from __future__ import annotations

import json

import pytest

from grader.checks.metrics_read import prometheus_scrapes
from grader.model import Outcome
from grader.probes.monitoring.rules import rules_of, told
from grader.probes.monitoring.scraped import AskPrometheus
from grader.probes.monitoring.servers import Absent, Alertmanager, Prometheus, Targets, data_of, length, service_at
from grader.stacks.base import Settings
from grader.stacks.dealings import Vantage
from tests.probes.monitored import FakeRule, Monitored, target
from tests.probes.site import response


@pytest.mark.parametrize(
    ("text", "seconds"),
    (
        ("5s", 5.0),
        ("1m30s", 90.0),
        ("250ms", 0.25),
        ("1d", 86_400.0),
        (15, 15.0),
        ("", 0.0),
        ("soon", 0.0),
        (None, 0.0),
    ),
)
def test_a_duration_is_seconds(text: object, seconds: float) -> None:
    assert length(text) == seconds


def test_servers_are_found_by_what_they_answer() -> None:
    stack = Monitored().stack

    assert stack.ask(Prometheus()).service == "prometheus"
    assert stack.ask(Alertmanager()).service == "alertmanager"


def test_grader_toml_can_say_where_prometheus_is() -> None:
    found = Prometheus().ask(Monitored(settings=Settings(prometheus="http://prometheus:9090/prom/")).stack)

    assert (found.to.host, found.to.port, found.prefix) == ("172.18.0.4", 9090, "/prom")


class Broken(Monitored):
    """A Prometheus that answers `said` to every question after the first."""

    said: bytes = b""

    def _prometheus(self, path: str, query: dict[str, str]) -> bytes:
        return super()._prometheus(path, query) if path.endswith("buildinfo") else self.said


@pytest.mark.parametrize(
    ("said", "word"),
    (
        (b"", "connection refused"),
        (response(200, b"<html>"), "no JSON"),
        (response(200, b"[" * 100_000), "no JSON"),  # deeper than anybody means
        (response(200, b'{"status": "succ'), "no JSON"),  # half cut
        (response(503, b'{"status": "error", "error": "starting \x1b[31mup"}'), "no JSON"),
        (response(422, b'{"status": "error", "error": "parse error"}'), "parse error"),
        (response(200, b'"yes"'), "no object"),
    ),
)
def test_an_answer_that_is_none_is_an_error_in_words(said: bytes, word: str) -> None:
    stack = Broken()
    stack.said = said
    server = stack.ask(Prometheus())

    with pytest.raises(Absent, match=word):
        data_of(stack.stack, server, "/api/v1/rules")


@pytest.mark.parametrize("body", (b"null", b"[3]", b'{"groups": null}', b'{"groups": [{"rules": [null]}]}'))
def test_rules_that_are_missing_are_none(body: bytes) -> None:
    stack = Broken()
    stack.said = response(200, b'{"status": "success", "data": ' + body + b"}")

    assert rules_of(stack.stack, stack.ask(Prometheus())).rules == ()


class Recording(Monitored):
    """A Prometheus with a recording rule beside the alerting ones."""

    def _prometheus(self, path: str, query: dict[str, str]) -> bytes:
        if path != "/api/v1/rules":
            return super()._prometheus(path, query)
        recorded = {"type": "recording", "name": "job:errors:rate2m", "query": "sum(rate(errors_total[2m]))"}
        rules = [recorded, *map(self._rule, self.rules)]
        data = {"status": "success", "data": {"groups": [{"interval": 5, "rules": rules}]}}
        return response(200, json.dumps(data).encode())


def test_a_window_is_found_in_the_recording_rules_that_a_query_builds_on() -> None:
    stack = Recording(rules=(FakeRule("R", lambda seen: False, query="job:errors:rate2m > 1 and rate(x[30s]) > 0"),))

    assert [rule.window for rule in rules_of(stack.stack, stack.ask(Prometheus())).rules] == [120.0]


@pytest.mark.parametrize(
    ("host", "services"),
    (("app", ["app"]), ("172.18.0.2", ["app"]), ("nobody", []), ("", [])),
)
def test_a_host_of_the_stack_is_one_of_its_services(host: str, services: list[str]) -> None:
    assert [found.service for found in service_at(Monitored().stack, host)] == services


def test_targets_say_whom_they_lead_to() -> None:
    stack = Monitored(targets=(target(), target("localhost:9090"), target("proxy:80", health="down", lastError="404")))
    found = Targets().ask(stack.stack).active

    assert [(one.service, one.up) for one in found] == [("app", True), ("prometheus", True), ("proxy", False)]


def test_messages_that_were_refused_were_not_sent() -> None:
    stack = Monitored(delivers=False, told={"AppDown"})
    server = stack.ask(Alertmanager())

    assert (told(stack.stack, server).sent, told(stack.stack, server).refused) == (0, 1)


class OldAlertmanager(Monitored):
    """One that counts notifications, but not requests."""

    def _answer(self, name: str, via: Vantage, target: str) -> bytes:
        if name == "alertmanager" and target == "/metrics":
            lines = b'alertmanager_notifications_total{integration="email"} 3\n'
            lines += b'alertmanager_notifications_failed_total{integration="email"} 1\n'
            return response(200, lines, Content_Type="text/plain")
        return super()._answer(name, via, target)


def test_an_old_alertmanager_counts_notifications() -> None:
    stack = OldAlertmanager()

    assert told(stack.stack, stack.ask(Alertmanager())).sent == 2


class Starting(Monitored):
    """A Prometheus that has been up for a moment: it reads its target for the first time before the third question."""

    looks = 0

    def _prometheus(self, path: str, query: dict[str, str]) -> bytes:
        if path.endswith("/targets"):
            self.looks += 1
            untried = target(health="unknown", lastScrape="0001-01-01T00:00:00Z")
            if self.looks < 3:
                return response(200, json.dumps({"status": "success", "data": {"activeTargets": [untried]}}).encode())
        return super()._prometheus(path, query)


def test_a_target_that_was_never_read_yet_is_waited_for() -> None:
    seen = AskPrometheus().ask(Starting().stack)

    assert [one.up for one in seen.targets] == [True]
    assert prometheus_scrapes.judge(seen).outcome is Outcome.PASS
