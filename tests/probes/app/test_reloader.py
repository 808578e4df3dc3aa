"""Given code that gets a new time, when processes are replaced or not, then it is seen, and the old time comes back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from grader.model import Reason
from grader.probes.app import reloader
from grader.probes.app.reloader import TouchCode, is_mounted
from grader.probes.topology import App
from grader.stacks.base import CouldNotLook, NotApplicable, Settings, Stack
from grader.stacks.dealings import Exchange, Undo
from grader.stacks.values import Mount, Process, ServiceFacts, Socket
from tests.probes.service import SERVICE, process

LONG_AGO = 1_000_000_000 * 10**9  # nanoseconds


class Container:
    """A folder on disk that stands for the container's file system, and processes that a reloader may replace."""

    settings = Settings()

    def __init__(
        self, root: Path, *, reloads: bool = False, recycles: bool = False, signs: tuple[str, ...] = ()
    ) -> None:
        self.root, self.reloads, self.recycles, self._signs = root, reloads, recycles, signs
        self.service = SERVICE
        self.looks = 0
        self.undone: list[str] = []

    @property
    def touched(self) -> bool:
        return any(file.stat().st_mtime_ns != LONG_AGO for file in self.root.rglob("*.py"))

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        self.looks += 1
        new = self.looks if self.recycles else int(self.reloads and self.touched)
        return (process(1, 0), process(7, started=100 + new))

    def ask(self, probe: object) -> Any:
        tree = self.processes(self.service)
        return (App(self.service, tree[0], tree, (Socket("0.0.0.0", 8000, "", (1, 7)),), confirmed=True),)

    def inside(self, service: ServiceFacts, op: str, *, pid: int, path: str = "", **times: int) -> object:
        if op == "cwd":
            return "/app"
        if op in ("environ_names", "fd_links"):
            return list(self._signs)
        file = self.root / path.lstrip("/")
        if op == "list_dir":
            if not file.is_dir():
                raise CouldNotLook(Reason.UNREACHABLE, "not a folder")
            return sorted(os.listdir(file))
        if op == "file_times":
            return {"atime": file.stat().st_atime_ns, "mtime": file.stat().st_mtime_ns}
        assert op == "set_times"
        os.utime(file, ns=(times["atime"], times["mtime"]))
        return None

    @contextmanager
    def disturbing(self, undo: Undo) -> Iterator[None]:
        yield
        pid, atime, mtime = undo.numbers
        self.undone.append(undo.words[0])
        self.inside(self.service, "set_times", pid=pid, path=undo.words[0], atime=atime, mtime=mtime)

    def wait_ready(self, service: ServiceFacts) -> ServiceFacts:
        return service

    def exchange(self, *words: object, **bounds: object) -> Exchange:
        return Exchange(b"HTTP/1.1 200 OK\r\n\r\n", "", False, True, 0.0, 0.0)

    def forget(self) -> None:
        """Nothing is remembered here."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reloader, "WATCH", 0.05)
    for name in ("app/wsgi.py", "app/pinboard/__init__.py", "app/pinboard/db.py", "app/tests/test_it.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        os.utime(file, ns=(LONG_AGO, LONG_AGO))
    return tmp_path


def look(container: Container) -> reloader.Reloading:
    return TouchCode().ask(cast("Stack", container))


def test_without_a_reloader_nothing_happens_and_times_come_back(root: Path) -> None:
    container = Container(root)
    seen = look(container)
    assert seen.touched == ("/app/wsgi.py", "/app/pinboard/__init__.py")
    assert (seen.replaced, seen.control) == (0, None)
    assert sorted(container.undone) == sorted(seen.touched)
    assert not container.touched


def test_a_reloader_is_seen_beside_a_quiet_control(root: Path) -> None:
    container = Container(root, reloads=True)
    seen = look(container)
    assert (seen.replaced, seen.control) == (1, 0)
    assert not container.touched


def test_workers_that_come_and_go_anyway_show_in_the_control(root: Path) -> None:
    seen = look(Container(root, recycles=True))
    assert seen.replaced
    assert seen.control


def test_mounted_code_is_never_touched(root: Path) -> None:
    container = Container(root)
    container.service = replace(SERVICE, mounts=(Mount("bind", "/home/me/app", "/app", writable=True),))
    with pytest.raises(NotApplicable, match="mounted"):
        look(container)
    assert not container.undone


@pytest.mark.parametrize("sign", ("WERKZEUG_RUN_MAIN", "anon_inode:inotify"))
def test_mounted_code_is_judged_by_the_signs_of_a_reloader(root: Path, sign: str) -> None:
    container = Container(root, signs=(sign,))
    container.service = replace(SERVICE, mounts=(Mount("bind", "/home/me/app", "/app", writable=True),))
    seen = look(container)
    assert seen.touched == ()
    assert seen.signs


def test_code_on_a_read_only_file_system_cannot_change(root: Path) -> None:
    container = Container(root)
    container.service = replace(SERVICE, read_only=True)
    with pytest.raises(NotApplicable, match="read-only"):
        look(container)


@pytest.mark.parametrize(
    ("path", "mounted"),
    (("/app/wsgi.py", True), ("/application/wsgi.py", False), ("/srv/one.py", True), ("/srv/two.py", False)),
)
def test_a_mount_covers_what_is_below_it(path: str, mounted: bool) -> None:
    mounts = (Mount("bind", "/a", "/app", writable=True), Mount("bind", "/b", "/srv/one.py", writable=True))
    assert is_mounted(path, mounts) is mounted
