"""Given a Compose file with variables, when the stack is to start anew, then with the ports that it has now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from grader.model import Role
from grader.probes.http import Entry
from grader.probes.stack.start import Recreate, fixed_ports, port_variables
from grader.stacks.base import Settings, Stack
from grader.stacks.dealings import HOST, Address, Exchange
from grader.stacks.values import Published, ServiceFacts
from tests.probes.service import SERVICE
from tests.probes.site import response


def config(*ports: object) -> dict[str, Any]:
    return {"services": {"app": {"ports": list(ports)}, "db": {}}}


@pytest.mark.parametrize(
    ("ports", "expected"),
    (
        (("127.0.0.1:${PINBOARD_PORT:-8080}:8000",), {"PINBOARD_PORT": "49153"}),
        (("${PORT}:8000/tcp",), {"PORT": "49153"}),
        (("$PORT:8000",), {"PORT": "49153"}),
        (("${HOST:-127.0.0.1}:${PORT:-1}:8000",), {"PORT": "49153"}),
        (({"target": 8000, "published": "${PORT:-8080}"},), {"PORT": "49153"}),
        (("8080:8000",), {}),
        (("8000",), {}),
        (("127.0.0.1:${PORT}:9999",), {}),  # not published now
        (("127.0.0.1:8${TENS}:8000",), {}),  # only a part of the port
        (("127.0.0.1:8080:${INSIDE}",), {}),
    ),
)
def test_a_variable_gets_the_port_that_is_in_use(ports: tuple[object, ...], expected: dict[str, str]) -> None:
    assert port_variables(config(*ports), {("app", 8000): 49153}) == expected


def test_only_a_port_that_is_named_is_fixed() -> None:
    ports = (
        {"target": 8000, "published": "8080"},
        {"target": 8001, "published": "0"},
        {"target": 8002},
        "8003:8003",
        {"target": 8004, "published": "9000-9010"},
    )
    assert fixed_ports(config(*ports)) == {("app", 8000): 8080}


PLAIN, SECRET = Address("127.0.0.1", 8443), Address("127.0.0.1", 8443, tls="pinboard.localhost")


class ComingUp:
    """A TLS port that was taken for a plain one while it came up; whoever looks again knows better."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.entry, self.anew = SECRET, False

    def roles(self) -> tuple[Role, ...]:
        return (Role("edge", ("app",), ""),)

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return (replace(SERVICE, published=(Published("127.0.0.1", 8443, 443),)),)

    def ask(self, probe: object) -> Address:
        assert isinstance(probe, Entry)
        return self.entry

    def exchange(self, via: object, to: Address, data: bytes, **bounds: object) -> Exchange:
        assert via is HOST
        return Exchange(response(200 if to.tls else 400), "", cut=False, closed=True, first=0.0, total=0.0)

    def compose(self, *words: str, **options: object) -> tuple[int, str]:
        self.anew = self.anew or words[0] == "up"
        return 0, "{}"

    def forget(self) -> None:
        self.entry = PLAIN if self.anew else SECRET  # the first look after the start is a wrong one
        self.anew = False

    def found_anew(self) -> None:
        """Nobody else asks."""


def test_what_a_port_seemed_to_speak_while_it_came_up_is_not_kept() -> None:
    seen = Recreate().ask(cast("Stack", ComingUp()))

    assert seen.ready
    assert seen.relapses == 0
