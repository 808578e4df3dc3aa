"""What services printed during a burst, made by hand: requests, and the lines that a log has about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar, cast

from grader.model import Probe, Role
from grader.probes.logs.asked import MESSAGE, Secrets, message
from grader.probes.logs.burst import Burst, Grade, Log, log_of
from grader.probes.logs.sent import Sent
from grader.stacks.base import Stack
from grader.stacks.values import LogText, ServiceFacts
from tests.probes.service import SERVICE

E = TypeVar("E")
NOW = 1795259481.0  # 2026-11-21T11:11:21Z
STAMP = "2026-11-21T11:11:21+00:00"
SECRETS = Secrets(
    "5ec2e7aaaaaaaaaa", "bea2e2bbbbbbbbbb", "70ce4ccccccccccc", "session=eyJ1c2VyIjoiYWRhIn0.x.signature-of-ada-1"
)
PROXY = replace(SERVICE, id="beef", service="proxy", name="lab-proxy-1")


def sent(name: str, word: str = "", *, path: str = "", status: int = 200, **rest: object) -> Sent:
    """A request of the burst; its word is in its path unless another path is given."""
    word = word or (name.encode().hex() + "0" * 16)[:16]
    given = Sent(name, word, "GET", path or f"/bench/echo/{word}", status, "", 0.01, 0.0)
    return replace(given, **rest)  # type: ignore[arg-type]


def burst(
    *requests: Sent,
    app: Iterable[str] = (),
    edge: Iterable[str] = (),
    others: Iterable[str] | None = None,
    seen: dict[str, float] | None = None,
    bench: bool = True,
    shared: bool = False,
    cut: bool = False,
    refused: str = "",
) -> Burst:
    """A burst of `requests`, and what each service printed; everything awaited was there at once."""
    usual = dict.fromkeys(("warning", "info", "print", "missing", "static"), 0.01)

    told = next((message(one.word) for one in requests if one.name == MESSAGE), "")

    def log(service: str, lines: Iterable[str]) -> Log:
        text = "\n".join(lines).encode("utf-8", "surrogateescape")
        return log_of(service, LogText(text, b"", cut=cut, refused=refused), told)

    at_app = log("app", app)
    return Burst(
        site="https://pinboard.localhost:8443",
        bench=bench,
        begun=NOW - 0.5,
        ended=NOW + 0.5,
        sent=requests,
        seen=tuple(sorted((usual if seen is None else seen).items())),
        app=(at_app,),
        edge=(at_app if shared else log("proxy", edge),),
        others=() if others is None else (log("collector", others),),
        secrets=SECRETS,
    )


class Prepared:
    """A stack that has been asked already."""

    def __init__(self, result: Burst, *services: ServiceFacts) -> None:
        self._burst, self._services = result, services or (SERVICE, PROXY)

    def ask(self, probe: Probe[E]) -> E:
        if isinstance(probe, Grade):
            return cast("E", self._burst)
        return probe.ask(cast("Stack", self))

    def roles(self) -> tuple[Role, ...]:
        return (Role("app", ("app",), ""), Role("edge", ("proxy",), ""))

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return self._services


def after(result: Burst, probe: Probe[E], *services: ServiceFacts) -> E:
    """The evidence that a probe takes from a burst."""
    return Prepared(result, *services).ask(probe)
