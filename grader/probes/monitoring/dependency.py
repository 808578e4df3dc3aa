"""The service that the app cannot do without: which one it is, and what the app says of itself while it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.crew import reach, start_of
from grader.probes.app.outage import GRACE, Reply
from grader.probes.app.session import FORM, LOGIN
from grader.probes.base import Probe, in_role, nonce, wait_for
from grader.probes.http import Entry, send
from grader.probes.stack.headroom import Baseline, Headroom
from grader.probes.topology import App, app_of
from grader.stacks.arrivals import far_ends
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import Address, Vantage
from grader.stacks.values import ServiceFacts

READY, ALIVE = "/readyz", "/healthz"
WAIT = 4.0  # seconds that an answer is given: a second more than any rule allows
POLL = 0.2  # seconds between two questions
WELL_AGAIN = 30.0  # seconds until a started dependency must be well, before the app's own time begins
SLOW = 1.0  # seconds of an answer, for which either the app or a busy machine is to blame
LIVE = 3  # times that the app is asked whether it lives
STREAK = 2  # answers in a row: each worker may have a connection of its own


@dataclass(frozen=True, slots=True)
class Leaned:
    """What became of the app's two health pages while its dependency was stopped.

    `red` is seconds after the stop until READY was no success any more, `green` seconds after the dependency was back
    until it was one; -1.0 when that did not happen within the limits. `slowest` is READY's slowest answer while
    the dependency was away, `last` the last one before it was started again, `after` the last one of all. A `baseline`
    is there when an answer was slow. Whether the engine calls everything healthy again is for
    stack.stack-left-as-found to wait for.
    """

    service: str
    port: int
    dependencies: tuple[str, ...]
    declared: bool
    before: Reply
    red: float
    slowest: Reply
    last: Reply
    alive: tuple[Reply, ...]
    green: float
    after: Reply
    baseline: Baseline | None = None


@dataclass(frozen=True)
class Dependencies(Probe[tuple[str, ...]]):
    """The names of the services that the app connects to, or of the one that grader.toml names."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> tuple[str, ...]:
        if stack.settings.dependency:
            wanted = stack.settings.dependency
            if not any(service.service == wanted and service.running for service in stack.services()):
                raise CouldNotLook(Reason.UNREACHABLE, f"dependency = {wanted!r} in grader.toml: no such service runs")
            return (wanted,)
        app = app_of(stack)
        send(stack, app.addresses()[0], READY, via=app.via, seconds=WAIT)
        body = f"user={nonce()}&password={nonce()}".encode()
        send(stack, stack.ask(Entry()), LOGIN, method="POST", headers=FORM, body=body, seconds=WAIT)
        found = partners(stack, app)
        if not found:
            raise NotApplicable(
                "the app connects to no other service of the stack; if it does at other times, name that one as "
                "dependency in grader.toml"
            )
        return found


def partners(stack: Stack, app: App) -> tuple[str, ...]:
    """The services, neither app nor edge, to whose addresses the app's instance has or just had a connection.

    The other way round counts too, where the far end was the first to hang up: then only it remembers.
    """
    own_ports = {socket.port for socket in (*app.listening, *app.aside)}
    busy = {service.id for role in ("app", "edge") for service in in_role(stack, role)}
    others = [s for s in stack.services() if s.running and not s.one_shot and s.id not in busy]
    called = {address for own, address, _ in far_ends(stack, app.service) if own not in own_ports}
    return tuple(
        sorted({s.service for s in others if called & {at.address for at in s.networks} or _called(stack, s, app)})
    )


def _called(stack: Stack, service: ServiceFacts, app: App) -> bool:
    """Whether the app's instance has connected to a listening port of a service; a scrape goes the other way."""
    mine = {at.address for at in app.service.networks}
    ports = {socket.port for socket in stack.sockets(service).listening}
    return any(own in ports and address in mine for own, address, _ in far_ends(stack, service))


@dataclass(frozen=True)
class StopDependency(Probe[Leaned]):
    """Stops what the app depends on, asks the app for its health pages, starts it again, and asks on."""

    red_limit: float  # seconds until the app must say that it is not ready
    green_limit: float  # seconds until it must be ready again
    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0

    def ask(self, stack: Stack, /) -> Leaned:
        names, app = stack.ask(Dependencies()), app_of(stack)
        stopped = [s for s in stack.services() if s.running and s.service in names]
        via, to = reach(stack, app)
        before = _reply(stack, via, to, READY, 0.0)
        with ExitStack() as undo:
            for service in stopped:
                undo.enter_context(stack.disturbing(start_of(service)))
                stack.stop(service, min(GRACE, service.stop_grace))
            begun = time.monotonic()
            replies: list[Reply] = []

            def turned() -> float | None:
                replies.append(_reply(stack, via, to, READY, begun))
                tail = replies[-STREAK:]
                return tail[0].at + tail[0].seconds if len(tail) == STREAK and not any(map(_good, tail)) else None

            red = wait_for(turned, self.red_limit, every=POLL)
            alive = tuple(_reply(stack, via, to, ALIVE, begun) for _ in range(LIVE))
        green, after = self._recovery(stack, stopped, lambda begun: _reply(stack, via, to, READY, begun))
        return Leaned(
            app.service.service,
            to.port,
            names,
            bool(stack.settings.dependency),
            before,
            -1.0 if red is None else round(red, 2),
            max(replies, key=lambda reply: reply.seconds),
            replies[-1],
            alive,
            green,
            after,
            Headroom().ask(stack) if max(reply.seconds for reply in (*replies, *alive)) > SLOW else None,
        )

    def _recovery(
        self, stack: Stack, stopped: list[ServiceFacts], ready: Callable[[float], Reply]
    ) -> tuple[float, Reply]:
        """Seconds until READY was a success again, and the last answer. A dependency that is slow to start has time."""
        after: list[Reply] = []
        for attempt in range(2):
            if attempt:
                for service in stopped:
                    stack.wait_ready(service, WELL_AGAIN)
            back = time.monotonic()

            def again(since: float = back) -> float | None:
                after.append(ready(since))
                return after[-1].at if len(after) >= STREAK and all(map(_good, after[-STREAK:])) else None

            green = wait_for(again, self.green_limit, every=POLL)
            if green is not None:
                return round(green, 2), after[-1]
        return -1.0, after[-1]


def _good(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def _reply(stack: Stack, via: Vantage, to: Address, path: str, begun: float) -> Reply:
    at = time.monotonic() - begun if begun else 0.0
    got = send(stack, to, path, via=via, seconds=WAIT)
    return Reply(round(at, 3), got.status, got.seconds, got.length, error="" if got.status else got.error)
