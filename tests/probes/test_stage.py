"""Given a stack, when it is measured, then every stage gets the same load, and the worse moment is the noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from grader.ladder import Figures
from grader.model import Role
from grader.probes.stage import FIXED, measured, program
from grader.stacks.base import CouldNotLook, Settings, Stack
from grader.stacks.dealings import From, Vantage
from grader.stacks.values import Attached, Published, ServiceFacts
from tests.probes.service import SERVICE

APP = replace(
    SERVICE,
    id="a1",
    service="app",
    argv=("/usr/local/bin/gunicorn", "wsgi:app"),
    published=(Published("127.0.0.1", 8080, 8000),),
    networks=(Attached("net", "172.20.0.2", "172.20.0.1"),),
)
PROXY = replace(APP, id="b2", service="proxy", argv=("nginx",), published=(Published("127.0.0.1", 8080, 80),))
ROWS = [[200, 10_000], [200, 30_000], [-1, 5]]


class Loaded:
    """A stack whose generator answers what it was told; `asked` holds what each load was."""

    settings = Settings()

    def __init__(
        self, *services: ServiceFacts, rows: list[list[int]] = ROWS, free: tuple[float, ...] = (0.9, 0.7)
    ) -> None:
        self._services, self._rows, self._free = services, rows, [0.9, 0.7]
        self.asked: list[dict[str, Any]] = []

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return self._services

    def roles(self) -> tuple[Role, ...]:
        return (Role("app", ("app",), ""), Role("edge", (self._services[-1].service,), ""))

    def memory(self, service: ServiceFacts) -> int:
        return {"a1": 84_000_000, "b2": 5_500_000}[service.id]

    def at(self, via: Vantage, op: str, *, within: float = 15.0, **args: object) -> object:
        assert via == Vantage(From.LOAD, "net")
        if op == "load":
            self.asked.append(args)
            return {"rows": self._rows, "said": "connection\x1b[31m refused", "visits": 1, "broken": 0}
        return self._free.pop(0) if op == "spin" else 2


def test_the_row_holds_both_loads_the_memory_and_the_worse_moment() -> None:
    stack = Loaded(APP, PROXY)
    row = measured(cast("Stack", stack), "lab3-nginx", FIXED, lambda text: None)
    assert row.alone == row.beside == Figures(round(2 / FIXED.seconds, 1), 10.0, 30.0, 1)
    assert (row.runs, row.app_mb, row.edge_mb, row.free, row.cores) == ("gunicorn", 84.0, 5.5, 0.7, 2)


def test_only_the_slow_client_is_different_and_the_edge_is_asked() -> None:
    stack = Loaded(APP, PROXY)
    measured(cast("Stack", stack), "lab3-nginx", FIXED, lambda text: None)
    first, second = stack.asked
    assert (first["trickle"], second["trickle"]) == (0.0, FIXED.trickle)
    assert {**first, "trickle": 0} == {**second, "trickle": 0}
    assert (first["host"], first["port"], first["paths"]) == ("172.20.0.2", 80, list(FIXED.paths))


def test_an_app_that_is_its_own_edge_is_counted_once() -> None:
    row = measured(cast("Stack", Loaded(APP)), "lab2-gunicorn", FIXED, lambda text: None)
    assert (row.app_mb, row.edge_mb) == (84.0, 0.0)


def test_a_load_without_one_answer_is_no_row() -> None:
    with pytest.raises(CouldNotLook, match=r"no request of the load was answered: connection refused"):
        measured(cast("Stack", Loaded(APP, rows=[])), "lab2-gunicorn", FIXED, lambda text: None)


def test_an_edge_without_a_port_is_named() -> None:
    with pytest.raises(CouldNotLook, match="app publishes no port"):
        measured(cast("Stack", Loaded(replace(APP, published=()))), "lab2-gunicorn", FIXED, lambda text: None)


@pytest.mark.parametrize(
    ("argv", "is_"),
    (
        (("flask", "run", "--host", "0.0.0.0"), "flask run"),
        (("/usr/bin/gunicorn", "wsgi:app"), "gunicorn"),
        (("waitress-serve\x1b[2J",), "waitress-serve"),
        ((), "?"),
    ),
)
def test_what_serves_the_app_is_read_from_its_command(argv: tuple[str, ...], is_: str) -> None:
    assert program(replace(APP, argv=argv)) == is_
