"""Given a copy of a collector, when it is flooded, then only what reached it counts, and the original is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from grader.probes.collector import flood as collector_flood
from grader.probes.collector import found as collector
from grader.probes.collector.flood import FLOOD, Flood
from grader.stacks.base import CouldNotLook, NotApplicable
from grader.stacks.dealings import Vantage
from grader.stacks.values import Mount, ServiceFacts, Sockets
from tests.probes.collecting import LOGS, Collecting


class Flooding(Collecting):
    """The copy grows by all that it gets, up to `bound`; so many datagrams of a volley it `loses`."""

    def __init__(self, *, bound: int = 10**9, loses: int = 0, recovers: bool = False, listens: bool = True) -> None:
        super().__init__()
        self.bound, self.loses, self.recovers, self.listens = bound, loses, recovers, listens
        self.grown = self.dropped = 0
        self.paces: list[float] = []
        self.scratch = ""
        self.places: list[str] = []

    @contextmanager
    def copy_of(self, of: ServiceFacts, environment: dict[str, str], scratch: str) -> Iterator[ServiceFacts]:
        self.scratch = scratch
        yield replace(LOGS, id="copy", name="copy")

    def sockets(self, of: ServiceFacts) -> Sockets:
        return Sockets((), ())

    def _hears(self, of: ServiceFacts) -> list[dict[str, Any]]:
        if not self.listens:
            return []
        return [{"address": "0.0.0.0", "port": 5514, "dropped": self.dropped if of.id == "copy" else 0}]

    def _sizes(self, of: ServiceFacts, folders: list[str]) -> dict[str, int]:
        self.places.append(of.id)
        return {"files": 1, "bytes": min(self.grown, self.bound)}

    def at(self, via: Vantage, op: str, *, within: float, **args: Any) -> int:
        assert (op, args["address"], args["protocol"]) == ("pour", "172.19.0.2", "udp")
        self.paces.append(args["pace"])
        lost = min(self.loses, args["count"])
        self.dropped += lost
        self.loses = self.loses // 2 if self.recovers else self.loses
        self.grown += (args["count"] - lost) * collector_flood.LINE
        return int(args["count"])


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "LIMIT", 0.3)
    monkeypatch.setattr(collector_flood, "READY", 0.2)


def test_what_the_copy_grew_by_is_what_counts() -> None:
    endless, bounded = Flooding(), Flooding(bound=8 * 1024 * 1024)
    assert Flood().ask(endless.stack).grew >= 0.95 * FLOOD
    assert Flood().ask(bounded.stack).grew == 8 * 1024 * 1024
    assert set(bounded.places) == {"copy"}
    assert bounded.scratch == ""


def test_a_folder_of_the_host_is_not_written_to() -> None:
    there = Flooding()
    there.keeper = replace(LOGS, mounts=(Mount("bind", "/home/ada/records", "/logs", True),))
    Flood().ask(there.stack)
    assert there.scratch == "/logs"


def test_a_flood_that_did_not_arrive_proves_nothing() -> None:
    with pytest.raises(CouldNotLook, match="reached the copy"):
        Flood().ask(Flooding(loses=10**6).stack)


def test_what_a_busy_machine_dropped_is_sent_again_and_slower() -> None:
    there = Flooding(loses=2000, recovers=True)
    assert Flood().ask(there.stack).took >= 0.8 * FLOOD
    assert there.paces == sorted(there.paces, reverse=True)
    assert len(there.paces) > 1


def test_a_collector_that_listens_nowhere_cannot_be_flooded() -> None:
    with pytest.raises(NotApplicable, match="fetches its lines itself"):
        Flood().ask(Flooding(listens=False).stack)
