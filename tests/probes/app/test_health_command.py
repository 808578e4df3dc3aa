"""Given a health check, when it is run beside a well, a hung and a broken app, then its exit codes are brought back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from grader.checks import health
from grader.model import Outcome, Reason
from grader.probes.app import health_command
from grader.probes.app.health_command import RunBesideStandIn, RunHealthCheck, RunWhileHung
from grader.stacks.base import CouldNotLook, NotApplicable
from grader.stacks.dealings import Ran, Rehearsed, Undo
from grader.stacks.values import HealthCheck, Process, ServiceFacts, Socket, Sockets
from tests.probes.monitored import Monitored

SHELL = ("/bin/sh", "-c", "curl -fsS http://127.0.0.1:8000/healthz || exit 1")
PYTHON = ("python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=3)")


@dataclass
class Checked(Monitored):
    """`kind` is what the health check does: http, tcp (a connection is enough), curl (any answer), true, process."""

    kind: str = "http"
    check: HealthCheck | None = field(default_factory=lambda: HealthCheck(PYTHON, 5.0, 4.0, 3))
    listens: int = 8000
    asleep: set[int] = field(default_factory=set)

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return tuple(replace(f, health_check=self.check, health="healthy") for f in super().services(fresh=fresh))

    def apps(self) -> tuple[object, ...]:  # type: ignore[override]
        return tuple(replace(app, service=self.services()[0]) for app in super().apps())

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        tree = super().apps()[0].tree
        return tuple(replace(p, state="T") if p.pid in self.asleep else p for p in tree)

    def sockets(self, service: ServiceFacts) -> Sockets:
        dns = Socket("127.0.0.11", 43_210, "", ())  # the engine's own name server
        return Sockets((Socket("0.0.0.0", self.listens, "" if self.listens else "/run/app.sock", (1,)), dns), ())

    def signal(self, service: ServiceFacts, process: Process, number: int) -> bool:
        self.asleep.add(process.pid)
        return True

    @contextmanager
    def disturbing(self, undo: Undo) -> Iterator[None]:
        yield
        self.asleep.discard(undo.numbers[0] if undo.numbers else 0)

    def run(self, service: ServiceFacts, argv: tuple[str, ...], *, seconds: float) -> Ran:
        hung = bool(self.asleep) and self.kind in ("http", "curl")
        return Ran(None if hung else 0, "", seconds if hung else 0.1)

    def rehearse(
        self, service: ServiceFacts, argv: tuple[str, ...], ports: tuple[int, ...], reply: bytes, *, seconds: float
    ) -> Rehearsed:
        assert ports == (8000,)
        good = reply.startswith(b"HTTP/1.1 200") and b"nonce" in reply  # the app's own answer, not any
        code = {"http": 0 if good else 1, "process": 1}.get(self.kind, 0)
        return Rehearsed(Ran(code, "", 0.1), ("GET /healthz HTTP/1.1",) if self.kind in ("http", "curl") else ())


@pytest.mark.parametrize(
    ("kind", "hang", "error"),
    (
        ("http", Outcome.PASS, Outcome.PASS),
        ("curl", Outcome.PASS, Outcome.FAIL),  # content with any answer
        ("tcp", Outcome.FAIL, Outcome.FAIL),  # the kernel accepts for a process that stands still
        ("true", Outcome.FAIL, Outcome.FAIL),
        ("process", Outcome.FAIL, Outcome.FAIL),
    ),
)
def test_only_a_health_check_that_wants_a_good_answer_finds_out(kind: str, hang: Outcome, error: Outcome) -> None:
    stack = Checked(kind=kind)

    assert health.healthcheck_detects_hang.judge(RunWhileHung().ask(stack.stack)).outcome is hang
    assert health.healthcheck_detects_5xx.judge(RunBesideStandIn().ask(stack.stack)).outcome is error
    assert not stack.asleep


@pytest.mark.parametrize(
    ("check", "off", "line"),
    (
        (None, False, ""),
        (HealthCheck((), 30, 30, 3), True, ""),
        (HealthCheck(PYTHON, 5, 4, 3), False, f'python -c "{PYTHON[2]}"'),
        (HealthCheck(SHELL, 5, 4, 3), False, f"sh -c '{SHELL[2]}'"),
        (HealthCheck(("check", "--token=abcdefgh"), 5, 4, 3), False, "check --token=[masked]"),
    ),
)
def test_a_health_check_is_shown_as_a_learner_can_type_it(check: HealthCheck | None, off: bool, line: str) -> None:
    seen = RunHealthCheck().ask(Checked(check=check).stack)

    assert (seen.command.line if seen.command else "") == line
    assert seen.off is off


def test_a_health_check_that_fails_once_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, codes = Checked(), iter((1, 0))
    monkeypatch.setattr(stack, "run", lambda service, argv, seconds: Ran(next(codes), "", 0.1))

    ended = RunHealthCheck().ask(stack.stack).ended
    assert ended is not None
    assert ended.code == 0


def test_a_unix_socket_is_not_stood_in_for() -> None:
    with pytest.raises(NotApplicable, match="unix socket"):
        RunBesideStandIn().ask(Checked(listens=0).stack)


def test_processes_that_cannot_be_stopped_are_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Checked()
    monkeypatch.setattr(stack, "signal", lambda service, process, number: True)
    monkeypatch.setattr("grader.probes.app.frozen.STANDS_STILL", 0.1)

    with pytest.raises(CouldNotLook) as trouble:
        RunWhileHung().ask(stack.stack)
    assert trouble.value.reason is Reason.NO_PERMISSION


def test_an_app_that_wakes_up_slowly_has_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, codes = Checked(), iter((1, 1, 1, 0, 0))
    monkeypatch.setattr(stack, "run", lambda service, argv, seconds: Ran(next(codes), "", 0.1))
    monkeypatch.setattr(health_command, "AGAIN", 2.0)

    assert RunWhileHung().ask(stack.stack).after.code == 0
