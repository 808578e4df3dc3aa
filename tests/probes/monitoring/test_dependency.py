"""Given an app that leans on another service, when that is stopped, then the probe sees what the app says of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from grader.checks import readiness
from grader.model import Outcome
from grader.probes.monitoring import dependency
from grader.probes.monitoring.dependency import READY, Dependencies, StopDependency
from grader.probes.topology import Named
from grader.stacks.base import CouldNotLook, NotApplicable, Settings
from grader.stacks.dealings import From, Vantage
from grader.stacks.values import ServiceFacts, Socket, Sockets
from tests.probes.absences import facts
from tests.probes.monitored import Monitored
from tests.probes.site import response


@dataclass
class Leaning(Monitored):
    """An app that connects to `redis`. `far` says that only redis remembers the connection."""

    ready: str = "true"  # or "constant", "never again"
    alive: str = "shallow"  # or "deep"
    far: bool = False
    connects: bool = True
    was_down: bool = False

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        redis = facts("redis", "172.18.0.9")
        return (*super().services(fresh=fresh), redis) if "redis" not in self.stopped else super().services(fresh=fresh)

    def sockets(self, service: ServiceFacts) -> Sockets:
        return (
            Sockets((Socket("0.0.0.0", 6379, "", (1,)),), ())
            if service.service == "redis"
            else super().sockets(service)
        )

    def inside(self, service: ServiceFacts, op: str, **args: object) -> object:
        own = {"own_port": 40_000, "address": "::ffff:172.18.0.9", "port": 6379}
        theirs = {"own_port": 6379, "address": "172.18.0.2", "port": 40_000}
        scraped = {"own_port": 8000, "address": "172.18.0.4", "port": 50_000}  # Prometheus comes to the app
        if service.service == "redis":
            return [theirs] if self.connects and self.far else []
        if service.service == "app":
            return [scraped, *([own] if self.connects and not self.far else [])]
        return []

    def wait_ready(self, service: ServiceFacts, seconds: float = 60.0) -> ServiceFacts:
        return service

    def _answer(self, name: str, via: Vantage, target: str) -> bytes:
        down = "redis" in self.stopped
        self.was_down = self.was_down or down
        if target == READY:
            broken = down or (self.ready == "never again" and self.was_down)
            return response(503 if broken and self.ready != "constant" else 200)
        if target == "/healthz" and via.kind is not From.HOST:
            return response(503 if down and self.alive == "deep" else 200)
        return super()._answer(name, via, target)


@pytest.mark.parametrize("far", (False, True))
def test_the_dependency_is_whom_the_app_connects_to(far: bool) -> None:
    assert Dependencies().ask(Leaning(far=far).stack) == ("redis",)


def test_grader_toml_can_name_the_dependency() -> None:
    assert Dependencies().ask(Leaning(connects=False, settings=Settings(dependency="redis")).stack) == ("redis",)


def test_a_dependency_that_does_not_run_is_an_answer_in_words() -> None:
    with pytest.raises(CouldNotLook, match="'postgres'"):
        Dependencies().ask(Leaning(settings=Settings(dependency="postgres")).stack)


def test_an_app_without_a_dependency_is_not_judged() -> None:
    with pytest.raises(NotApplicable, match="name that one as dependency"):
        Dependencies().ask(Leaning(connects=False).stack)


@pytest.mark.parametrize(
    ("stack", "ready", "alive"),
    (
        (Leaning(), Outcome.PASS, Outcome.PASS),
        (Leaning(ready="constant"), Outcome.FAIL, Outcome.PASS),
        (Leaning(ready="never again"), Outcome.FAIL, Outcome.PASS),
        (Leaning(alive="deep"), Outcome.PASS, Outcome.FAIL),
    ),
)
def test_health_pages_are_asked_while_the_dependency_is_away(
    stack: Leaning, ready: Outcome, alive: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependency, "POLL", 0.02)
    fresh = replace(stack, stopped=set(), done=[], was_down=False)
    seen = StopDependency(0.2, 0.2).ask(fresh.stack)

    assert readiness.readyz_reflects_dependency.judge(seen).outcome is ready
    assert readiness.liveness_shallow.judge(seen).outcome is alive
    assert fresh.done == ["note start redis-id", "stop redis"]
    assert not fresh.stopped


def test_the_bench_is_not_needed() -> None:
    stack = Leaning(bench=False)

    assert stack.ask(Named()) == ()
    assert Dependencies().ask(stack.stack) == ("redis",)
