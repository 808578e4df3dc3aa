"""Given what a probe saw of the collector, when it is judged, then the verdict names the thing and where to look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import collector as delivery
from grader.checks import collector_service as upkeep
from grader.model import Outcome
from grader.probes.collector.away import Away, Fared
from grader.probes.collector.doors import Doors
from grader.probes.collector.flood import FLOOD, MIB, Flooded
from grader.probes.collector.odd import Odd, OddLines
from grader.probes.collector.records import Stored
from grader.probes.load import Failure, Loaded
from grader.stacks.dealings import Spoken

WELL = Spoken("", True, 0.5)
CALM = Loaded(20, 0, 0.05, ())
FARED = (Fared("app", WELL, WELL),)
AWAY = Away("logs", "app", "https://pinboard.localhost:8443", CALM, CALM, FARED, 20, 20, 0, 0, 0.3, "running")


@pytest.mark.parametrize(
    ("grew", "outcome"),
    ((0, Outcome.PASS), (upkeep.BOUND, Outcome.PASS), (upkeep.BOUND + 1, Outcome.FAIL), (FLOOD, Outcome.FAIL)),
)
def test_a_store_may_grow_up_to_its_bound(grew: int, outcome: Outcome) -> None:
    assert upkeep.store_bounded.judge(Flooded("logs", "/logs", FLOOD, grew, 4, 3.0)).outcome is outcome


def test_the_flood_is_larger_than_the_bound_by_half_at_least() -> None:
    assert FLOOD >= 1.5 * upkeep.BOUND
    assert f"{FLOOD // MIB} MiB" in upkeep.store_bounded.rule


@pytest.mark.parametrize(
    ("change", "said"),
    (
        (
            {"frozen": Loaded(20, 3, 10.0, (Failure(0.5, "timed out"),))},
            "3 of 20 requests failed while logs stands still",
        ),
        ({"down": Loaded(20, 0, 4.0, ())}, "one answer took 4.0 s"),
        (
            {"fared": (Fared("app", WELL, WELL), Fared("proxy", Spoken("", False, 8.0), WELL))},
            "the logging of proxy hangs",
        ),
    ),
)
def test_an_outage_is_harmless_only_if_nobody_feels_it(change: dict[str, object], said: str) -> None:
    verdict = upkeep.outage_harmless.judge(replace(AWAY, **change))  # type: ignore[arg-type]  # fields of several types
    assert verdict.outcome is Outcome.FAIL
    assert said in verdict.because


def test_lines_may_be_in_either_place_and_the_verdict_says_where() -> None:
    assert (
        "20 of 20 lines of app are in docker logs, none of them in logs" in upkeep.outage_lines_kept.judge(AWAY).because
    )
    caught_up = upkeep.outage_lines_kept.judge(replace(AWAY, here=0, there=20))
    assert caught_up.outcome is Outcome.PASS
    assert "20 of them in logs" in caught_up.because


def test_a_collector_that_fetches_its_lines_has_no_door() -> None:
    assert "it fetches its lines itself" in upkeep.only_the_engine_writes.judge(Doors("logs", (), (), ())).because


def stored(line: str, **flags: bool) -> Stored:
    return replace(Stored("/logs/acme.jsonl", line, len(line), utf8=True, printable=True, json=True), **flags)  # type: ignore[arg-type]  # all are booleans


def odd(kind: str, *records: Stored, said: int = 1, found: int = 1) -> Odd:
    return Odd(kind, "", records, said, found, sum(not record.sound for record in records))


RECORD = stored('{"time": "2026-11-21T11:20:00Z", "service": "acme", "log": {"msg": "x"}}')
SEEN = OddLines(
    "acme",
    "lab-acme-1",
    "0123456789ab",
    "proxy",
    "logs",
    tuple(odd(kind, RECORD) for kind in delivery.KINDS),
    1795260000.0,
)


def with_kind(kind: str, other: Odd) -> OddLines:
    return replace(SEEN, odd=tuple(other if one.kind == kind else one for one in SEEN.odd))


def test_sound_records_of_every_kind_pass() -> None:
    assert delivery.odd_lines_kept.judge(SEEN).outcome is Outcome.PASS
    assert delivery.origin_told.judge(SEEN).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("kind", "other", "said"),
    (
        ("half", odd("half", found=0), "half of a JSON object did not arrive in logs"),
        ("long", odd("long", RECORD, said=1000, found=500), "of a line of 100000 bytes, 50% are in logs"),
        ("binary", odd("binary", stored("x", utf8=False)), "no valid UTF-8"),
        ("binary", odd("binary", stored("x", printable=False)), "unprintable"),
        ("quoted", odd("quoted", stored("x", json=False)), "no JSON object"),
    ),
)
def test_each_way_to_spoil_a_line_is_named(kind: str, other: Odd, said: str) -> None:
    verdict = delivery.odd_lines_kept.judge(with_kind(kind, other))
    assert verdict.outcome is Outcome.FAIL
    assert said in verdict.because
    assert "--pid container:$(docker compose ps -q acme " in verdict.reproduce


def test_a_record_that_cannot_be_read_is_red_once() -> None:
    seen = with_kind("plain", odd("plain", stored("x", json=False)))
    assert delivery.odd_lines_kept.judge(seen).outcome is Outcome.FAIL
    assert delivery.origin_told.judge(seen).outcome is Outcome.PASS


def test_a_time_without_a_zone_leaves_the_hour_open() -> None:
    naive = stored('{"time": "2026-11-21T11:20:00", "service": "acme", "log": {}}')
    assert "no time with its zone" in delivery.origin_told.judge(with_kind("plain", odd("plain", naive))).because


def test_a_line_that_could_not_be_said_is_not_held_against_the_collector() -> None:
    assert delivery.odd_lines_kept.judge(with_kind("long", replace(odd("long", found=0), trouble="x"))).outcome is (
        Outcome.PASS
    )
