"""Does an alert that fires reach anybody? Prometheus, Alertmanager and the receiver are asked, each for its part."""

from __future__ import annotations

from dataclasses import dataclass

from grader.probes.monitoring.rules import Told, addressees, told
from grader.probes.monitoring.scraped import published_port
from grader.probes.monitoring.servers import Absent, Alertmanager, Prometheus, Server
from grader.stacks.base import Stack
from grader.text import clean


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of alerts that fired. `error` is "" or says why there is no Alertmanager to ask.

    `addressees` are the Alertmanagers that Prometheus sends to; `known` the alerts that one had from it, meant for
    `receivers`. `sent` counts messages that receivers took during the drill, `refused` those that they did not.
    """

    error: str
    service: str
    port: int
    host_port: int  # 0 where it is not published
    addressees: tuple[str, ...]
    known: tuple[str, ...]
    receivers: tuple[str, ...]
    sent: int
    refused: int


class Post:
    """Watches one Alertmanager from now on. Alerts that it forgets again are remembered here."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._known: set[str] = set()
        self._receivers: set[str] = set()
        self._error, self._before = "", Told((), (), 0.0, 0.0)
        self._manager: Server | None = None
        try:
            self._manager = stack.ask(Alertmanager())
            self._before = told(stack, self._manager)
        except Absent as trouble:
            self._error = clean(str(trouble))
        self._now = self._before

    @property
    def delivered(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return bool(self._error) or self._now.sent > self._before.sent

    @property
    def known(self) -> bool:
        """Whether the Alertmanager has heard of anything since."""
        return bool(self._known - set(self._before.alerts))

    def look(self) -> None:
        """Asks the Alertmanager what it knows and has sent. One that does not answer has told nobody anything new."""
        if self._manager is None:
            return
        try:
            self._now = told(self._stack, self._manager)
        except Absent:
            return
        self._known.update(self._now.alerts)
        self._receivers.update(self._now.receivers)

    def summary(self, fired: frozenset[str]) -> Delivery:
        """What became of the alerts named `fired`."""
        manager = self._manager
        return Delivery(
            self._error,
            manager.service if manager else "",
            manager.to.port if manager else 0,
            published_port(self._stack, manager) if manager else 0,
            self._addressees(),
            tuple(sorted(self._known & fired)),
            tuple(sorted(self._receivers)),
            round(self._now.sent - self._before.sent),
            round(self._now.refused - self._before.refused),
        )

    def _addressees(self) -> tuple[str, ...]:
        try:
            return addressees(self._stack, self._stack.ask(Prometheus()))
        except Absent:
            return ()
