"""Given an app whose workers count, when requests are sent, then the probes bring back what each look showed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.checks import metrics, metrics_read
from grader.model import Outcome
from grader.probes.monitoring import counting, scraped, scraping
from grader.probes.monitoring import metrics as pages
from grader.probes.monitoring.counting import CountAll
from grader.probes.monitoring.metrics import Expose, Sources
from grader.probes.monitoring.red import SendMix
from grader.probes.monitoring.scraped import AskPrometheus
from grader.probes.monitoring.scraping import Series, Snapshot
from grader.probes.monitoring.series import AskForNothing, fell, stuck
from grader.probes.monitoring.unpublished import LookFromOutside
from grader.stacks.base import CouldNotLook, Settings
from grader.stacks.dealings import Vantage
from tests.probes.monitored import Monitored, target
from tests.probes.site import response


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "LATE", 0.1)
    monkeypatch.setattr(scraped, "SPARE", 0.2)


def test_counters_that_add_up_over_workers_are_exact() -> None:
    seen = CountAll(60, 8, 12).ask(Monitored().stack)

    assert seen.exact
    assert (seen.sent, seen.rise, seen.processes) == (60, 60, 4)
    assert metrics.metrics_all_workers.judge(seen).outcome is Outcome.PASS


def test_counters_of_single_workers_know_a_share() -> None:
    seen = CountAll(60, 8, 12).ask(Monitored(shared=False).stack)

    assert not seen.exact
    assert metrics.metrics_all_workers.judge(seen).outcome is Outcome.FAIL


def test_counters_without_a_path_count_what_others_ask_too() -> None:
    seen = CountAll(60, 8, 12).ask(Monitored(label=lambda path: "any").stack)

    assert not seen.own
    assert seen.exact


@pytest.mark.parametrize(
    ("body", "kind", "outcome", "word"),
    (
        (None, "text/plain; version=0.0.4", Outcome.PASS, "http_requests_total grew"),
        (None, "text/html", Outcome.FAIL, "Content-Type is text/html"),
        (b"<html></html>", "text/html", Outcome.FAIL, "HTML page"),
        (
            b"# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total 3\n",
            "text/plain",
            Outcome.FAIL,
            "no counter",
        ),
        (b"# TYPE hits counter\nhits_total 3\n", "text/plain", Outcome.FAIL, "nothing on it grew"),
        (b"a 1\n" * 100_000, "text/plain", Outcome.FAIL, "100000 lines"),
    ),
)
def test_a_page_of_metrics_has_a_counter_that_grows(body: bytes | None, kind: str, outcome: Outcome, word: str) -> None:
    verdict = metrics.metrics_exposed.judge(Expose().ask(Monitored(page=body, page_type=kind).stack))

    assert verdict.outcome is outcome
    assert word in verdict.because


def test_a_page_larger_than_the_cap_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scraping, "CAP", 100)

    def cut(*words: object, **bounds: object) -> object:
        return type(real)(real.raw[:100], "", cut=True, closed=False, first=0.0, total=0.0)

    stack = Monitored(page=b"a 1\n" * 100)
    real = stack.exchange(Sources().ask(stack.stack)[0].via, Sources().ask(stack.stack)[0].to, b"GET /metrics HTTP/1.1")
    source = Sources().ask(stack.stack)[0]
    monkeypatch.setattr(stack, "exchange", cut)

    assert "more than" in scraping.scrape(stack.stack, source).error


def test_a_mix_is_counted_with_its_errors() -> None:
    seen = SendMix().ask(Monitored().stack)

    assert seen.total is not None
    assert seen.total.by == 39
    assert seen.errors is not None
    assert (seen.errors.label, seen.errors.by) == ('status="500"', 10)


def test_errors_that_are_not_counted_are_missed() -> None:
    seen = SendMix().ask(Monitored(counts_errors=False).stack)
    verdict = metrics.metrics_red.judge(seen)

    assert verdict.outcome is Outcome.FAIL
    assert "grew by 29" in verdict.because


@pytest.mark.parametrize(
    ("label", "outcome"),
    (
        (lambda path: path if path.startswith("/bench/") and "echo" not in path else "other", Outcome.PASS),
        (lambda path: path, Outcome.FAIL),
        (lambda path: path[:20], Outcome.FAIL),  # shortened, and still as many as visitors want
        (lambda path: "", Outcome.PASS),
    ),
)
def test_random_urls_make_no_new_series(label: Callable[[str], str], outcome: Outcome) -> None:
    seen = AskForNothing(100, 20).ask(Monitored(label=label).stack)

    assert metrics_read.metrics_bounded.judge(seen).outcome is outcome


def shown_once(**values: float) -> Snapshot:
    """Series without labels: those in capitals are gauges."""
    series: dict[Series, float] = {(name.lower(), ()): value for name, value in values.items()}
    kinds = {name.lower(): "gauge" if name.isupper() else "counter" for name in values}
    return Snapshot(series, frozenset(key for key in series if kinds[key[0]] == "counter"), kinds)


def test_a_counter_that_falls_is_named_and_one_that_grows_is_not() -> None:
    before = shown_once(hits=9.0, errors=5.0, BUSY=1.0)

    assert fell(before, shown_once(hits=12.0, errors=5.0, BUSY=0.0)) == ""
    assert fell(before, shown_once(hits=3.0, errors=4.0)) == "hits"


def test_a_gauge_that_rose_while_all_were_busy_has_to_come_down() -> None:
    before, busy = shown_once(BUSY=1.0, IDLE=4.0, hits=1.0), shown_once(BUSY=4.0, IDLE=1.0, hits=5.0)

    assert stuck(before, busy, shown_once(BUSY=1.0, IDLE=4.0, hits=5.0)) == ""
    assert stuck(before, busy, shown_once(BUSY=2.0, IDLE=4.0, hits=5.0)) == "busy"


@pytest.mark.parametrize(
    ("shown", "outcome"),
    (
        ((), Outcome.PASS),
        (("/metrics",), Outcome.FAIL),
        (("/metrics/",), Outcome.FAIL),
        (("//metrics",), Outcome.FAIL),
        (("/%6detrics",), Outcome.FAIL),
        (("/nginx_status",), Outcome.FAIL),
    ),
)
def test_every_spelling_is_closed_at_the_edge(shown: tuple[str, ...], outcome: Outcome) -> None:
    seen = LookFromOutside().ask(Monitored(edge_shows=shown).stack)

    assert metrics_read.metrics_not_public.judge(seen).outcome is outcome


@pytest.mark.parametrize(
    ("targets", "outcome", "word"),
    (
        ((target(),), Outcome.PASS, "grew"),
        ((target("172.18.0.2:8000"),), Outcome.PASS, "grew"),  # found by address
        ((target("pinboard:8000"),), Outcome.PASS, "grew"),  # an alias: the counter is there
        ((target("proxy:80", health="down", lastError="HTTP status 404"),), Outcome.FAIL, "HTTP status 404"),
        ((target(health="down", lastError="connection refused"),), Outcome.FAIL, "connection refused"),
        ((target(scrapeInterval="1m"),), Outcome.FAIL, "every 60 s"),
        ((), Outcome.FAIL, "no targets at all"),
    ),
)
def test_prometheus_has_to_read_the_app(targets: tuple[dict[str, object], ...], outcome: Outcome, word: str) -> None:
    verdict = metrics_read.prometheus_scrapes.judge(AskPrometheus().ask(Monitored(targets=targets).stack))

    assert verdict.outcome is outcome, verdict.because
    assert word in verdict.because


def test_a_stack_without_prometheus_fails_and_does_not_crash() -> None:
    seen = AskPrometheus().ask(Monitored(without=("prometheus",)).stack)

    assert "no service of the stack answers as Prometheus does" in seen.error
    assert metrics_read.prometheus_scrapes.judge(seen).outcome is Outcome.FAIL


def test_the_metrics_of_another_port_are_named_in_grader_toml() -> None:
    stack = Monitored(settings=Settings(metrics="http://app:9464/numbers?x=1"))
    found = Sources().ask(stack.stack)

    assert [(source.to.host, source.to.port, source.path) for source in found] == [("172.18.0.2", 9464, "/numbers?x=1")]


def test_a_name_that_nobody_has_is_an_answer_in_words() -> None:
    with pytest.raises(CouldNotLook, match="no running service is called exporter"):
        Sources().ask(Monitored(settings=Settings(metrics="http://exporter:9102/metrics")).stack)


@pytest.mark.parametrize(
    ("body", "own"),
    (
        (None, False),  # an exporter that counts the app's requests
        (b"# TYPE alertmanager_build_info gauge\nalertmanager_build_info 1\n# TYPE hits counter\nhits_total 1\n", True),
        (b"# TYPE hits counter\nhits_total 1\n", True),  # counts something else
    ),
)
def test_what_prometheus_reads_elsewhere_counts_only_if_it_counts_the_app(
    body: bytes | None, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LATE", 0.1)
    stack = Elsewhere(page=body, targets=(target(), target("alertmanager:9093")))

    assert Sources().ask(stack.stack)[0].service == ("app" if own else "alertmanager")


class Elsewhere(Monitored):
    """The app has no metrics page of its own: another service has one."""

    def _answer(self, name: str, via: Vantage, target: str) -> bytes:
        if target == "/metrics" and name == "app":
            return response(404)
        if target == "/metrics" and name == "alertmanager":
            return response(200, self._page(0), Content_Type=self.page_type)
        return super()._answer(name, via, target)
