"""How much of the disk the collector takes: a copy of it is flooded, so that the real one keeps what it has."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from grader.model import Reason
from grader.probes.base import Probe, wait_for
from grader.probes.collector.doors import forged, listening
from grader.probes.collector.found import collector_of, folders_of
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import From, Vantage
from grader.stacks.values import Attached, ServiceFacts

MIB = 1024 * 1024
FLOOD = 24 * MIB  # bytes of lines that one service writes
LINE = 8 * 1024  # bytes of one of them
PACES = (10 * MIB, 5 * MIB, 2 * MIB)  # bytes a second
ENOUGH = 0.8  # of the flood has to reach the copy
READY = 5.0  # seconds until the copy listens
CALM = 5.0  # seconds until it has written what it got


@dataclass(frozen=True, slots=True)
class Flooded:
    """`took` bytes of lines of one service reached the copy; its files, `files` of them, grew by `grew` bytes."""

    collector: str
    folder: str
    took: int
    grew: int
    files: int
    seconds: float


@dataclass(frozen=True)
class Flood(Probe[Flooded]):
    """Sends FLOOD bytes in the name of one service to a copy of the collector, and looks how its files grow."""

    disturbs: ClassVar[bool] = True
    seconds: ClassVar[float] = 12.0

    def ask(self, stack: Stack, /) -> Flooded:
        keeper, seen = collector_of(stack)
        doors = listening(stack, keeper)
        if not doors:
            raise NotApplicable(f"{keeper.service} fetches its lines itself: a copy of it cannot be sent any")
        protocol, port = doors[-1]  # UDP, where there is a choice
        with stack.copy_of(keeper, {}, _mount(keeper, seen.folder)) as copy:
            if wait_for(lambda: True if (protocol, port) in _listens(stack, copy) else None, READY) is None:
                raise CouldNotLook(Reason.TIMED_OUT, f"a copy of {keeper.service} does not listen after {READY:.0f} s")
            folders = sorted({*folders_of(stack, copy), *folders_of(stack, keeper)})
            before, begun = _sizes(stack, copy, folders), time.monotonic()
            at = next(attached for attached in copy.networks if attached.address)
            took = 0
            for pace in PACES:  # a busy machine drops datagrams: what is missing is sent again, slower
                took += _pour(stack, copy, at, protocol, port, FLOOD - took, pace)
                if took >= ENOUGH * FLOOD:
                    break
            after = _calm(stack, copy, folders)
        if took < ENOUGH * FLOOD:
            raise CouldNotLook(Reason.NOISY_HOST, f"only {took / MIB:.0f} MiB of {FLOOD // MIB} reached the copy")
        grew = after["bytes"] - before["bytes"]
        return Flooded(keeper.service, seen.folder, took, grew, after["files"], round(time.monotonic() - begun, 1))


def _pour(stack: Stack, copy: ServiceFacts, at: Attached, protocol: str, port: int, wanted: int, pace: float) -> int:
    """Sends so many bytes of lines of one service; returns how many reached the copy."""
    line, before = forged("f" * LINE), _dropped(stack, copy, port)
    sent = stack.at(
        Vantage(From.CLIENT, at.network), "pour", within=wanted / pace * 3 + 10,
        address=at.address, port=port, protocol=protocol, data=base64.b64encode(line).decode(),
        count=wanted // LINE, pace=pace,
    )  # fmt: skip
    return (cast("int", sent) - (_dropped(stack, copy, port) - before if protocol == "udp" else 0)) * LINE


def _dropped(stack: Stack, copy: ServiceFacts, port: int) -> int:
    heard = cast("list[dict[str, Any]]", stack.inside(copy, "hears"))
    return sum(one["dropped"] for one in heard if one["port"] == port)


def _mount(keeper: ServiceFacts, folder: str) -> str:
    """Where the folder of the host is mounted that holds the records, "" when they are on a volume."""
    mounts = [mount for mount in keeper.mounts if f"{folder}/".startswith(f"{mount.target.rstrip('/')}/")]
    return next((mount.target for mount in mounts if mount.kind == "bind"), "")


def _listens(stack: Stack, copy: ServiceFacts) -> list[tuple[str, int]]:
    try:
        return listening(stack, copy)
    except CouldNotLook:  # it has only just been started
        return []


def _sizes(stack: Stack, copy: ServiceFacts, folders: list[str]) -> dict[str, int]:
    return cast("dict[str, int]", stack.inside(copy, "sizes", folders=folders))


def _calm(stack: Stack, copy: ServiceFacts, folders: list[str]) -> dict[str, int]:
    """The sizes when two looks in a row show the same."""
    last = _sizes(stack, copy, folders)

    def look() -> bool | None:
        nonlocal last
        now = _sizes(stack, copy, folders)
        same, last = now == last, now
        return True if same else None

    wait_for(look, CALM, every=0.3)
    return last
