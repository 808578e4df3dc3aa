"""Given services and a collector, when lines are said and it is taken away, then what became of them is known."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from grader.checks import collector as delivery
from grader.checks import collector_service as upkeep
from grader.model import AnyCheck, Outcome
from grader.probes import load
from grader.probes.collector import away as collector_away
from grader.probes.collector import doors as collector_doors
from grader.probes.collector import found as collector
from grader.probes.collector import odd as collector_odd
from grader.probes.collector import request as collector_request
from grader.probes.collector.away import TakeAway
from grader.probes.collector.doors import TryDoors
from grader.probes.collector.found import Collect
from grader.probes.collector.odd import SayOddLines
from grader.probes.collector.request import Follow
from grader.stacks.base import CouldNotLook
from grader.stacks.values import Mount, Published, ServiceFacts
from tests.probes.collecting import LOGS, Collecting, enveloped


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that make sense with a real engine, shortened for one in memory."""
    for module in (collector, collector_odd, collector_request):
        monkeypatch.setattr(module, "LIMIT", 0.3)
    monkeypatch.setattr(collector_doors, "ARRIVE", 0.3)
    monkeypatch.setattr(collector_away, "BACK", 0.3)
    monkeypatch.setattr(collector_away, "REQUESTS", 2)
    monkeypatch.setattr(load, "RATE", 500.0)


def as_text(who: ServiceFacts, line: bytes) -> bytes:
    return json.dumps({"service": who.service, "message": line.decode("utf-8", "replace")}).encode()


def plain(who: ServiceFacts, line: bytes) -> bytes:
    return b"Nov 21 11:20:00 " + who.service.encode() + b": " + line


def flat(who: ServiceFacts, line: bytes) -> bytes:
    """The line's own fields win over the collector's."""
    whole = json.loads(enveloped(who, line))
    return json.dumps({key: whole[key] for key in ("time", "service", "container")} | whole["log"]).encode()


def anonymous(who: ServiceFacts, line: bytes) -> bytes:
    return json.dumps({"log": json.loads(enveloped(who, line))["log"]}).encode()


def verbatim(who: ServiceFacts, line: bytes) -> bytes:
    whole = json.loads(enveloped(who, b"{}"))
    del whole["log"]
    return json.dumps(whole).encode()[:-1] + b', "log": ' + line + b"}"


def short(who: ServiceFacts, line: bytes) -> bytes:
    return enveloped(who, line[:8000])


def only_json(who: ServiceFacts, line: bytes) -> bytes | None:
    return enveloped(who, line) if line.startswith(b'{"') and line.endswith(b"}") else None


RED = Outcome.FAIL
GREEN = Outcome.PASS


@pytest.mark.parametrize(
    ("write", "check", "outcome"),
    (
        *((enveloped, check, GREEN) for check in (delivery.finds_request, delivery.every_service)),
        *((enveloped, check, GREEN) for check in (delivery.structure_kept, delivery.origin_told)),
        (enveloped, delivery.odd_lines_kept, GREEN),
        *((write, delivery.structure_kept, RED) for write in (as_text, plain)),
        *((write, delivery.finds_request, GREEN) for write in (as_text, plain)),
        *((write, delivery.structure_kept, GREEN) for write in (flat, anonymous, verbatim)),
        *((write, delivery.origin_told, RED) for write in (flat, anonymous)),
        *((write, delivery.odd_lines_kept, RED) for write in (verbatim, short, only_json)),
    ),
)
def test_what_a_collector_makes_of_lines_decides(write: object, check: AnyCheck, outcome: Outcome) -> None:
    verdict = check.judge(check.probe.ask(Collecting(write).stack))  # type: ignore[arg-type]  # one of the functions above
    assert verdict.outcome is outcome, verdict.because


def test_a_service_that_does_not_ship_is_named() -> None:
    seen = Collect().ask(Collecting(ships=("app",)).stack)
    assert seen.collector == "logs"
    verdict = delivery.every_service.judge(seen)
    assert verdict.outcome is RED
    assert "a line of proxy did not arrive in logs" in verdict.because


def test_an_edge_that_does_not_ship_is_found_by_following_a_request() -> None:
    verdict = delivery.finds_request.judge(Follow().ask(Collecting(ships=("app",)).stack))
    assert "proxy (edge) wrote a line with the id 0123456789 of X-Request-ID, and logs has none" in verdict.because


def test_an_app_that_writes_no_line_about_a_request_is_another_trouble_than_a_line_that_is_lost() -> None:
    there = Collecting()
    there.request_lines = False
    verdict = delivery.finds_request.judge(Follow().ask(there.stack))
    assert "wrote no line" in verdict.because


def test_without_a_collector_the_request_is_red_and_the_rest_unknown() -> None:
    there = Collecting(ships=())
    assert delivery.finds_request.judge(Follow().ask(there.stack)).outcome is RED
    for probe in (TryDoors(), TakeAway(), SayOddLines()):
        with pytest.raises(CouldNotLook, match="no service of this stack keeps"):
            probe.ask(Collecting(ships=()).stack)


def test_a_volume_or_a_folder_of_the_host_is_durable_and_a_tmpfs_is_not() -> None:
    for kind, outcome in (("volume", GREEN), ("bind", GREEN), ("tmpfs", RED)):
        there = Collecting()
        there.keeper = replace(LOGS, mounts=(Mount(kind, "x", "/logs", True),))
        assert upkeep.store_durable.judge(Collect().ask(there.stack)).outcome is outcome, kind


def test_a_forged_line_is_sent_from_beside_every_other_service() -> None:
    there = Collecting()
    seen = TryDoors().ask(there.stack)
    assert there.done == ["pour from app to 172.19.0.2", "pour from proxy to 172.19.0.2"]
    assert seen.listens == ("udp 5514",)  # Docker's name server, on loopback, is nobody's door
    assert upkeep.only_the_engine_writes.judge(seen).outcome is GREEN


def test_a_collector_that_takes_a_forged_line_is_red_and_so_is_one_that_other_machines_reach() -> None:
    there = Collecting()
    there.takes_forged = True
    assert (
        "a forged line from app was taken" in upkeep.only_the_engine_writes.judge(TryDoors().ask(there.stack)).because
    )
    public = Collecting()
    public.keeper = replace(LOGS, published_udp=(Published("0.0.0.0", 5514, 5514),))
    assert "0.0.0.0:5514/udp" in upkeep.only_the_engine_writes.judge(TryDoors().ask(public.stack)).because


def test_speakers_are_made_before_the_collector_stands_still_and_removed_after() -> None:
    there = Collecting()
    seen = TakeAway().ask(there.stack)
    first = there.done[: there.done.index("stop")]
    assert first[:3] == ["make a speaker like app", "make a speaker like proxy", "pause"]
    assert first[3] == "unpause"
    assert first[4:6] == ["remove the speaker like proxy", "remove the speaker like app"]
    assert there.up
    for check in (upkeep.outage_harmless, upkeep.resumes_after_crash, upkeep.outage_lines_kept):
        assert check.judge(seen).outcome is GREEN
    assert (seen.here, seen.there, seen.lost) == (20, 0, 0)


@pytest.mark.parametrize(
    ("name", "value", "check", "because"),
    (
        ("starts", "dial tcp: connection refused", upkeep.outage_harmless, "can be started: dial tcp"),
        ("blocks", True, upkeep.outage_harmless, "it could not write 16 MiB in 8 s"),
        ("copies", False, upkeep.outage_lines_kept, "20 of 20 lines that app wrote while logs was down are nowhere"),
        ("comes_back", False, upkeep.resumes_after_crash, "no new line has arrived; it is exited"),
    ),
)
def test_each_way_an_outage_can_harm_is_red_in_its_own_check(
    name: str, value: object, check: AnyCheck, because: str
) -> None:
    there = Collecting()
    setattr(there, name, value)
    verdict = check.judge(TakeAway().ask(there.stack))
    assert verdict.outcome is RED
    assert because in verdict.because
