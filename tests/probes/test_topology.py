"""Given a server with several sockets, when visitors come in through one of them, then the others are for others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TypeVar, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from grader.model import Probe, Role
from grader.probes.http import Entry
from grader.probes.topology import App, Named, Whoami, told_apart
from grader.stacks.base import Settings, Stack
from grader.stacks.dealings import Address, Exchange
from grader.stacks.values import Attached, Published, ServiceFacts, Socket
from tests.probes.service import SERVICE, process
from tests.probes.site import response

E = TypeVar("E")
SITE, METRICS = Socket("0.0.0.0", 8000, "", (1, 8)), Socket("0.0.0.0", 9100, "", (1, 8))
UNIX = Socket("", 0, "/run/app.sock", (1, 8))
APP_AT = "172.18.0.2"
APP = replace(SERVICE, networks=(Attached("lab_default", APP_AT, "172.18.0.1"),))
EDGE = replace(SERVICE, id="edge", service="proxy")


def app_with(*sockets: Socket, service: ServiceFacts = APP) -> App:
    return App(service, process(1, 0), (process(1, 0), process(8)), sockets, confirmed=True)


class Behind:
    """A stack whose proxy has connected to `asked` ports of the app, and whose bench, if it is on, answers on 8000."""

    settings = Settings()

    def __init__(self, *asked: int, bench: bool, edge: ServiceFacts = EDGE) -> None:
        self._asked, self._bench, self._edge = asked, bench, edge

    def ask(self, probe: Probe[E]) -> E:
        known = {Named: (Whoami(True),) if self._bench else (), Entry: Address("127.0.0.1", 8080)}
        return cast("E", known[type(probe)])

    def services(self) -> tuple[ServiceFacts, ...]:
        return (APP, self._edge)

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", (self._edge.service,), "it publishes a port"),)

    def inside(self, service: ServiceFacts, op: str) -> object:
        assert (service, op) == (self._edge, "partners")
        return [{"own_port": 40_000, "address": f"::ffff:{APP_AT}", "port": port} for port in self._asked]

    def exchange(self, via: object, to: Address, data: bytes, **_: object) -> Exchange:
        word = parse_qs(urlsplit(data.split()[1].decode()).query)["nonce"][0]
        body = json.dumps({"nonce": word, "pid": 8}) if to.port == 8000 or to.path else "# HELP up"
        return Exchange(response(200, body.encode()), "", False, True, 0.0, 0.0)


@pytest.mark.parametrize(
    ("stack", "sockets", "listening", "aside"),
    (
        (Behind(bench=True), (METRICS, SITE), (SITE,), (METRICS,)),
        (Behind(bench=True), (METRICS, UNIX), (UNIX,), (METRICS,)),
        (Behind(8000, bench=False), (METRICS, SITE), (SITE,), (METRICS,)),
        (Behind(8000, 9100, bench=False), (METRICS, SITE), (METRICS, SITE), ()),  # the proxy passes on to both
        (Behind(bench=False), (METRICS, UNIX), (UNIX,), (METRICS,)),
        (Behind(bench=False), (METRICS, SITE), (METRICS, SITE), ()),  # nobody can tell
        (Behind(bench=True), (METRICS,), (METRICS,), ()),  # there is no choice
    ),
)
def test_only_what_visitors_come_in_through_serves_the_site(
    stack: Behind, sockets: tuple[Socket, ...], listening: tuple[Socket, ...], aside: tuple[Socket, ...]
) -> None:
    found = told_apart(cast("Stack", stack), app_with(*sockets))

    assert (found.listening, found.aside) == (listening, aside)
    assert len(found.addresses()) + len(found.other_addresses()) == len(sockets)


def test_without_a_proxy_the_published_port_serves_the_site() -> None:
    alone = replace(APP, published=(Published("127.0.0.1", 8080, 8000),))
    stack = cast("Stack", Behind(bench=False, edge=alone))

    found = told_apart(stack, app_with(METRICS, SITE, service=alone))

    assert (found.listening, found.aside) == ((SITE,), (METRICS,))
