"""A stack in memory whose app can be frozen, stopped and moved: what happens to it is written down in order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from grader.model import Probe, Reason, Role
from grader.probes.http import Entry
from grader.probes.topology import App, Apps, Named, Whoami
from grader.stacks.base import DECOY_STATUS, CouldNotLook, Settings, Stack
from grader.stacks.dealings import Address, Exchange, From, Stopped, Undo, Vantage
from grader.stacks.values import Attached, Process, ServiceFacts, Socket, Sockets, State
from tests.probes.site import response

E = TypeVar("E")
HOME = b'<link rel="stylesheet" href="/static/app.css">'
CSS = b"body { color: black }"
MASTER = Process(1, 0, "S", 1, 10, 1000, "gunicorn", ("gunicorn",))
WORKER = Process(7, 1, "S", 1, 11, 1000, "gunicorn", ("gunicorn",))
NGINX = Process(9, 0, "S", 1, 12, 0, "nginx", ("nginx",))


def facts(name: str, address: str) -> ServiceFacts:
    return ServiceFacts(
        id=f"{name}-id",
        service=name,
        name=f"lab-{name}-1",
        hostname=name,
        state=State.RUNNING,
        exit_code=0,
        restarts=0,
        oom_killed=False,
        started=1.0,
        health="",
        restart_policy="no",
        user="",
        argv=(),
        image="",
        image_name="",
        stop_signal="SIGTERM",
        stop_grace=30,
        network_mode="lab_default",
        published=(),
        networks=(Attached("lab_default", address, "172.18.0.1"),),
        mounts=(),
        memory_limit=0,
        pids_limit=0,
        init=False,
        read_only=False,
        privileged=False,
        environment=(),
        labels=(),
        one_shot=False,
    )


class Absent:
    """A proxy and an app. `proxied` says what the site answers a page with while the app is away or elsewhere."""

    def __init__(self, *, shared: bool = False, fixed: bool = False, follows: bool = True, static: bool = True) -> None:
        self.settings = Settings()
        self.done: list[str] = []
        self.away = ""  # "", frozen or stopped
        self.address = "172.18.0.2"
        self.known = self.address  # where the proxy believes the app is
        self.taken = ""  # the address that a decoy has
        self.fixed, self.follows, self.static, self.shared = fixed, follows, static, shared
        self.stopped_pids: set[int] = set()
        self.on_page: Callable[[], None] = lambda: None

    # --- what is there

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", ("app" if self.shared else "proxy",), ""), Role("app", ("app",), ""))

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return (facts("app", self.address), facts("proxy", "172.18.0.3"))

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        mine = (MASTER, WORKER, *((NGINX,) if self.shared else ()))
        return tuple(replace(p, state="T") if p.pid in self.stopped_pids else p for p in mine)

    def sockets(self, service: ServiceFacts) -> Sockets:
        if self.away == "stopped":
            raise CouldNotLook(Reason.UNREACHABLE, "no such process")
        nginx = (Socket("0.0.0.0", 80, "", (9,)),) if self.shared else ()
        return Sockets((Socket("0.0.0.0", 8000, "", (1, 7)), *nginx), ())

    def app(self) -> App:
        return App(
            facts("app", self.address),
            MASTER,
            (MASTER, WORKER),
            (Socket("0.0.0.0", 8000, "", (1, 7)),),
            confirmed=True,
            others=(NGINX,) if self.shared else (),
        )

    def ask(self, probe: Probe[E]) -> E:
        known = {Entry: Address("127.0.0.1", 8080), Named: (Whoami(True),), Apps: (self.app(),)}
        return cast("E", known[type(probe)]) if type(probe) in known else probe.ask(self)

    # --- requests

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        target = data.split(b" ")[1].decode() if data.count(b" ") > 1 else ""
        self.on_page()
        raw = self._answer(target, direct=via.kind is From.INSIDE)
        return Exchange(raw, "" if raw else "timed out", cut=not raw, closed=True, first=0.0, total=0.01)

    def _answer(self, target: str, *, direct: bool) -> bytes:
        parts = urlsplit(target)
        if not target:
            return response(400)
        if parts.path == "/static/app.css" and (self.static or not self.away):
            return response(200, CSS, Content_Type="text/css")
        if self.away and direct:
            return b""
        if not self.away and self.follows:
            self.known = self.address
        if self.known == self.taken:
            return response(DECOY_STATUS)
        if self.away or self.known != self.address:
            return response(504 if self.away == "frozen" else 502)
        if parts.path == "/":
            return response(200, HOME, Content_Type="text/html")
        word = parse_qs(parts.query).get("nonce", [""])[0]
        return response(200, json.dumps({"nonce": word, "pid": 7}).encode())

    # --- disturbances

    @contextmanager
    def disturbing(self, undo: Undo) -> Iterator[None]:
        self.done.append(f"note {undo.action} {undo.numbers[0] if undo.numbers else ''}".rstrip())
        try:
            yield
        finally:
            self._undo(undo)

    def _undo(self, undo: Undo) -> None:
        if undo.action == "start":
            if self.away == "stopped":
                self.start(facts("app", self.address))
            return
        self.done.append(f"{undo.action} {undo.numbers[0] if undo.numbers else ''}".rstrip())
        if undo.numbers:
            self.stopped_pids.discard(undo.numbers[0])
        if not self.stopped_pids:
            self.away = ""

    def pause(self, service: ServiceFacts) -> None:
        self.done.append("pause")
        self.away = "frozen"

    def signal(self, service: ServiceFacts, process: Process, number: int) -> bool:
        self.done.append(f"signal {process.pid}")
        self.stopped_pids.add(process.pid)
        self.away = "frozen"
        return True

    def stop(self, service: ServiceFacts, grace: int | None = None) -> Stopped:
        self.done.append(f"stop within {grace}")
        time.sleep(0.02)  # clients are asking meanwhile
        self.away = "stopped"
        return Stopped(0, 0.02)

    def start(self, service: ServiceFacts) -> None:
        if self.fixed and self.taken == self.address:
            raise CouldNotLook(Reason.UNREACHABLE, "the engine said: Address already in use")
        self.done.append("start")
        # The lowest free address: its old one, unless somebody has taken that.
        self.address = "172.18.0.4" if self.taken == "172.18.0.2" else "172.18.0.2"
        self.away = ""

    @contextmanager
    def decoy(self, network: str, address: str, port: int) -> Iterator[str]:
        self.done.append(f"decoy on {address}:{port}")
        self.taken = address
        try:
            yield address
        finally:
            self.done.append("no decoy")
            self.taken = ""

    @property
    def stack(self) -> Stack:
        return cast("Stack", self)
