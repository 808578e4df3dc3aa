"""Given a stack that writes to disk for each request, when requests are counted, then what grows is found and named."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar, cast

from grader.checks.logs import log_bounded
from grader.model import Outcome, Probe, Reason, Role
from grader.probes.http import Entry
from grader.probes.logs.growth import REQUESTS, Grow, Growth
from grader.stacks.base import CouldNotLook, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.values import Process, ServiceFacts
from tests.probes.logged import PROXY
from tests.probes.service import SERVICE, process
from tests.probes.site import response

E = TypeVar("E")
BOUNDED = replace(SERVICE, log_driver="json-file", log_options=(("max-file", "3"), ("max-size", "10m")))
SIZE = 200  # bytes that each request adds


class Writing:
    """An app and a database; each request adds SIZE bytes to `grows`, in the service's layer unless below /data."""

    settings = Settings()

    def __init__(self, *grows: str, service: str = "app", driver: str = "local") -> None:
        self._grows, self._in, self._asked = grows, service, 0
        other = replace(PROXY, service="database", id="dada", log_driver=driver)
        done = replace(PROXY, service="job", id="f00d", one_shot=True)
        self._services = (BOUNDED, other, done)

    def ask(self, probe: Probe[E]) -> E:
        if isinstance(probe, Entry):
            return cast("E", Address("127.0.0.1", 8080))
        return probe.ask(cast("Stack", self))

    def roles(self) -> tuple[Role, ...]:
        return (Role("app", ("app",), ""), Role("edge", ("app",), ""))

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return self._services

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        self._asked += 1
        return Exchange(response(404), "", cut=False, closed=True, first=0.0, total=0.0)

    def layer_size(self, service: ServiceFacts) -> int:
        mine = [path for path in self._grows if service.service == self._in and not path.startswith("/data/")]
        return 5000 + SIZE * self._asked * len(mine)

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        return (process(1, 0), process(7))

    def inside(self, service: ServiceFacts, op: str, **args: object) -> object:
        if op == "fd_links":
            mine = self._grows if service.service == self._in else ()
            return ["pipe:[123]", "socket:[456]", "/dev/null", "/data/pinboard.sqlite", "/gone (deleted)", *mine]
        if args["path"] == "/tmp/link":
            raise CouldNotLook(Reason.UNREACHABLE, "a symbolic link on the way is not followed")
        return {"size": 1000 + SIZE * self._asked}


def grown(*grows: str, service: str = "app", driver: str = "local") -> Growth:
    return Writing(*grows, service=service, driver=driver).ask(Grow())


def test_a_stack_that_writes_nothing_is_fine_and_every_lasting_service_is_looked_at() -> None:
    seen = grown()
    assert [bounds.service for bounds in seen.services] == ["app", "database"]
    assert (seen.requests, seen.answered) == (REQUESTS, REQUESTS)
    assert log_bounded.judge(seen).outcome is Outcome.PASS


def test_a_log_file_in_a_container_is_named() -> None:
    verdict = log_bounded.judge(grown("/var/log/app.log"))
    assert verdict.outcome is Outcome.FAIL
    assert f"/var/log/app.log grew by {SIZE * REQUESTS} bytes" in verdict.because


def test_a_log_file_on_a_volume_is_found_too() -> None:
    assert "/data/access" in log_bounded.judge(grown("/data/access")).because


def test_a_file_that_nobody_holds_open_shows_in_the_size_of_the_layer() -> None:
    verdict = log_bounded.judge(grown("/tmp/link"))
    assert verdict.outcome is Outcome.FAIL
    assert "into its own layer" in verdict.because


def test_what_a_database_writes_is_its_own_affair_but_not_its_log() -> None:
    assert log_bounded.judge(grown("/data/wal/00000001", service="database")).outcome is Outcome.PASS
    assert log_bounded.judge(grown("/data/redis.log", service="database")).outcome is Outcome.FAIL


def test_a_driver_without_a_bound_is_red() -> None:
    assert "database" in log_bounded.judge(grown(driver="json-file")).because
