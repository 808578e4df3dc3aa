"""Given services that start, crash and settle, when they are looked at, then once or twice, as it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from grader.model import Reason
from grader.probes.stack import steady
from grader.probes.stack.steady import APART, BOOT, PROVEN, Steady, second_look
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.redaction import Redactor
from grader.stacks.values import LogText, ServiceFacts, State
from tests.probes.service import SERVICE

NOW = 2000.0
OLD = replace(SERVICE, started=NOW - 3600)
YOUNG = replace(SERVICE, started=NOW - 3)


@pytest.mark.parametrize(
    ("facts", "seconds"),
    (
        ((OLD,), 0.0),
        ((OLD, replace(YOUNG, one_shot=True)), 0.0),
        ((replace(OLD, state=State.EXITED),), 0.0),  # red already
        ((YOUNG,), APART),
        ((replace(OLD, started=NOW - 0.5),), BOOT - 0.5),  # it may still be on its way to its first end
        ((replace(OLD, started=NOW - 0.5, health="healthy"),), APART),  # what was asked, and answered, has started
        ((replace(OLD, restarts=2),), APART),
        ((replace(YOUNG, restarts=2),), PROVEN - 3),  # a crash loop looks like this, half of the time
        ((replace(YOUNG, restarts=2, started=NOW - 9.5),), APART),
        ((replace(YOUNG, restarts=2, started=NOW + 60),), PROVEN),  # the engine's clock is not this machine's
    ),
)
def test_a_second_look_is_taken_when_it_can_tell_something(facts: tuple[ServiceFacts, ...], seconds: float) -> None:
    assert second_look(facts, NOW) == seconds


class Sequence:
    """A stack that looks different each time; the last look stays."""

    project = "lab"
    log = b""

    def __init__(self, *looks: tuple[ServiceFacts, ...]) -> None:
        self.looks = list(looks)
        self.anew = 0

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return self.looks.pop(0) if fresh and len(self.looks) > 1 else self.looks[0]

    def found_anew(self) -> None:
        self.anew += 1

    def log_text(self, service: ServiceFacts, since: float) -> LogText:
        if not self.log:
            raise CouldNotLook(Reason.UNREACHABLE, "the engine is gone")
        return LogText(b"a line\n", self.log, cut=False)

    def redactor(self, key: bytes) -> Redactor:
        return Redactor(key, {"app": {"API_TOKEN": "k9-hush-hush"}})


def test_a_restart_between_two_looks_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "APART", 0.01)
    stack = Sequence((replace(OLD, restarts=4),), (replace(OLD, restarts=5),))
    seen = Steady().ask(cast("Stack", stack))
    assert [(member.restarts, member.again) for member in seen.members] == [(5, 1)]
    assert stack.anew == 1


def test_health_checks_get_time_to_settle() -> None:
    starting = replace(OLD, health="starting")
    stack = Sequence((starting,), (starting,), (starting,), (replace(OLD, health="healthy"),))
    seen = Steady().ask(cast("Stack", stack))
    assert [member.health for member in seen.members] == ["healthy"]
    assert seen.waited > 0
    assert stack.anew == 1  # what was known before is of a stack that was still starting


def test_a_quiet_stack_is_not_forgotten() -> None:
    stack = Sequence((OLD,))
    assert Steady().ask(cast("Stack", stack)).apart == 0.0
    assert stack.anew == 0


def test_a_stack_without_containers_cannot_be_judged() -> None:
    with pytest.raises(CouldNotLook, match="has no containers"):
        Steady().ask(cast("Stack", Sequence(())))


GUNICORN = b"""Traceback (most recent call last):
  File "/app/wsgi.py", line 4
SyntaxError: invalid syntax
[2026-01-02 03:04:05 +0000] [7] [INFO] Worker exiting (pid: 7)
[2026-01-02 03:04:05 +0000] [1] [ERROR] Reason: Worker failed to boot.
"""


@pytest.mark.parametrize(
    ("log", "said"),
    (
        (GUNICORN, "SyntaxError: invalid syntax"),
        (b'2026/01/02 03:04:05 [emerg] 1#1: unknown directive "prxy"\nbye\n', "2026/01/02 03:04:05 [emerg] 1#1: un"),
        (b"flask.cli.NoAppException: no app\n", "flask.cli.NoAppException: no app"),
        (b"one\nthe end\n\n", "the end"),
        (b"ValueError: k9-hush-hush is no token\n", "ValueError: [masked]"),
        (b"", ""),
    ),
)
def test_who_has_ended_is_quoted_with_the_line_that_says_why_and_without_secrets(log: bytes, said: str) -> None:
    stack = Sequence((replace(OLD, state=State.EXITED, exit_code=3),))
    stack.log = log

    quoted = Steady().ask(cast("Stack", stack)).members[0].said

    assert quoted.startswith(said)
    assert bool(quoted) == bool(said)
    assert "hush" not in quoted


def test_a_job_that_is_done_is_not_asked_for_its_last_words() -> None:
    stack = Sequence((replace(OLD, state=State.EXITED, one_shot=True),))
    stack.log = b"done\n"

    assert Steady().ask(cast("Stack", stack)).members[0].said == ""
