"""Does the same image run with other settings? A throw-away copy of the app gets a new one and is looked at."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, nonce, wait_for
from grader.probes.http import parse, request
from grader.probes.topology import app_of, needs_bench, whoami
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address, From, Vantage

PATIENCE = 15.0  # seconds until the copy must answer
# The greeting on Pinboard's first page, by the names that usual ways of reading the environment would give it.
NAMES = ("APP_GREETING", "FLASK_GREETING", "FLASK_APP_GREETING", "PINBOARD_GREETING", "GREETING")


@dataclass(frozen=True, slots=True)
class Copied:
    """How the copy's first page answered after `seconds`; `shown` says that it shows the new setting."""

    service: str
    setting: str
    status: int
    shown: bool
    seconds: float


@dataclass(frozen=True)
class RunCopy(Probe[Copied]):
    """Starts a copy of the app with another greeting, and reads the copy's first page."""

    seconds: ClassVar[float] = 6.0

    def ask(self, stack: Stack, /) -> Copied:
        app, word = app_of(stack), nonce()
        home = app.addresses()[0]
        if not whoami(stack, home, via=app.via).seen:
            raise needs_bench(f"a page that shows the setting {NAMES[0]}")
        with stack.copy_of(app.service, dict.fromkeys(NAMES, word)) as copy:
            begun, via = time.monotonic(), Vantage(From.INSIDE, copy.id)
            to = replace(home, pid=1 if home.path else 0)
            first = wait_for(lambda: _first_page(stack, via, to), PATIENCE)
            if first is None:
                raise CouldNotLook(
                    Reason.TIMED_OUT,
                    f"a copy of {app.service.service} with another greeting did not answer within {PATIENCE:.0f} s",
                )
            status, body = first
            seconds = round(time.monotonic() - begun, 1)
            return Copied(app.service.service, NAMES[0], status, word.encode() in body, seconds)


def _first_page(stack: Stack, via: Vantage, to: Address) -> tuple[int, bytes] | None:
    status, _, body, _ = parse(stack.exchange(via, to, request("/", host=stack.settings.hosts[0]), seconds=5).raw)
    return (status, body) if status else None
