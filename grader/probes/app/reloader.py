"""Does a change of the code restart the app by itself? Its files get a new time, and their old one back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

from grader.probes.base import Probe, wait_for
from grader.probes.http import request
from grader.probes.topology import App, app_of
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import Undo
from grader.stacks.values import Mount

WATCH = 3.0  # seconds after a change: reloaders look about once a second
READY = 15.0  # seconds until a restarted app must answer again
FILES = 12  # that get a new time
FOLDERS = 30  # that are looked into for them
DEPTH = 2  # below the folder that the app runs in
# Below the root of a container these hold the system; elsewhere, what is no code of the app.
NO_CODE = {
    "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "media", "mnt", "proc", "root", "run", "sbin", "sys",
    "tmp", "usr", "var", "__pycache__", "env", "instance", "node_modules", "static", "templates", "tests", "venv",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reloading:
    """`replaced`: processes of the app that ended within `watched` seconds after the `touched` files got a new time.

    `control`: how many ended in as long a time in which nothing was done; None when it did not matter. `signs` are
    what a reloader leaves in /proc: all there is where the code is mounted from outside (`touched` is empty then).
    """

    service: str
    touched: tuple[str, ...]
    replaced: int
    control: int | None
    watched: float
    signs: tuple[str, ...]


@dataclass(frozen=True)
class TouchCode(Probe[Reloading]):
    """Touches the app's own modules as an editor would, and watches whether its processes are replaced."""

    disturbs: ClassVar[bool] = True
    seconds: ClassVar[float] = 5.0

    def ask(self, stack: Stack, /) -> Reloading:
        app = app_of(stack)
        if app.service.read_only:
            raise NotApplicable("the file system of the app is read-only: its code cannot change")
        files, signs = tuple(_modules(stack, app))[:FILES], signs_of(stack, app)
        if not files and not signs:
            raise NotApplicable("the code is mounted from outside of the container, and the grader never touches that")
        if not files:
            return Reloading(app.service.service, (), 0, None, 0.0, signs)
        before = _alive(stack, app)
        with contextlib.ExitStack() as undo:
            for path in files:
                _touch(stack, app, path, undo)
            replaced = _watch(stack, app, before)
        control = _control(stack, app) if replaced else None
        return Reloading(app.service.service, files, replaced, control, WATCH, signs)


def signs_of(stack: Stack, app: App) -> tuple[str, ...]:
    """What a reloader leaves behind: the variable of Werkzeug's child process, or a watch on files (inotify(7))."""
    found = set()
    for process in app.tree:
        with contextlib.suppress(CouldNotLook):  # it has ended
            if "WERKZEUG_RUN_MAIN" in cast("list[str]", stack.inside(app.service, "environ_names", pid=process.pid)):
                found.add(f"process {process.pid} is the child of Werkzeug's reloader")
            if "anon_inode:inotify" in cast("list[str]", stack.inside(app.service, "fd_links", pid=process.pid)):
                found.add(f"process {process.pid} watches files")
    return tuple(sorted(found))


def _modules(stack: Stack, app: App) -> Iterator[str]:
    """Paths of the app's own Python files, nearest to the folder it runs in first; none that is mounted."""
    pid = app.master.pid
    folders = [(str(stack.inside(app.service, "cwd", pid=pid)).rstrip("/"), 0)]
    for folder, depth in folders:
        try:
            names = cast("list[str]", stack.inside(app.service, "list_dir", pid=pid, path=folder or "/"))
        except CouldNotLook:  # a file, or a symbolic link, which is not followed
            continue
        modules = ["__init__.py"] if "__init__.py" in names else [name for name in names if name.endswith(".py")]
        yield from (path for name in modules if not is_mounted(path := f"{folder}/{name}", app.service.mounts))
        below = [name for name in names if "." not in name and name not in NO_CODE] if depth < DEPTH else []
        folders += [(f"{folder}/{name}", depth + 1) for name in below][: FOLDERS - len(folders)]


def is_mounted(path: str, mounts: tuple[Mount, ...]) -> bool:
    return any(path == mount.target or path.startswith(mount.target.rstrip("/") + "/") for mount in mounts)


def _touch(stack: Stack, app: App, path: str, undo: contextlib.ExitStack) -> None:
    service, pid = app.service, app.master.pid
    times = cast("dict[str, int]", stack.inside(service, "file_times", pid=pid, path=path))
    old = Undo("times", service.id, service.name, (pid, times["atime"], times["mtime"]), (path,))
    undo.enter_context(stack.disturbing(old))
    now = time.time_ns()
    stack.inside(service, "set_times", pid=pid, path=path, atime=now, mtime=now)


def _alive(stack: Stack, app: App) -> frozenset[tuple[int, int]]:
    tree = {process.pid for process in app.tree}
    return frozenset((p.pid, p.started) for p in stack.processes(app.service) if p.pid in tree)


def _watch(stack: Stack, app: App, before: frozenset[tuple[int, int]]) -> int:
    """How many processes of `before` end within WATCH seconds; the first that does ends the watch."""

    def gone() -> int | None:
        try:
            return len(before - _alive(stack, app)) or None
        except CouldNotLook:  # the whole container went down, and the sidecar with it
            return len(before)

    return wait_for(gone, WATCH, every=0.25) or 0


def _control(stack: Stack, app: App) -> int:
    """How many processes end while nothing is done, after what was done has worn off."""
    stack.wait_ready(app.service)
    time.sleep(WATCH)  # getting the old time back was a change too
    hello = request("/", host=stack.settings.hosts[0])
    wait_for(lambda: stack.exchange(app.via, app.addresses()[0], hello, seconds=5).raw or None, READY)
    stack.forget()
    again = app_of(stack)
    return _watch(stack, again, _alive(stack, again))
