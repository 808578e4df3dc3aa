"""The app's own health check: it is run as the engine runs it, while the app is well, hung, and answers with errors."""

from __future__ import annotations

import re
import shlex
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.crew import answers
from grader.probes.app.frozen import stop_tree
from grader.probes.base import Probe, as_now, in_role, wait_for
from grader.probes.http import send
from grader.probes.stack.headroom import Baseline, steady
from grader.probes.topology import App, app_of
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import Ran
from grader.stacks.values import HealthCheck, ServiceFacts
from grader.text import clean, mask

LONGEST = 10.0  # seconds that a health check is given here, whatever its own timeout says
AGAIN = 15.0  # seconds until it must be content again after the app goes on
OUTPUT = 200  # characters of its output that evidence keeps
PLAIN = b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
WELL, BROKEN = 200, 500


@dataclass(frozen=True, slots=True)
class Command:
    """A health check as words for a shell inside of the service, with secrets masked; its times in seconds."""

    service: str
    line: str
    interval: float
    timeout: float

    @property
    def limit(self) -> float:
        return min(self.timeout, LONGEST)


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: exit code, None when it was still running at its limit."""

    code: int | None
    seconds: float
    output: str


@dataclass(frozen=True, slots=True)
class HealthRun:
    """The health check of the app; `command` is None when none is defined, and `off` says that one was switched off.

    `status` is what the engine makes of it. `ended` is how it ended when it was run once, None when it was not; a
    `baseline` is there when it did not end well.
    """

    service: str
    status: str
    off: bool
    command: Command | None
    ended: Ended | None
    baseline: Baseline | None = None


@dataclass(frozen=True)
class RunHealthCheck(Probe[HealthRun]):
    """Reads how the app's health check is defined, and runs it in the app's instance; once more where it fails.

    The engine forgives a failure, too: it calls an app unhealthy after `retries` of them in a row.
    """

    seconds: ClassVar[float] = 6.0

    def ask(self, stack: Stack, /) -> HealthRun:
        service = _app(stack)
        check = service.health_check
        if check is None or not check.argv:
            return HealthRun(service.service, service.health, check is not None, None, None)
        command = _command(service, check)
        argv = check.argv

        def ends_well(found: tuple[Ended, str]) -> bool:
            return found[0].code == 0 and found[1] == "healthy"

        def once() -> tuple[Ended, str]:
            ended = _ended(stack.run(service, argv, seconds=command.limit))
            now = as_now(stack, service.id) or service
            return ended, now.health

        (ended, status), baseline = steady(stack, once, ends_well)
        return HealthRun(service.service, status, False, command, ended, baseline)


@dataclass(frozen=True, slots=True)
class Hung:
    """How the health check ended while all `stopped` processes of the server stood still, and after they went on."""

    command: Command
    stopped: int
    during: Ended
    after: Ended


@dataclass(frozen=True)
class RunWhileHung(Probe[Hung]):
    """SIGSTOP to the app's server, the health check meanwhile, SIGCONT, and the health check again."""

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 10.0

    def ask(self, stack: Stack, /) -> Hung:
        app = app_of(stack)
        check = _defined(app.service)
        command = _command(app.service, check)
        with ExitStack() as undo:
            stopped = stop_tree(stack, app, undo)
            during = stack.run(app.service, check.argv, seconds=command.limit)
        after = stack.run(app.service, check.argv, seconds=command.limit)

        def content() -> Ran | None:
            ran = stack.run(app.service, check.argv, seconds=command.limit)
            return ran if ran.code == 0 else None

        if after.code != 0:  # a server that wakes up finds its workers late, and may replace them first
            after = wait_for(content, AGAIN) or after
        answers(stack)
        return Hung(command, len(stopped), _ended(during), _ended(after))


@dataclass(frozen=True, slots=True)
class Compared:
    """How the health check ended beside a stand-in for the app that answers everything with 500, and with 200.

    `asked` are the first lines of the requests that it sent to the stand-in; `ports` those where that listened.
    """

    command: Command
    ports: tuple[int, ...]
    asked: tuple[str, ...]
    on_error: Ended
    on_success: Ended


@dataclass(frozen=True)
class RunBesideStandIn(Probe[Compared]):
    """The health check in a copy of the app's container, whose only neighbour answers in the app's place."""

    seconds: ClassVar[float] = 10.0

    def ask(self, stack: Stack, /) -> Compared:
        app = app_of(stack)
        check = _defined(app.service)
        command = _command(app.service, check)
        ports = tuple(sorted({s.port for s in stack.sockets(app.service).listening if s.port and s.pids}))
        if not ports or not any(socket.port for socket in app.listening):
            raise NotApplicable("the app listens on a unix socket, where nobody can stand in for it")

        def beside(reply: bytes) -> tuple[Ended, tuple[str, ...]]:
            # How it ends is the question here, not how soon: a copy takes its time to start on a busy machine.
            seen = stack.rehearse(app.service, check.argv, ports, reply, seconds=LONGEST)
            return _ended(seen.ran), tuple(clean(line, limit=100) for line in seen.asked)

        on_error, asked = beside(_reply(BROKEN, b"error"))
        on_success, _ = beside(_as_the_app(stack, app, asked))
        return Compared(command, ports, asked, on_error, on_success)


def _as_the_app(stack: Stack, app: App, asked: tuple[str, ...]) -> bytes:
    """What the app answers to the first question of the health check: some read more of an answer than its status."""
    found = re.match(r"(GET|HEAD) (/\S*) HTTP/", asked[0]) if asked else None
    if not found:
        return _reply(WELL, b"ok")
    got = send(stack, app.addresses()[0], found[2], via=app.via, seconds=LONGEST)
    if got.status != WELL:
        raise CouldNotLook(Reason.UNREACHABLE, f"{found[2]} of the app, which its health check asks for: {got.seen}")
    return _reply(WELL, got.body.encode(), got.header("Content-Type"))


def _reply(status: int, body: bytes, kind: str = "text/plain") -> bytes:
    return PLAIN % (status, b"OK" if status == WELL else b"Internal Server Error", kind.encode(), len(body), body)


def _app(stack: Stack) -> ServiceFacts:
    """The app's first instance, as it is now."""
    service = in_role(stack, "app")[0]
    return as_now(stack, service.id) or service


def _defined(service: ServiceFacts) -> HealthCheck:
    if service.health_check is None or not service.health_check.argv:
        raise NotApplicable(f"{service.service} has no health check")
    return service.health_check


def _command(service: ServiceFacts, check: HealthCheck) -> Command:
    line = " ".join(_quoted(word) for word in check.argv).replace("/bin/sh -c ", "sh -c ", 1)
    return Command(service.service, clean(mask(line), limit=300), check.interval, check.timeout)


def _quoted(word: str) -> str:
    """A word for a shell, in double quotes where single ones would have to be broken up."""
    plain = "'" in word and not set(word) & set('"$`\\!')
    return f'"{word}"' if plain else shlex.quote(word)


def _ended(ran: Ran) -> Ended:
    last = (ran.output.strip().splitlines() or [""])[-1]  # where tools and tracebacks say what was wrong
    return Ended(ran.code, round(ran.seconds, 2), clean(mask(last), limit=OUTPUT))
