"""Who can write to the collector, besides the engine: forged lines are sent from every place that has no business."""

from __future__ import annotations

import base64
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, ClassVar, cast

from grader.probes.base import Probe, nonce, wait_for
from grader.probes.collector.found import collector_of, find
from grader.probes.stack.published import is_local
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import ServiceFacts

ARRIVE = 1.5  # seconds until a forged line counts as not taken


@dataclass(frozen=True, slots=True)
class Knock:
    """A forged line that was sent from beside `service` to an address of the collector; `taken` when it was kept."""

    service: str
    address: str
    port: int
    protocol: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Doors:
    """The ports that the collector listens on, what other machines reach of it, and what knocking came to."""

    collector: str
    listens: tuple[str, ...]  # "udp 5514"
    public: tuple[str, ...]  # "0.0.0.0:5514/udp"
    knocks: tuple[Knock, ...]


@dataclass(frozen=True)
class TryDoors(Probe[Doors]):
    """Sends the collector a line from beside every other service, in the form that the engine sends them in."""

    seconds: ClassVar[float] = 5.0

    def ask(self, stack: Stack, /) -> Doors:
        keeper, _ = collector_of(stack)
        ports = listening(stack, keeper)
        begun = time.time()
        others = [s for s in stack.services() if s.running and not s.one_shot and s.id != keeper.id]
        tries = [
            (nonce(), other, attached.address, port, protocol)
            for other in others
            for attached in keeper.networks
            if attached.address
            for protocol, port in ports
        ]
        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(lambda one: _knock(stack, *one), tries))
        words = tuple(word for word, *_ in tries)
        taken: set[str] = set()

        def look() -> bool | None:
            taken.update(word for _, has in find(stack, keeper, words, begun) for word in has)
            return True if taken >= set(words) else None

        if words:
            wait_for(look, ARRIVE, every=0.25)
        return Doors(
            keeper.service,
            tuple(f"{protocol} {port}" for protocol, port in ports),
            _public(keeper),
            tuple(
                Knock(o.service, address, port, protocol, word in taken) for word, o, address, port, protocol in tries
            ),
        )


def listening(stack: Stack, service: ServiceFacts) -> list[tuple[str, int]]:
    """("udp", 5514), …: where a service can be reached from outside of its own container."""
    tcp = {socket.port for socket in stack.sockets(service).listening if socket.port and _open(socket.address)}
    heard = cast("list[dict[str, Any]]", stack.inside(service, "hears"))
    udp = {one["port"] for one in heard if _open(one["address"])}
    return [("tcp", port) for port in sorted(tcp)] + [("udp", port) for port in sorted(udp)]


def _open(address: str) -> bool:
    return not ip_address(address).is_loopback


def _public(service: ServiceFacts) -> tuple[str, ...]:
    bound = [(p, "tcp") for p in service.published] + [(p, "udp") for p in service.published_udp]
    return tuple(f"{p.address}:{p.host_port}/{protocol}" for p, protocol in bound if not is_local(p.address))


def _knock(stack: Stack, word: str, other: ServiceFacts, address: str, port: int, protocol: str) -> None:
    data = base64.b64encode(forged(word)).decode()
    with contextlib.suppress(CouldNotLook):  # nothing can be sent from there, so nothing was
        stack.inside(other, "pour", address=address, port=port, protocol=protocol, data=data)


def forged(word: str) -> bytes:
    """A line as the engine's syslog driver sends it (RFC 5424), in the name of a service that there is not."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return f'<30>1 {now} host grader/000000000000 1 grader/000000000000 - {{"grader": "{word}"}}'.encode()
