"""Watches a Prometheus's alerting rules while something else is done to the stack."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from grader.model import Reason
from grader.probes.base import wait_for
from grader.probes.monitoring.rules import Group, rules_of, true_now
from grader.probes.monitoring.servers import Server
from grader.probes.monitoring.timeline import Look
from grader.stacks.base import CouldNotLook, Stack

POLL = 0.5  # seconds between two looks at the rules


class Lookout:
    """Looks at all rules every POLL seconds, in a thread of its own, and writes down what it saw."""

    def __init__(self, stack: Stack, server: Server) -> None:
        self._stack, self._server = stack, server
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self.group: Group = rules_of(stack, server)
        self.looks: list[Look] = []

    def __enter__(self) -> Lookout:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._over.set()
        self._thread.join(30)

    @property
    def now(self) -> float:
        return time.monotonic() - self._begun

    @property
    def true(self) -> frozenset[int]:
        """The rules that were true at the last look, but for the one that always is."""
        return self.awake(self.looks[-1].true)

    @property
    def pace(self) -> float:
        """Seconds that the last look took: what else this machine does may be as late."""
        return self.looks[-1].end - self.looks[-1].at

    def awake(self, true: frozenset[int]) -> frozenset[int]:
        """Those of the rules that are not true all the time on purpose."""
        return frozenset(number for number in true if not self.group.rules[number].watchdog)

    def _look(self) -> None:
        at = self.now
        true = true_now(self._stack, self._server, self.group.rules)
        group = rules_of(self._stack, self._server)
        firing = group.firing if group.rules == self.group.rules else frozenset[int]()
        self.looks.append(Look(at, self.now, true, firing))

    def _go_on(self) -> None:
        while not self._over.wait(POLL):
            with suppress(CouldNotLook):  # whoever waits for a look finds that there is none
                self._look()

    def until(self, seen: Callable[[frozenset[int], frozenset[int]], bool], seconds: float) -> bool:
        """Waits for a look from now on at whose true and firing rules `seen` nods; whether there was one in time.

        CouldNotLook where none was over in the second half of that time: who did not look has not seen nothing.
        """
        since = self.now

        def liked() -> bool | None:
            last = self.looks[-1]
            return True if last.at > since and seen(self.awake(last.true), last.firing) else None

        found = wait_for(liked, seconds) is True
        if not found and self.looks[-1].at < since + seconds / 2:
            raise CouldNotLook(
                Reason.TIMED_OUT,
                f"{self._server.service} did not tell how its rules are for {self.now - self.looks[-1].at:.0f} s",
                hint="is the machine busy, or did it stop?",
            )
        return found
