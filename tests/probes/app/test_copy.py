"""Given a copy of the app with another setting, when its first page is read, then what it shows is what counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from grader.probes.app import copy
from grader.probes.app.copy import NAMES, RunCopy
from grader.probes.topology import App
from grader.stacks.base import CouldNotLook, NotApplicable, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.values import ServiceFacts, Socket
from tests.probes.service import SERVICE, process
from tests.probes.site import response

COPY = replace(SERVICE, id="copy", name="copy")


class Copies:
    """A stack whose app greets with one variable of its environment; `answers` is how often a copy is asked in vain."""

    settings = Settings()

    def __init__(self, reads: str, *, bench: bool = True, late: int = 0) -> None:
        self._reads, self._bench, self._late = reads, bench, late
        self._environment: dict[str, str] = {}
        self.running = 0

    def ask(self, probe: object) -> Any:
        server = process(1, 0)
        return (App(SERVICE, server, (server,), (Socket("0.0.0.0", 8000, "", (1,)),), confirmed=True),)

    @contextmanager
    def copy_of(self, service: ServiceFacts, environment: dict[str, str]) -> Iterator[ServiceFacts]:
        self._environment = environment
        self.running += 1
        try:
            yield COPY
        finally:
            self.running -= 1

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        if via.place == COPY.id:
            self._late -= 1
            raw = b"" if self._late >= 0 else response(200, self._environment.get(self._reads, "hello").encode())
        else:
            nonce = data.split(b"nonce=")[1].split(b" ")[0].decode()
            raw = response(200, f'{{"nonce": "{nonce}", "pid": 1}}'.encode()) if self._bench else response(404)
        return Exchange(raw, "", False, True, 0.0, 0.0)


@pytest.mark.parametrize(("reads", "shown"), (*((name, True) for name in NAMES), ("", False)))
def test_the_setting_is_read_under_any_usual_name(reads: str, shown: bool) -> None:
    stack = Copies(reads)
    assert RunCopy().ask(cast("Stack", stack)).shown is shown
    assert stack.running == 0


def test_a_copy_may_take_a_moment_to_start() -> None:
    assert RunCopy().ask(cast("Stack", Copies("APP_GREETING", late=3))).shown


def test_a_copy_that_never_answers_is_not_the_learners_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy, "PATIENCE", 0.2)
    stack = Copies("APP_GREETING", late=1000)
    with pytest.raises(CouldNotLook, match="did not answer"):
        RunCopy().ask(cast("Stack", stack))
    assert stack.running == 0


def test_an_app_without_the_bench_has_no_greeting_to_look_for() -> None:
    with pytest.raises(NotApplicable, match="APP_GREETING"):
        RunCopy().ask(cast("Stack", Copies("APP_GREETING", bench=False)))
