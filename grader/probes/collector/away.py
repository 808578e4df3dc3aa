"""The collector frozen, then gone, then back: what becomes of the site, of its containers, and of their lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.crew import start_of
from grader.probes.base import Probe, as_now, in_role, nonce, wait_for
from grader.probes.collector.found import collector_of, find, json_line, say
from grader.probes.http import Entry, site
from grader.probes.load import Loaded, load, loaded
from grader.probes.topology import WHOAMI, Named
from grader.stacks.base import Stack
from grader.stacks.dealings import Spoken, Undo
from grader.stacks.values import ServiceFacts

REQUESTS = 20  # in each window, at least
WINDOW = 5.0  # seconds that a window lasts at most for their sake
POUR = 16 * 1024 * 1024  # bytes: more than all buffers between a container and a collector that stands still
POURING = 8.0  # seconds
LINES = 20  # that a service says meanwhile
BACK = 10.0  # seconds until lines arrive again

POURER = f"""
import sys
line = "x" * 8000
for number in range({POUR} // 8000):
    sys.stdout.write(f"{{number}} {{line}}\\n")
"""
STARTER = "print('started')"


@dataclass(frozen=True, slots=True)
class Fared:
    """How services with the logging of `service` fared: one that wrote POUR bytes while the collector stood still, one
    that was started while it was down."""

    service: str
    poured: Spoken
    started: Spoken


@dataclass(frozen=True, slots=True)
class Away:
    """What happened while the collector stood still (`frozen`), while it was down (`down`), and after.

    Of the `said` lines that `service` wrote while it was down, `here` are in `docker logs`, `there` in the collector,
    `lost` in neither. `back` is seconds from its start until a new line arrived, None when none did in time; `state`
    is the collector's own then.
    """

    collector: str
    service: str
    site: str
    frozen: Loaded
    down: Loaded
    fared: tuple[Fared, ...]
    said: int
    here: int
    there: int
    lost: int
    back: float | None
    state: str


@dataclass(frozen=True)
class TakeAway(Probe[Away]):
    """Freezes the collector, then kills it and starts it again, while visitors come and services write."""

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 20.0

    def ask(self, stack: Stack, /) -> Away:
        keeper, _ = collector_of(stack)
        speaker = in_role(stack, "app")[0]
        parties = tuple({s.id: s for role in ("app", "edge") for s in in_role(stack, role)[:1]}.values())
        to, begun = stack.ask(Entry()), time.time()
        page = WHOAMI if stack.ask(Named()) else "/"
        with _speakers(stack, parties, POURER) as pour, stack.disturbing(_thaw(keeper)):
            stack.pause(keeper)
            with load(stack, to, page) as frozen:
                poured = pour()
                wait_for(lambda: True if len(frozen) >= REQUESTS else None, WINDOW)
        words = tuple(nonce() for _ in range(LINES))
        with _speakers(stack, parties, STARTER) as start, stack.disturbing(start_of(keeper)):
            stack.stop(keeper, 0)  # at once, as in a crash: it has no time to tidy up
            with load(stack, to, page) as down:
                started = start()
                say(stack, speaker, b"".join(json_line(word) for word in words))
                wait_for(lambda: True if len(down) >= REQUESTS else None, WINDOW)
            stack.start(keeper)
            back = _until_back(stack, keeper, speaker)
        there = {word for _, has in find(stack, keeper, words, begun) for word in has}
        text = stack.log_text(speaker, begun)
        here = {word for word in words if word.encode() in text.out + text.err}
        now = as_now(stack, keeper.id) or keeper
        return Away(
            collector=keeper.service,
            service=speaker.service,
            site=site(stack, to),
            frozen=loaded(frozen),
            down=loaded(down),
            fared=tuple(Fared(s.service, poured[s.id], started[s.id]) for s in parties),
            said=LINES,
            here=len(here),
            there=len(there),
            lost=len(set(words) - here - there),
            back=back,
            state=now.state.value,
        )


def _thaw(service: ServiceFacts) -> Undo:
    return Undo("unpause", service.id, service.service)


@contextmanager
def _speakers(
    stack: Stack, services: tuple[ServiceFacts, ...], program: str
) -> Iterator[Callable[[], dict[str, Spoken]]]:
    """Yields what runs the program with the logging of each service, all at the same time, and says how each fared."""
    with ExitStack() as speakers, ThreadPoolExecutor(len(services)) as crowd:
        speak = [speakers.enter_context(stack.speaker_like(service, program)) for service in services]
        yield lambda: dict(
            zip((service.id for service in services), crowd.map(lambda one: one(POURING), speak), strict=True)
        )


def _until_back(stack: Stack, keeper: ServiceFacts, speaker: ServiceFacts) -> float | None:
    """Seconds until a line that was said after the start has arrived."""
    begun, since, words = time.monotonic(), time.time(), [nonce()]

    def look() -> float | None:
        words.append(nonce())
        say(stack, speaker, json_line(words[-1]))
        return time.monotonic() - begun if find(stack, keeper, tuple(words), since) else None

    back = wait_for(look, BACK, every=0.25)
    return None if back is None else round(back, 2)
