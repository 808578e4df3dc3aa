"""A stack in memory whose services' lines go to a collector, well or badly."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from grader.model import Probe, Role
from grader.probes.http import Entry
from grader.probes.topology import Named
from grader.stacks.base import CouldNotLook, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Speak, Spoken, Stopped, Undo, Vantage
from grader.stacks.lines import of_line
from grader.stacks.values import Attached, LogText, Mount, Published, ServiceFacts, Sockets, State
from tests.probes.service import SERVICE
from tests.probes.site import response

Write = Callable[[ServiceFacts, bytes], bytes | None]  # a service and its line; what the collector writes
PIECE = 16_384  # bytes after which the engine cuts a line


def service(name: str) -> ServiceFacts:
    return replace(SERVICE, id=f"{name}-0123456789abcdef", service=name, name=f"lab-{name}-1")


APP, PROXY, LOGS = service("app"), service("proxy"), service("logs")
LOGS = replace(
    LOGS,
    mounts=(Mount("volume", "lab_logs", "/logs", True),),
    networks=(Attached("lab_logs", "172.19.0.2", "172.19.0.1"),),
    published_udp=(Published("127.0.0.1", 5514, 5514),),
)


def enveloped(who: ServiceFacts, line: bytes) -> bytes:
    """What a good collector writes."""
    text = line.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = {"msg": text}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"time": now, "service": who.service, "container": who.id[:12], "log": said}).encode()


class Collecting:
    """`write` is what the collector makes of a line; `ships` are the services whose lines it gets."""

    settings = Settings()

    def __init__(self, write: Write = enveloped, *, ships: tuple[str, ...] = ("app", "proxy")) -> None:
        self.write, self.ships = write, ships
        self.kept: list[bytes] = []
        self.said: dict[str, list[bytes]] = {}
        self.keeper = LOGS
        self.up = self.moving = True
        self.takes_forged = False
        self.copies = True  # the engine keeps lines that it could not hand over
        self.starts = ""  # what keeps a service from starting while the collector is down
        self.blocks = False
        self.comes_back = True
        self.request_lines = True
        self.done: list[str] = []

    # --- what is there

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        state = State.RUNNING if self.up else State.EXITED
        return (APP, replace(self.keeper, state=state), PROXY)

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", ("proxy",), ""), Role("app", ("app",), ""))

    def sockets(self, of: ServiceFacts) -> Sockets:
        return Sockets((), ())

    def ask(self, probe: Probe[Any]) -> Any:
        if isinstance(probe, Entry):
            return Address("127.0.0.1", 8080)
        return () if isinstance(probe, Named) else probe.ask(cast("Stack", self))

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        word = data.split(b" ")[1]
        if self.request_lines:
            for who in (PROXY, APP):
                path = f"{who.service}: {word.decode()}"  # no two programs write the same line
                self._hear(who, json.dumps({"request_id": "0123456789", "message": path}).encode())
        return Exchange(response(200, b"", X_Request_ID="0123456789"), "", False, True, 0.0, 0.0)

    def log_text(self, of: ServiceFacts, since: float) -> LogText:
        return LogText(b"\n".join(self.said.get(of.service, [])), b"", cut=False)

    # --- lines

    def _hear(self, who: ServiceFacts, line: bytes) -> None:
        if self.up or self.copies:
            self.said.setdefault(who.service, []).append(line)
        if self.up and who.service in self.ships:
            for start in range(0, max(len(line), 1), PIECE):
                written = self.write(who, line[start : start + PIECE])
                if written is not None:
                    self.kept.append(written)

    def inside(self, of: ServiceFacts, op: str, **args: Any) -> Any:
        return getattr(self, f"_{op}")(of, **args)

    def _say(self, of: ServiceFacts, data: str, **args: object) -> int:
        raw = base64.b64decode(data)
        for line in raw.rstrip(b"\n").split(b"\n"):
            self._hear(of, line)
        return len(raw)

    def _kept_in(self, of: ServiceFacts) -> list[str]:
        return ["/logs"] if of.id == LOGS.id else []

    def _hears(self, of: ServiceFacts) -> list[dict[str, Any]]:
        return [{"address": "0.0.0.0", "port": 5514, "dropped": 0}, {"address": "127.0.0.11", "port": 4, "dropped": 0}]

    def _pour(self, of: ServiceFacts, address: str, data: str, **args: object) -> int:
        self.done.append(f"pour from {of.service} to {address}")
        if self.takes_forged:
            self.kept.append(base64.b64decode(data))
        return 1

    def _find_lines(self, of: ServiceFacts, words: tuple[str, ...], **args: object) -> list[dict[str, Any]]:
        if of.id != LOGS.id:
            return []
        if not self.up or not self.moving:
            raise CouldNotLook(cast("Any", None), "it is down")
        return [
            {
                "path": "/logs/all.jsonl",
                "line": base64.b64encode(line[:4096]).decode(),
                "words": [word for word in words if word.encode() in line],
                "times": sum(line.count(word.encode()) for word in words),
                **of_line(line),
            }
            for line in self.kept
            if any(word.encode() in line for word in words)
        ]

    # --- disturbances

    @contextmanager
    def disturbing(self, undo: Undo) -> Iterator[None]:
        try:
            yield
        finally:
            if undo.action == "unpause":
                self.done.append("unpause")
                self.moving = True
            elif not self.up:
                self.start(LOGS)

    def pause(self, of: ServiceFacts) -> None:
        self.done.append("pause")
        self.moving = False

    def stop(self, of: ServiceFacts, grace: int | None = None) -> Stopped:
        self.done.append("stop")
        self.up = False
        return Stopped(137, 0.0)

    def start(self, of: ServiceFacts) -> None:
        self.done.append("start")
        self.up = self.comes_back

    @contextmanager
    def speaker_like(self, of: ServiceFacts, program: str) -> Iterator[Speak]:
        self.done.append(f"make a speaker like {of.service}")

        def speak(seconds: float) -> Spoken:
            if not self.up and self.starts:
                return Spoken(self.starts, False, 0.0)
            return Spoken("", not (self.blocks and not self.moving), 0.1)

        yield speak
        self.done.append(f"remove the speaker like {of.service}")

    @property
    def stack(self) -> Stack:
        return cast("Stack", self)
