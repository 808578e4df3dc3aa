"""Given a page that calls itself metrics, when it is read, then what Prometheus would refuse is an error in words."""

from __future__ import annotations

import time

import pytest

from grader.probes.monitoring.exposition import LINES, Sample, read

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
GOOD = b'# TYPE hits counter\nhits_total{path="/"} 3\n'


@pytest.mark.parametrize(
    ("body", "kind", "word"),
    (
        (GOOD, TEXT, ""),
        (GOOD + b"# EOF\n", OPEN, ""),
        (b"# TYPE idle gauge\nidle NaN\n", TEXT, ""),  # a gauge may not know
        (GOOD, "text/html; charset=utf-8", "Content-Type is text/html"),  # what Flask says of a string
        (GOOD, "", "missing"),
        (b"<!doctype html><title>Not Found</title>\n", "text/html", "an HTML page"),
        (b'{"hits": 3}\n', "application/json", "JSON"),
        (b"", TEXT, "empty"),
        (GOOD + b'hits_total{path="/"} 3\n', TEXT, "there twice"),  # two registries on one page
        (b"# TYPE hits counter\nhits_total NaN\n", TEXT, "is nan"),
        (b"# TYPE hits counter\nhits_total -1\n", TEXT, "is -1.0"),
        (GOOD[:-4], TEXT, "in the middle of a line"),
        (GOOD, OPEN, "cannot be read"),  # no EOF: cut between two lines
        (b'hits_total{path="/ 3\n', TEXT, "cannot be read"),
        (b"hits_total three\n", TEXT, "cannot be read"),
        (b'hits_total{path="\xff"} 3\n', TEXT, "not UTF-8"),
        (b"hits_total 3\n" * 100_000, TEXT, f"100000 lines; {LINES}"),
        (b"x" * 70_000 + b" 3\n", TEXT, "70002 characters"),
        (b"\x1b[31mred\x1b[0m 3\n", TEXT, "cannot be read"),
    ),
)
def test_what_is_no_page_of_metrics_says_why(body: bytes, kind: str, word: str) -> None:
    page = read(body, kind)

    assert word in page.error
    assert bool(page.error) == bool(word)
    assert "\x1b" not in page.error


def test_the_longest_page_that_is_allowed_is_read_in_time() -> None:
    body = b"".join(b'hits_total{path="/%d",method="GET"} %d\n' % (n, n) for n in range(LINES))
    begun = time.thread_time()

    assert len(read(body, TEXT).samples) == LINES
    assert time.thread_time() - begun < 10


def test_a_part_of_a_page_is_what_was_asked_for() -> None:
    body = GOOD + b"# TYPE other counter\nother_total 1\n"

    assert [sample.name for sample in read(body, TEXT, ("hits",)).samples] == ["hits_total"]


@pytest.mark.parametrize(
    ("name", "kind", "counts"),
    (
        ("hits_total", "counter", True),
        ("seconds_count", "histogram", True),
        ("seconds_sum", "histogram", False),
        ("hits_total", "unknown", True),  # nobody said what it is
        ("hits_total", "gauge", False),
        ("hits_created", "counter", False),  # a time
        ("process_cpu_seconds_total", "counter", False),  # grows by itself
        ("queue", "gauge", False),
    ),
)
def test_only_what_events_make_grow_counts(name: str, kind: str, counts: bool) -> None:
    assert Sample(name, (), 1.0, kind).counts is counts
