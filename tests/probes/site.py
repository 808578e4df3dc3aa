"""A site without a stack: what a probe sends is answered by a function, and nothing leaves the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from grader.model import Probe, Role
from grader.probes.http import Entry
from grader.probes.topology import Named, Whoami
from grader.stacks.base import Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.values import ServiceFacts

E = TypeVar("E")
Answer = Callable[[str, bytes], bytes]  # the target of the request line and the whole request; the whole response


class Site:
    """As much of grader.stacks.base.Stack as probes need that only speak HTTP through the edge."""

    def __init__(self, answer: Answer, *, bench: bool = False, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._answer = answer
        self._named = (Whoami(True),) if bench else ()

    def ask(self, probe: Probe[E]) -> E:
        if isinstance(probe, Entry):
            return cast("E", Address("127.0.0.1", 8080))
        if isinstance(probe, Named):
            return cast("E", self._named)
        return probe.ask(self)

    def roles(self) -> tuple[Role, ...]:
        return ()  # there is nobody beside whom a sidecar could look

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return ()

    def exchange(self, via: Vantage, to: Address, data: bytes, **bounds: object) -> Exchange:
        _, _, rest = data.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        raw = self._answer(rest.partition(" ")[0], data)
        return Exchange(raw, "" if raw else "no answer", cut=False, closed=True, first=0.0, total=0.0)


def stack(answer: Answer, *, bench: bool = False, settings: Settings | None = None) -> Stack:
    return cast("Stack", Site(answer, bench=bench, settings=settings))


def response(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
