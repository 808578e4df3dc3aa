"""Given a Compose file with variables, when the stack is to start anew, then with the ports that it has now."""

from __future__ import annotations

from typing import Any

import pytest

from grader.probes.stack.start import fixed_ports, port_variables


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
