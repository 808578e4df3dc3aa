"""The frozen window: the app stands still for as long as one request waits for it, and much is asked meanwhile."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from shlex import quote
from typing import ClassVar

from grader.model import Reason
from grader.probes.app.outage import Reply, Site, shares_instance, site_of, until_back
from grader.probes.base import Probe, nonce, wait_for
from grader.probes.edge.static import StaticFiles
from grader.probes.http import HttpAnswer, answer, send
from grader.probes.topology import App, Apps, below
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import HOST, Undo
from grader.stacks.values import Process

WAIT = 21.0  # seconds that the waiting request is given: a second more than any rule allows
FILE_WAIT = 3.0  # seconds for a static file; one that comes at all while the app is frozen comes at once
FILES = 3  # static files that are asked for
BACK = 20.0  # seconds until the site must answer again after the thaw
STANDS_STILL = 1.0  # seconds until a stopped process must do so: it finishes what it does in the kernel first
RUBBISH = b"RUBBISH\r\n\r\n"  # no HTTP request: whoever speaks HTTP refuses it in words of its own


@dataclass(frozen=True, slots=True)
class FrozenFile:
    """A static file asked for while the app was frozen; `expected` is the hash of the app's own copy of it."""

    path: str
    expected: str
    reply: Reply

    @property
    def intact(self) -> bool:
        return self.reply.status == 200 and self.reply.sha256 == self.expected


@dataclass(frozen=True, slots=True)
class FrozenApp:
    """What the site answered while its app was frozen. `files` is empty when the site links no static file.

    `freeze` and `thaw` are the commands by which a learner does the same. `back` is seconds until the site answered
    from the app again after the thaw, -1.0 when it did not within BACK.
    """

    site: str
    page: str
    freeze: str
    thaw: str
    waiting: Reply
    rubbish: Reply
    files: tuple[FrozenFile, ...]
    back: float


@dataclass(frozen=True)
class Frozen(Probe[FrozenApp]):
    """Freezes the app, sends it a request through the edge, and asks for static files and rubbish in the meantime."""

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 18.0

    def ask(self, stack: Stack, /) -> FrozenApp:
        apps, site = stack.ask(Apps()), site_of(stack)
        expected = _expected(stack, site, apps[0])
        with freezing(stack, apps) as (freeze, thaw), ThreadPoolExecutor(FILES + 2) as crowd:
            waiting = crowd.submit(site.ask, WAIT)
            rubbish = crowd.submit(_rubbish, stack, site)
            files = [crowd.submit(_file, stack, site, path, sha) for path, sha in expected]
            if waiting.result().app and site.bench:
                raise CouldNotLook(Reason.UNREACHABLE, "the app answered although it was frozen: there is more of it")
            seen = FrozenApp(
                site.url,
                site.page,
                freeze,
                thaw,
                waiting.result(),
                rubbish.result(),
                tuple(file.result() for file in files),
                -1.0,
            )
        return replace(seen, back=until_back(site, BACK))


def _expected(stack: Stack, site: Site, app: App) -> tuple[tuple[str, str], ...]:
    """Static files that the site serves, with the hash of the app's own copy; of the site's where the app has none."""
    try:
        paths = [file.path for file in stack.ask(StaticFiles()).files][:FILES]
    except NotApplicable:
        return ()
    found = []
    for path in paths:
        served = send(stack, site.to, path)
        if served.status == 200:
            own = send(stack, app.addresses()[0], path, via=app.via, seconds=FILE_WAIT)
            found.append((path, own.sha256 if _is_file(own) else served.sha256))
    return tuple(found)


def _is_file(got: HttpAnswer) -> bool:
    """Whether the app answered with a file, and not with a page that it shows for any path."""
    return got.status == 200 and not got.header("Content-Type").startswith("text/html")


def _file(stack: Stack, site: Site, path: str, expected: str) -> FrozenFile:
    # A query that nobody has used before: a cache that was filled by the app earlier does not know it.
    fresh = f"{path}{'&' if '?' in path else '?'}fresh={nonce()}"
    return FrozenFile(path, expected, _reply(send(stack, site.to, fresh, seconds=FILE_WAIT)))


def _rubbish(stack: Stack, site: Site) -> Reply:
    return _reply(answer(stack.exchange(HOST, site.to, RUBBISH, seconds=FILE_WAIT)))


def _reply(got: HttpAnswer) -> Reply:
    return Reply(0.0, got.status, got.seconds, got.length, got.sha256, "" if got.status else got.error)


@contextmanager
def freezing(stack: Stack, apps: tuple[App, ...]) -> Iterator[tuple[str, str]]:
    """Freezes every app server while the block runs; yields the commands that freeze and thaw for people.

    The whole instance is paused; where a proxy lives in it too, only the server's processes are stopped.
    """
    commands = []
    with ExitStack() as undo:
        for app in apps:
            service = app.service
            if shares_instance(stack, app):
                pids = stop_tree(stack, app, undo)
                kill = f"docker compose exec {quote(service.service)} sh -c 'kill -{{}} {' '.join(map(str, pids))}'"
                commands.append((kill.format("STOP"), kill.format("CONT")))
            else:
                undo.enter_context(stack.disturbing(Undo("unpause", service.id, service.name)))
                stack.pause(service)
                name = quote(service.service)
                commands.append((f"docker compose pause {name}", f"docker compose unpause {name}"))
        freeze, thaw = ("; ".join(dict.fromkeys(pair)) for pair in zip(*commands, strict=True))
        yield freeze, thaw


def stop_tree(stack: Stack, app: App, undo: ExitStack) -> tuple[int, ...]:
    """Stops the server's processes, the master first: it would replace the others. Undone in the opposite order."""
    stopped: dict[int, Process] = {}

    def stop(process: Process) -> None:
        name = f"process {process.pid} of {app.service.name}"
        numbers = (process.pid, process.started)
        undo.enter_context(stack.disturbing(Undo("continue", app.service.id, name, numbers)))
        if stack.signal(app.service, process, signal.SIGSTOP):
            stopped[process.pid] = process

    for process in app.tree:
        stop(process)
    now = stack.processes(app.service)
    for process in below(app.master, now):  # forked before the master stood still
        if process.pid not in stopped:
            stop(process)
    wait_for(lambda: None if _awake(stack, app, stopped) else True, STANDS_STILL, every=0.05)
    awake = _awake(stack, app, stopped)
    if awake or not stopped:
        names = ", ".join(f"{p.name} (pid {p.pid})" for p in awake) or "the app's server"
        raise CouldNotLook(Reason.NO_PERMISSION, f"{names} in {app.service.service} cannot be frozen")
    return tuple(stopped)


def _awake(stack: Stack, app: App, stopped: dict[int, Process]) -> list[Process]:
    return [p for p in stack.processes(app.service) if p.pid in stopped and p.state not in "TtZ"]
