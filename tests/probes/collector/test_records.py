"""Given a stored line and what a service said, when they are compared, then it is known what was kept of it."""

from __future__ import annotations

import json

import pytest

from grader.probes.collector.records import Kept, Stored, has_time, kept, names

SAID = '{"level": "info", "seconds": 0.5, "nested": {"list": [1, "two", true]}, "who": null}'
NOW = 1_795_260_000.0  # 2026-11-21T11:20:00Z


def record(line: str, *, json: bool = True) -> Stored:
    return Stored("/logs/app.jsonl", line, len(line), utf8=True, printable=True, json=json)


@pytest.mark.parametrize(
    ("line", "expected"),
    (
        (f'{{"service": "app", "log": {SAID}}}', Kept.FIELDS),
        (f'{{"service": "app", "very": {{"deep": {{"inside": {SAID}}}}}}}', Kept.FIELDS),
        (f'{{"service": "app", {SAID[1:]}', Kept.FIELDS),  # side by side with the collector's own
        (json.dumps({"service": "app", "message": SAID}), Kept.TEXT),
        (f"Nov 21 11:20:00 host app[42]: {SAID}", Kept.TEXT),
        (
            f'{{"service": "app", "log": {SAID.replace("0.5", chr(34) + "0.5" + chr(34))}}}',
            Kept.NOTHING,
        ),  # a string now
        (f'{{"service": "app", "log": {SAID.replace("true", "1")}}}', Kept.NOTHING),
        ('{"service": "app"}', Kept.NOTHING),
        ("[1, 2]", Kept.NOTHING),
    ),
)
def test_fields_count_as_kept_with_their_types_only(line: str, expected: Kept) -> None:
    assert kept(record(line), SAID) is expected


def test_a_plain_line_is_kept_as_text_in_any_field() -> None:
    assert kept(record('{"log": {"msg": "it began \\"here\\""}}'), 'it began "here"\n') is Kept.TEXT


@pytest.mark.parametrize(
    ("line", "word"),
    (
        ('{"container": "0123456789ab", "log": {}}', "0123456789ab"),
        ('{"tag": "0123456789abcdef0123", "log": {}}', "0123456789ab"),
        ('{"from": "lab-app-1"}', "lab-app-1"),
        ('{"program": "app/77[12]:"}', "app"),
        ('{"program": "application"}', ""),
        ('{"log": {"service": "proxy"}}', ""),
        ("no json", ""),
    ),
)
def test_a_record_names_its_service_by_name_container_or_id(line: str, word: str) -> None:
    assert names(record(line).record, "app", "lab-app-1", "0123456789abcdef") == word


@pytest.mark.parametrize(
    ("value", "told"),
    (
        ('"2026-11-21T11:20:01Z"', True),
        ('"2026-11-21T12:20:01.123456+01:00"', True),
        ("1795260001.5", True),
        ("1795260001500", True),
        ('"2026-11-21T11:20:01"', False),  # whose hour is that?
        ('"2026-11-20T11:20:01Z"', False),
        ("true", False),
    ),
)
def test_a_time_says_its_zone_and_is_now(value: str, told: bool) -> None:
    assert has_time(record(f'{{"at": {value}}}').record, NOW, 60.0) is told
