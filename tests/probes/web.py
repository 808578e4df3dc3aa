"""A site with a plain port and a TLS port, without a stack: a function answers what is asked at either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from grader.model import Probe
from grader.probes.greeting import Greeting, Speaks
from grader.probes.http import Entry, Greet, Greetings
from grader.probes.topology import Named, Whoami
from grader.stacks.base import Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.values import Published, ServiceFacts
from tests.probes.listening import NAME
from tests.probes.service import SERVICE

E = TypeVar("E")
PLAIN, TLS, OLD = 8080, 8443, 9080
SECURE = Address("127.0.0.1", TLS, tls=NAME)


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; `port` is the published one."""

    port: int
    method: str
    target: str
    headers: dict[str, str]

    @property
    def tls(self) -> bool:
        return self.port == TLS

    @property
    def host(self) -> str:
        return self.headers.get("host", "").partition(":")[0]


Answer = Callable[[Asked], bytes]


class Web:
    """As much of grader.stacks.base.Stack as probes need that ask both ports."""

    workspace = None

    def __init__(self, answer: Answer, ports: tuple[int, ...], *, bench: bool) -> None:
        self.settings = Settings(hosts=(NAME,))
        self._answer, self._ports, self._bench = answer, ports, bench

    def ask(self, probe: Probe[E]) -> E:
        if isinstance(probe, Entry):
            return cast("E", SECURE)
        if isinstance(probe, Named):
            return cast("E", (Whoami(True),) if self._bench else ())
        if isinstance(probe, Greetings):
            return cast("E", tuple(self._greet(port) for port in self._ports))
        if isinstance(probe, Greet):
            return cast("E", self._greet(probe.port))
        return probe.ask(self)

    def _greet(self, port: int) -> Greeting:
        to = SECURE if port == TLS else Address("127.0.0.1", port)
        raw = self._answer(Asked(port, "GET", "/", {"host": NAME})).decode("latin-1")
        head = raw.partition("\r\n\r\n")[0].split("\r\n")
        location = next((line[10:] for line in head if line.lower().startswith("location: ")), "")
        status = int(head[0].split()[1]) if raw else 0
        return Greeting(to, Speaks.TLS if to.tls else Speaks.HTTP, status, location, "")

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        ports = tuple(Published("127.0.0.1", port, port) for port in self._ports)
        return (replace(SERVICE, service="proxy", published=ports),)

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        first, *rest = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, _, further = first.partition(" ")
        pairs = (line.partition(": ") for line in rest)
        headers = {name.lower(): value for name, _, value in pairs}
        raw = self._answer(Asked(to.port, method, further.rpartition(" ")[0], headers))
        return Exchange(raw, "" if raw else "no answer", cut=False, closed=True, first=0.0, total=0.0)


def web(answer: Answer, *, ports: tuple[int, ...] = (PLAIN, TLS), bench: bool = True) -> Stack:
    return cast("Stack", Web(answer, ports, bench=bench))


def answered(status: int, *headers: tuple[str, str], body: bytes = b"", kind: str = "text/html") -> bytes:
    """A response with its headers as they are given: one may be there twice."""
    own = (("Content-Length", str(len(body))), ("Content-Type", kind))
    lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in (*own, *headers))]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
