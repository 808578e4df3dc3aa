"""Lab 6's stack: what no check asks. The dashboard shows data, the rules are tested, an outage of Redis is reported."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from grader.catalog import root
from tests.labs.conftest import Running, docker, memory, running
from tests.labs.test_dashboard import PANELS

pytestmark = pytest.mark.docker
MEMORY = 400  # MB that the whole stack may take
# One request of each kind that a panel asks about, sent from inside to the app itself: no certificate is in the way.
TRAFFIC = """
from urllib.request import urlopen
from urllib.error import HTTPError
for path in ("/", "/bench/boom", "/bench/slow?seconds=0.3", "/login"):
    try:
        urlopen("http://127.0.0.1:8000" + path, b"user=eve&password=x" if path == "/login" else None, timeout=5).read()
    except HTTPError:
        pass
"""
QUERIES = [(panel["title"], query["expr"]) for panel in PANELS for query in panel["targets"]]


@pytest.fixture(scope="module")
def lab6(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("labs") / "lab six", "lab6")


@pytest.fixture(scope="module")
def visited(lab6: Running) -> Running:
    """After requests that not only Prometheus has seen, but its rules, too: they are computed every 5 s.

    Who waited for quiet before that would find it at once, and the alert would begin afterwards.
    """

    def seen() -> bool:
        sent = lab6.stack.compose("exec", "-T", "app", "python", "-c", TRAFFIC)
        assert sent.returncode == 0, sent.stderr
        return bool(ask(lab6, "job:http_errors:ratio20s > 0"))

    wait_until(seen, 60)
    return lab6


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.5)


def ask(lab6: Running, query: str) -> list[float]:
    """The values that Prometheus answers an instant query with."""
    port = lab6.stack.ports["PINBOARD_PROMETHEUS_PORT"]
    with urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={quote(query)}", timeout=10) as answer:
        data = json.load(answer)["data"]
    return [float(result["value"][1]) for result in data["result"]]


def notices(lab6: Running) -> list[list[str]]:
    """Status and name of the alerts that reached the receiver, the newest first."""
    port = lab6.stack.ports["PINBOARD_WEBHOOK_PORT"]
    with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return [line.split()[1:3] for line in answer.read().decode().splitlines() if "  " in line]


def last_told(lab6: Running) -> dict[str, str]:
    """What was told last of each alert: firing or resolved."""
    return {name: status for status, name in reversed(notices(lab6))}


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[f"{title}-{n}" for n, (title, _) in enumerate(QUERIES)])
def test_every_query_of_the_dashboard_returns_data(visited: Running, title: str, query: str) -> None:
    found = ask(visited, query.replace("$__rate_interval", "20s"))  # what Grafana makes of it: four scrapes

    assert found
    assert all(value == value for value in found), "NaN is no data"


def test_the_stack_is_small(visited: Running) -> None:
    held = memory(visited.stack)

    assert len(held) == 8
    assert sum(held.values()) < MEMORY * 1e6


def test_an_outage_of_redis_is_reported_and_its_end_too(visited: Running) -> None:
    # The traffic above had errors. Until they are out of the rule's window, an alert may still begin …
    # (for as long as it is, or one scrape that comes late would look like quiet)
    wait_until(lambda: not ask(visited, "max_over_time(job:http_errors:ratio20s[20s]) > 0"), 90)
    wait_until(lambda: not ask(visited, "count_over_time(ALERTS[20s])"), 90)
    wait_until(lambda: "firing" not in last_told(visited).values(), 60)  # … and their end is told later
    earlier = len(notices(visited))

    def since() -> list[list[str]]:
        told = notices(visited)
        return told[: len(told) - earlier]

    visited.stack.compose("stop", "--timeout", "1", "redis")
    try:
        wait_until(lambda: ["firing", "DependencyDown"] in since(), 45)
    finally:
        visited.stack.compose("start", "redis")
    wait_until(lambda: ["resolved", "DependencyDown"] in since(), 45)

    # A set: Alertmanager tells of a group as a whole, so it may name twice what still fires.
    assert {name for status, name in since() if status == "firing"} == {"DependencyDown"}, "one cause, one alert"


PROMETHEUS, ALERTMANAGER = "prom/prometheus:v2.53.4", "prom/alertmanager:v0.28.1"
SOLUTION, STARTER = root() / "solutions/lab6-monitoring", root() / "labs/lab6-monitoring"


@pytest.mark.parametrize(
    ("files", "image", "command"),
    (
        (SOLUTION, PROMETHEUS, "promtool check config /lab/prometheus/prometheus.yml"),
        (SOLUTION, PROMETHEUS, "promtool test rules /lab/prometheus/rules.test.yml"),
        (SOLUTION, ALERTMANAGER, "amtool check-config /lab/alertmanager/alertmanager.yml"),
        (STARTER, PROMETHEUS, "promtool check config /lab/prometheus/prometheus.yml"),
        (STARTER, ALERTMANAGER, "amtool check-config /lab/alertmanager/alertmanager.yml"),
    ),
)
def test_their_own_tools_find_nothing_wrong(files: Path, image: str, command: str) -> None:
    program, *words = command.split()
    said = docker("run", "--rm", "--network", "none", "-v", f"{files}:/lab:ro", "--entrypoint", program, image, *words)

    assert "SUCCESS" in said
    assert "FAILED" not in said


def test_nothing_is_left_after_down(lab6: Running) -> None:
    """Last of all: it ends the stack. Volumes without a name would stay for ever."""
    containers = lab6.stack.compose("ps", "--all", "--quiet").stdout.decode().split()
    mounted = docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", *containers).split()

    lab6.stack.compose("down", "--volumes", "--timeout", "1")

    assert mounted
    assert not set(mounted) & set(docker("volume", "ls", "--quiet").split())
