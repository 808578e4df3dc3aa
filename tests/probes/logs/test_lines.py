"""Given a line of a log in a form that people use, when it is read, then its fields are found; nothing breaks it."""

from __future__ import annotations

import random
import time

import pytest

from grader.probes.logs.lines import ERROR, NAIVE, flaws, lines_of, moment, parse

NOW = 1795259481.656  # 2026-11-21T11:11:21.656Z
SOON = NOW + 2.0
ISO = "2026-11-21T11:11:21.656+00:00"
LOCAL = "2026-11-21 11:11:21,656"  # what Python's own formatter writes


@pytest.mark.parametrize(
    "line",
    (
        f'{{"time": "{ISO}", "level": "info", "message": "hello"}}',
        '{"ts": 1795259481.656, "severity": "INFO", "msg": "hello"}',
        '{"@timestamp": "2026-11-21T11:11:21.656Z", "log.level": "WARN", "message": "hello", "ecs.version": "8.11"}',
        '{"@timestamp": "2026-11-21T11:11:21Z", "log": {"level": "error"}, "message": "hello"}',
        '{"event": "hello", "timestamp": "2026-11-21T11:11:21.656123Z", "level": "warning"}',  # structlog
        '{"message": "hello", "levelname": "INFO", "timestamp": "2026-11-21T12:11:21.656000+01:00"}',
        '{"time": 1795259481656, "level": 30, "msg": "hello", "pid": 1}',  # Bunyan's levels
        '{"version": "1.1", "timestamp": 1795259481.656, "level": 6, "short_message": "hello"}',  # GELF: syslog's
        '{"text": "x", "record": {"time": {"repr": "2026-11-21 12:11:21.6+01:00", "timestamp": 1795259481.6},'
        ' "level": {"name": "INFO", "no": 20}, "message": "hello"}}',  # Loguru
        '{"t": "1795259481.656", "lvl": "debug", "msg": "hello"}',
        f'{{"time": "{ISO}", "level": "info", "method": "GET", "path": "/", "status": 200}}',  # speaks for itself
        '{"time": "21/Nov/2026:11:11:21 +0000", "level": "info", "message": "hello"}',
        f'{{"asctime": "{LOCAL}", "created": 1795259481.656, "level": "info", "message": "one of two is enough"}}',
        f'time={ISO} level=info msg="hello there"',
        f'ts={ISO} level=info msg=hello key="a \\" quote"',
    ),
)
def test_a_line_that_programs_can_read_has_no_flaw(line: str) -> None:
    record = parse(line)
    assert record is not None
    assert flaws(record, NOW, SOON) == ()


@pytest.mark.parametrize(
    ("line", "found"),
    (
        (f'{{"asctime": "{LOCAL}", "levelname": "INFO", "message": "x"}}', ("a time without an offset from UTC",)),
        ('{"time": "2026-11-21T10:11:21Z", "level": "info", "message": "an hour ago"}', ("a time that is not now",)),
        ('{"time": "2026-11-21T11:11:21+01:00", "level": "info", "message": "x"}', ("a time that is not now",)),
        ('{"time": "just now", "level": "info", "message": "x"}', ("no time",)),
        ('{"time": true, "level": false, "message": ""}', ("no time", "no level", "no message")),
        (f'{{"time": "{ISO}", "message": "x"}}', ("no level",)),
        (f'{{"time": "{ISO}", "level": "loud", "message": "x"}}', ("no level",)),
        (f'{{"time": "{ISO}", "level": "info", "path": "/"}}', ("no message",)),
        ("{}", ("no time", "no level", "no message")),
        ("key=value", ("no time", "no level", "no message")),
    ),
)
def test_what_a_line_lacks_is_said(line: str, found: tuple[str, ...]) -> None:
    record = parse(line)
    assert record is not None
    assert flaws(record, NOW, SOON) == found


@pytest.mark.parametrize(
    "line",
    (
        '172.18.0.1 - - [21/Nov/2026:11:11:21 +0000] "GET / HTTP/1.1" 200 5',
        "{'level': 'info'}",  # how Python prints a dict
        '{"level": "info"} and more',
        '{"level": "info"',
        '{"seconds": NaN}',  # no JSON, though Python reads and writes it
        '{"n": ' + "1" * 5000 + "}",
        "{" * 100_000,
        '["level", "info"]',
        '"info"',
        "level=info and some words",
        "Traceback (most recent call last):",
        '  File "/app/x.py", line 1, in x',
        "",
        "\x00\x1b[2J",
    ),
)
def test_anything_else_is_no_record(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("line", "level"),
    (
        ('{"level": "error"}', ERROR),
        ('{"levelname": "CRITICAL"}', 50),
        ('{"level": 40}', ERROR),
        ('{"level": 3}', ERROR),  # syslog's severity
        ('{"level": 6}', 20),
        ('{"severity": "Warning"}', 30),
        ('{"a": {"log": {"level": "fatal"}}}', 50),
        ('{"note": "error"}', 0),
    ),
)
def test_levels_are_compared_on_one_scale(line: str, level: int) -> None:
    record = parse(line)
    assert record is not None
    assert record.level() == level


@pytest.mark.parametrize(
    ("value", "seconds"),
    (
        (1795259481, 1795259481.0),
        (1795259481656, 1795259481.656),
        (1795259481656000000, 1795259481.656),
        ("1795259481.656", 1795259481.656),
        (LOCAL, NAIVE),
        ("2026-11-21", NAIVE),
        ("", None),
        (None, None),
        (True, None),
        (10**400, None),
        (float("inf"), None),
        (-5, None),
    ),
)
def test_times_are_read_in_the_units_that_people_use(value: object, seconds: float | None) -> None:
    assert moment(value) == pytest.approx(seconds)


def test_lines_end_where_the_engine_says_and_keep_what_is_in_them() -> None:
    assert lines_of(b"one\r\n\n  \ntwo\x0bthree\xff\xe2\x80\xa8four\n\x1b[2Jfive") == (
        "one",
        "two\x0bthree\ufffd\u2028four",
        "\x1b[2Jfive",
    )


def test_a_line_of_a_megabyte_is_read_in_a_moment() -> None:
    begun = time.thread_time()
    for line in (f'{{"message": "{"x" * 1_000_000}"}}', "a=1 " * 250_000, '{"a":' * 200_000, "x" * 1_000_000):
        parse(line)
    assert time.thread_time() - begun < 2.0


def test_no_bytes_make_reading_fail() -> None:
    chance = random.Random(5)  # the same lines each time
    seed = [
        b'{"time":',
        b'"level"',
        b":",
        b",",
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\",
        b"1e999",
        b"-1",
        b"\xff",
        b"\x1b[",
    ]
    seed += [b"a=", b"\n", b"0001-01-01T00:00:00+23:59", b"9" * 30, b" ", b"\\ud800", b"Traceback"]
    for _ in range(3000):
        for line in lines_of(b"".join(chance.choices(seed, k=chance.randint(1, 12)))):
            record = parse(line)
            if record is not None:
                flaws(record, NOW, SOON)
                record.level()
