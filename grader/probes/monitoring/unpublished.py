"""What visitors must not see: metrics and state behind the edge, and monitoring servers on ports of the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe
from grader.probes.greeting import Greeting
from grader.probes.http import Entry, Greet, send, site
from grader.probes.monitoring.metrics import Expose, Sources
from grader.probes.stack.published import STATE_PATHS, STATE_SIGNS, is_local
from grader.stacks.base import Stack
from grader.stacks.dealings import Address, loopback

SECONDS = 3.0  # that an answer may take
# Where monitoring servers say who they are: Prometheus, Alertmanager, Grafana, and whoever exports metrics.
GIVEAWAYS = (
    ("/api/v1/status/buildinfo", '"status":"success"', "Prometheus"),
    ("/api/v2/status", '"versioninfo"', "Alertmanager"),
    ("/api/health", '"database"', "Grafana"),
    ("/metrics", "# type ", "an exporter of metrics"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a path of the site answered; `state` says that metrics or a server's own state were in it."""

    path: str
    status: int
    error: str
    state: bool


@dataclass(frozen=True, slots=True)
class Published:
    """A port that other machines reach, behind which `what` answers."""

    service: str
    where: str
    host_port: int
    what: str


@dataclass(frozen=True, slots=True)
class OpenMetrics:
    site: str
    seen: tuple[Seen, ...]
    published: tuple[Published, ...]


@dataclass(frozen=True)
class LookFromOutside(Probe[OpenMetrics]):
    """Asks the edge for metrics and state pages in many spellings, and open ports for a monitoring server."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> OpenMetrics:
        to, names = stack.ask(Entry()), stack.ask(Expose()).names
        own = stack.ask(Sources())[0].path.partition("?")[0]
        paths = dict.fromkeys((*spellings(own), *spellings("/metrics"), *STATE_PATHS, "/status"))
        seen = tuple(_seen(stack, to, path, names) for path in paths if path != "/")
        return OpenMetrics(site(stack, to), seen, tuple(_published(stack)))


def spellings(path: str) -> tuple[str, ...]:
    """Ways to write a path that a careless rule does not cover, though a server behind it may."""
    word = path.lstrip("/")
    return (
        path,
        f"{path}/",
        f"//{word}",
        f"/.{path}",
        f"/%{ord(word[:1] or 'm'):02x}{word[1:]}",
        f"{path}?x=1",
        f"/static/..{path}",
        f"{path}%2f",
        f"{path};x",
        f"/{word.upper()}",
    )


def _seen(stack: Stack, to: Address, path: str, names: tuple[str, ...]) -> Seen:
    got = send(stack, to, path, seconds=SECONDS)
    low = got.body.lower()
    state = got.status == 200 and (any(sign in low for sign in STATE_SIGNS) or any(f"\n{n}" in got.body for n in names))
    return Seen(path, got.status, "" if got.status else got.error, state)


def _published(stack: Stack) -> list[Published]:
    found = []
    entry = stack.ask(Entry()).port
    for service in stack.services():
        for port in service.published if service.running else ():
            if is_local(port.address) or port.host_port == entry:
                continue
            said = stack.ask(Greet(loopback(port.address), port.host_port))
            what = _what(stack, said) if said.status else ""
            if what:
                found.append(Published(service.service, port.address or "0.0.0.0", port.host_port, what))
    return found


def _what(stack: Stack, said: Greeting) -> str:
    for path, sign, name in GIVEAWAYS:
        got = send(stack, said.to, path, seconds=SECONDS)
        if got.status == 200 and sign in got.body.lower().replace(": ", ":"):
            return name
    return ""
