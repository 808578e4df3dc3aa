"""Whether lines get out of the containers at all, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe, in_role
from grader.probes.logs.burst import Grade, Log, names
from grader.probes.topology import needs_bench
from grader.stacks.base import Stack

LEVEL_NAME = re.compile(r"(?i)log.*level|level.*log|verbosity")  # of an environment variable
LOGS = "an endpoint that logs"
TRACES = ("missing", "login", "GET")  # requests that most apps leave a line about


@dataclass(frozen=True, slots=True)
class Kept:
    """What the engine has of some services' output: `lines` in the time of the burst; `refused` is why it has none.

    `cut` says that there was more than the grader reads.
    """

    services: tuple[str, ...]
    lines: int
    refused: str
    cut: bool


def kept(logs: Iterable[Log]) -> Kept:
    listed = tuple(logs)
    refused = next((log.refused for log in listed if log.refused), "")
    return Kept(names(listed), sum(len(log.lines) for log in listed), refused, any(log.cut for log in listed))


@dataclass(frozen=True, slots=True)
class AppLog:
    """Seconds after which a warning and an information of the app were seen, -1.0 for never.

    `level_named`: its environment names a level for the log, so that whoever runs it has chosen one.
    """

    site: str
    kept: Kept
    bench: bool
    warning: float
    info: float
    level_named: bool


@dataclass(frozen=True)
class FindAppLog(Probe[AppLog]):
    """What the app logs, in the engine's log. Without the bench any line about a request of ours will do."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> AppLog:
        burst = stack.ask(Grade())
        warning, info = burst.after("warning"), burst.after("info")
        if not burst.bench:
            traces = [sent for sent in burst.sent if sent.name in TRACES]
            warning = info = 0.0 if any(log.about(*traces) for log in burst.app) else -1.0
        found = kept(burst.app)
        if warning < 0 and not (burst.bench or found.refused):
            raise needs_bench(LOGS)
        named = any(LEVEL_NAME.search(name) for app in in_role(stack, "app") for name in app.environment)
        return AppLog(burst.site, found, burst.bench, warning, info, named)


@dataclass(frozen=True, slots=True)
class EdgeLog:
    """Seconds after which a request for a missing page and one for a static file were seen; -1.0 for never.

    `static` is the file, "" on a site without any. `elsewhere` are other services with a line about the missing page.
    """

    site: str
    kept: Kept
    missing: float
    static: str
    static_seen: float
    elsewhere: tuple[str, ...]


@dataclass(frozen=True)
class FindEdgeLog(Probe[EdgeLog]):
    """What the proxy says of requests, in the engine's log, its own or a collector's."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> EdgeLog:
        burst = stack.ask(Grade())
        missing, static = burst.one("missing"), burst.one("static")
        elsewhere = names(log for log in burst.others if missing and log.about(missing))
        return EdgeLog(
            site=burst.site,
            kept=kept(burst.edge),
            missing=burst.after("missing"),
            static=static.path if static else "",
            static_seen=burst.after("static"),
            elsewhere=elsewhere,
        )


@dataclass(frozen=True, slots=True)
class Printed:
    """Seconds after which a bare print() of the app was seen while the app went on running; -1.0 for never."""

    site: str
    kept: Kept
    seen: float


@dataclass(frozen=True)
class FindPrint(Probe[Printed]):
    """What the app prints. NotApplicable without the bench: nobody else prints on demand."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Printed:
        burst = stack.ask(Grade())
        if not burst.bench:
            raise needs_bench("an endpoint that prints")
        return Printed(burst.site, kept(burst.app), burst.after("print"))
