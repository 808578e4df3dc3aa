"""A stage of the course under its fixed load: the same clients, pages and times for every stage.

The load is closed: each client asks again as soon as it has its answer. A server that stands still is asked less in
that time, so its slowest answers are fewer than visitors at a steady rate would have met (coordinated omission).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from grader.ladder import Figures, Row, figures
from grader.model import Reason
from grader.probes.base import in_role
from grader.probes.http import request
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import From, Vantage
from grader.stacks.values import ServiceFacts
from grader.text import clean

MB = 1_000_000
SPIN = 0.5  # seconds of the control, before and after
CALL = 30.0  # seconds beyond the load that the sidecar may take on a busy machine


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: `clients` go through `paths`, for `seconds` each without and with the slow client.

    The slow client sends one request over `trickle` seconds, reads the answer, and begins again. It is done with one
    before Gunicorn gives up on the worker that listens to it (`timeout`, 10 s in lab 2). There is none at 0.
    """

    paths: tuple[str, ...] = ("/", "/static/app.css", "/bench/slow?seconds=0.1")
    clients: int = 8
    warm_up: int = 1
    seconds: int = 6
    trickle: float = 5.0


FIXED = Load()


def measured(stack: Stack, lab: str, load: Load, say: Callable[[str], None]) -> Row:
    """The row of a stack under a load. CouldNotLook says why there is none."""
    edge, app = in_role(stack, "edge")[0], in_role(stack, "app")[0]
    via, host, port = _inside(edge)
    cores = cast("int", stack.at(via, "cores"))
    say("How busy is this machine?")
    free = _free(stack, via)
    say(f"{load.clients} clients for {load.seconds} s …")
    alone = _figures(stack, via, host, port, load, slow=False)
    if load.trickle:
        say("The same, and one slow client among them …")
    beside = _figures(stack, via, host, port, load, slow=True) if load.trickle else alone
    app_mb = round(stack.memory(app) / MB, 1)
    edge_mb = 0.0 if edge.id == app.id else round(stack.memory(edge) / MB, 1)
    free = min(free, _free(stack, via))
    at = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
    return Row(lab, at, program(app), alone, beside, app_mb, edge_mb, round(free, 2), cores)


def program(app: ServiceFacts) -> str:
    """What serves the app, as its command says: `gunicorn`, `flask run`."""
    words = [word.rsplit("/", 1)[-1] for word in app.argv[:2]]
    return clean(" ".join(words if words[:1] == ["flask"] else words[:1]), 40) or "?"


def _inside(edge: ServiceFacts) -> tuple[Vantage, str, int]:
    """From where, and at which address inside the stack, its site is asked."""
    place = next((at for at in edge.networks if at.address), None)
    if place is None or not edge.published:
        raise CouldNotLook(
            Reason.UNREACHABLE, f"{clean(edge.service)} publishes no port", hint="docker compose ps, then grader check"
        )
    return Vantage(From.LOAD, place.network), place.address, min(edge.published, key=lambda p: p.host_port).port


def _free(stack: Stack, via: Vantage) -> float:
    return cast("float", stack.at(via, "spin", within=CALL, seconds=SPIN))


def _figures(stack: Stack, via: Vantage, host: str, port: int, load: Load, *, slow: bool) -> Figures:
    name = stack.settings.hosts[0]
    visit = base64.b64encode(request("/", host=name)).decode()
    came = cast(
        "dict[str, Any]",
        stack.at(
            via,
            "load",
            within=load.warm_up + load.seconds + CALL,
            host=host,
            port=port,
            name=name,
            paths=list(load.paths),
            clients=load.clients,
            warm_up=load.warm_up,
            seconds=load.seconds,
            visit=visit,
            trickle=load.trickle if slow else 0.0,
        ),
    )
    if not came["rows"]:
        said = clean(came["said"]) or "nothing was answered"
        raise CouldNotLook(Reason.UNREACHABLE, f"no request of the load was answered: {said}", hint="grader check")
    return figures(((status, micros) for status, micros in came["rows"]), load.seconds)
