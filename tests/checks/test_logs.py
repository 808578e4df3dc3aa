"""Given what services printed during a burst, when it is judged, then only real trouble is red."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from grader.checks import logs
from grader.model import Outcome, Reason
from grader.probes.logs.burst import ARRIVAL
from grader.probes.logs.form import ReadAppLines
from grader.probes.logs.found import FindAppLog, FindEdgeLog, FindPrint
from grader.probes.logs.growth import Bounds, Grown, Growth
from grader.stacks.base import NotApplicable
from tests.probes.logged import PROXY, STAMP, after, burst, sent
from tests.probes.service import SERVICE

ARRIVED = {"warning": 0.02, "info": 0.02, "print": 0.02, "missing": 0.5, "static": 0.5}
NAMED = (replace(SERVICE, environment=("LOG_LEVEL", "PATH")), PROXY)


def without(*names: str) -> dict[str, float]:
    return {name: seconds for name, seconds in ARRIVED.items() if name not in names}


@pytest.mark.parametrize(
    ("seen", "outcome", "words"),
    (
        (ARRIVED, Outcome.PASS, "after 0.02 s"),
        ({**ARRIVED, "warning": 1.9}, Outcome.PASS, ""),
        (without("warning", "info"), Outcome.FAIL, "warning"),
        (without("info"), Outcome.FAIL, "level info is lost"),
    ),
)
def test_warnings_must_arrive_and_so_must_information(seen: dict[str, float], outcome: Outcome, words: str) -> None:
    verdict = logs.logs_on_stdout.judge(after(burst(seen=seen), FindAppLog()))
    assert verdict.outcome is outcome
    assert words in verdict.because


def test_information_may_be_switched_off_by_somebody_who_chose_to() -> None:
    verdict = logs.logs_on_stdout.judge(after(burst(seen=without("info")), FindAppLog(), *NAMED))
    assert verdict.outcome is Outcome.PASS
    assert "switched off" in verdict.because


def test_an_app_without_a_bench_is_judged_by_any_line_about_a_request() -> None:
    missing = sent("missing", "abcdef0123456789")
    verdict = logs.logs_on_stdout.judge(
        after(burst(missing, app=["GET /nope-abcdef0123456789 404"], seen={}, bench=False), FindAppLog())
    )
    assert verdict.outcome is Outcome.PASS
    with pytest.raises(NotApplicable, match="bench"):
        after(burst(missing, app=["hello"], seen={}, bench=False), FindAppLog())
    with pytest.raises(NotApplicable, match="bench"):
        after(burst(missing, bench=False), FindPrint())


def test_a_driver_that_keeps_nothing_is_said_to_be_the_cause() -> None:
    lost = burst(seen={}, refused="configured logging driver does not support reading")
    verdicts = (
        logs.logs_on_stdout.judge(after(lost, FindAppLog())),
        logs.proxy_logs_on_stdout.judge(after(lost, FindEdgeLog())),
        logs.logs_unbuffered.judge(after(lost, FindPrint())),
    )
    for verdict in verdicts:
        assert verdict.outcome is Outcome.FAIL
        assert "does not support reading" in verdict.because


def test_what_may_be_in_the_part_that_was_not_read_is_nobodys_failure() -> None:
    endless = burst(seen={}, cut=True)
    verdicts = (
        logs.logs_on_stdout.judge(after(endless, FindAppLog())),
        logs.proxy_logs_on_stdout.judge(after(endless, FindEdgeLog())),
        logs.logs_unbuffered.judge(after(endless, FindPrint())),
    )
    for verdict in verdicts:
        assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.TIMED_OUT)


@pytest.mark.parametrize(
    ("seen", "outcome", "words"),
    (
        (ARRIVED, Outcome.PASS, "2 requests"),
        ({**ARRIVED, "missing": 4.8, "static": 4.8}, Outcome.PASS, "collects"),  # buffer=64k flush=3s
        (without("missing", "static"), Outcome.FAIL, "left no line"),
        (without("static"), Outcome.FAIL, "/static/app.css"),  # access_log off where it matters least
    ),
)
def test_the_proxy_must_say_what_it_was_asked(seen: dict[str, float], outcome: Outcome, words: str) -> None:
    asked = (sent("missing"), sent("static", path="/static/app.css"))
    verdict = logs.proxy_logs_on_stdout.judge(after(burst(*asked, seen=seen), FindEdgeLog()))
    assert verdict.outcome is outcome
    assert words in verdict.because


def test_a_collector_may_have_the_lines_of_the_proxy() -> None:
    missing = sent("missing")
    shipped = burst(missing, seen={}, others=[f"proxy GET /nope-{missing.word}"])
    verdict = logs.proxy_logs_on_stdout.judge(after(shipped, FindEdgeLog()))
    assert (verdict.outcome, verdict.because) == (Outcome.PASS, "the proxy's lines are in the log of collector")


def test_a_site_without_static_files_is_judged_by_its_pages() -> None:
    verdict = logs.proxy_logs_on_stdout.judge(after(burst(sent("missing"), seen={"missing": 0.1}), FindEdgeLog()))
    assert verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    ((0.02, Outcome.PASS), (1.0, Outcome.PASS), (1.1, Outcome.FAIL), (None, Outcome.FAIL)),
)
def test_what_is_printed_must_appear_while_the_app_runs(seconds: float | None, outcome: Outcome) -> None:
    seen = without("print") if seconds is None else {**ARRIVED, "print": seconds}
    assert logs.logs_unbuffered.judge(after(burst(seen=seen), FindPrint())).outcome is outcome


# --- form -----------------------------------------------------------------------------------------------------------

FIRST, LAST = sent("GET"), sent("warning")
GOOD = f'{{"time": "{STAMP}", "level": "info", "message": "about %s"}}'
BEGIN, END = GOOD % FIRST.word, GOOD % LAST.word


@pytest.mark.parametrize(
    "between",
    (
        (),
        (GOOD % "nobody",),
        ("bench print 0123456789abcdef-print",),  # the bench does as it is told
        (f"bench print 0123456789abcdef-print{GOOD % 'x'}", ""),  # another process wrote between text and line end
        (f'{{"time": "{STAMP}", "level": "info", "message": "bench print 0123456789abcdef-print"}}',),  # it is captured
        (f"time={STAMP} level=info msg=logfmt",),
    ),
)
def test_lines_that_programs_can_read_are_fine(between: tuple[str, ...]) -> None:
    lines = ("Booting worker", BEGIN, *between, END, "Shutting down")  # before and after the burst nothing counts
    verdict = logs.logs_json.judge(after(burst(FIRST, LAST, app=lines), ReadAppLines()))
    assert verdict.outcome is Outcome.PASS, verdict.because


@pytest.mark.parametrize(
    ("line", "words"),
    (
        ('172.18.0.1 - - [21/Nov/2026:11:11:21 +0000] "GET / HTTP/1.0" 200 5', "no JSON"),
        ("Traceback (most recent call last):", "no JSON"),
        ("{'level': 'info'}", "no JSON"),
        ("signed in: ada", "no JSON"),
        ('{"time": "2026-11-21 11:11:21", "level": "info", "message": "x"}', "offset"),
        (f'{{"time": "{STAMP}", "message": "x"}}', "no level"),
    ),
)
def test_one_line_that_programs_cannot_read_is_red(line: str, words: str) -> None:
    verdict = logs.logs_json.judge(after(burst(FIRST, LAST, app=(BEGIN, line, END)), ReadAppLines()))
    assert verdict.outcome is Outcome.FAIL
    assert "1 of 3" in verdict.because
    assert words in verdict.because


def test_a_line_about_the_request_past_the_proxy_is_the_last_example_and_is_looked_for_by_its_word() -> None:
    rubbish, plain = sent("rubbish"), "signed in: ada"
    told = f"[WARNING] Invalid HTTP Version: 'HTTP/{rubbish.word}'"
    only = after(burst(FIRST, rubbish, LAST, app=(BEGIN, told, END)), ReadAppLines())
    both = after(burst(FIRST, rubbish, LAST, app=(BEGIN, told, plain, END)), ReadAppLines())

    verdict = logs.logs_json.judge(only)

    assert [example.line for example in both.examples] == [plain, told]
    assert "curl" in logs.logs_json.judge(both).reproduce
    assert verdict.reproduce.endswith(f"| grep -F {rubbish.word}")
    assert verdict.shows == rubbish.word


def test_the_command_shows_no_line_that_somebody_else_made_the_app_print_before() -> None:
    verdict = logs.logs_json.judge(after(burst(FIRST, LAST, app=(BEGIN, "plain", END)), ReadAppLines()))
    waits, since = re.search(r"^sleep (\d+);", verdict.reproduce), re.search(r"--since (\d+)s", verdict.reproduce)
    assert waits
    assert since
    assert int(waits[1]) >= int(since[1])


def test_lines_about_requests_that_try_to_break_lines_are_another_checks_affair() -> None:
    forging = sent("a line break in a path")
    lines = (BEGIN, f"not found: {forging.word}", f'{{"level":"CRITICAL","message":"FORGED-{forging.word}"}}', END)
    assert logs.logs_json.judge(after(burst(FIRST, forging, LAST, app=lines), ReadAppLines())).outcome is Outcome.PASS


def test_beside_the_app_in_one_container_nginx_may_write_its_error_log_as_it_does() -> None:
    lines = (BEGIN, "2026/11/21 11:11:21 [error] 47#47: *18 open() failed", END)
    alone = after(burst(FIRST, LAST, app=lines), ReadAppLines())
    shared = after(burst(FIRST, LAST, app=lines, shared=True), ReadAppLines())
    assert (alone.flawed, shared.flawed) == (1, 0)


def test_an_app_that_says_nothing_cannot_be_judged() -> None:
    assert logs.logs_json.judge(after(burst(FIRST, LAST), ReadAppLines())).outcome is Outcome.UNKNOWN


def test_what_evidence_shows_of_a_line_is_short_and_holds_no_secret() -> None:
    line = "token=" + "x" * 300 + " cookie eyJ1c2VyIjoiYWRhIn0.x.signature-of-ada-1 \x1b[2J"
    seen = after(burst(FIRST, LAST, app=(BEGIN, line, line[300:], END)), ReadAppLines())
    for example in seen.examples:
        assert len(example.line) <= 160
        assert "signature-of-ada" not in example.line
        assert "\x1b" not in example.line


# --- bounds ---------------------------------------------------------------------------------------------------------

LOCAL = Bounds("app", "local", "", 0, ())


@pytest.mark.parametrize(
    ("bounds", "outcome"),
    (
        (LOCAL, Outcome.PASS),
        (replace(LOCAL, max_size="10m"), Outcome.PASS),
        (replace(LOCAL, driver="json-file", max_size="10m"), Outcome.PASS),
        (replace(LOCAL, driver="journald"), Outcome.PASS),
        (replace(LOCAL, driver="fluentd"), Outcome.PASS),
        (replace(LOCAL, driver="none"), Outcome.PASS),
        (replace(LOCAL, driver=""), Outcome.PASS),  # a backend that does not know
        (replace(LOCAL, layer=6_399), Outcome.PASS),
        (replace(LOCAL, files=(Grown("/data/cache", 6_399),)), Outcome.PASS),
        (replace(LOCAL, driver="json-file"), Outcome.FAIL),
        (replace(LOCAL, driver="json-file", max_size="-1"), Outcome.FAIL),
        (replace(LOCAL, driver="json-file", max_size="0k"), Outcome.FAIL),
        (replace(LOCAL, max_size="-1"), Outcome.FAIL),
        (replace(LOCAL, layer=6_400), Outcome.FAIL),
        (replace(LOCAL, files=(Grown("/tmp/app.log", 6_400),)), Outcome.FAIL),
    ),
)
def test_nothing_may_grow_without_end(bounds: Bounds, outcome: Outcome) -> None:
    verdict = logs.log_bounded.judge(Growth("https://pinboard.localhost:8443", 50, 50, (LOCAL, bounds)))
    assert verdict.outcome is outcome


def test_every_service_without_a_bound_is_named_and_a_file_before_all_of_them() -> None:
    endless = replace(LOCAL, driver="json-file")
    both = Growth("x", 50, 50, (replace(endless, service="web"), endless))
    assert "app, web" in logs.log_bounded.judge(both).because
    file = replace(both, services=(*both.services, replace(endless, files=(Grown("/tmp/app.log", 20_000),))))
    assert "/tmp/app.log grew by 20000 bytes" in logs.log_bounded.judge(file).because


def test_every_rule_states_the_numbers_that_its_judge_compares_with() -> None:
    assert f"within {logs.AT_ONCE:g} s" in logs.logs_unbuffered.rule
    assert f"{logs.PER_REQUEST} bytes" in logs.log_bounded.rule
    assert f"within {ARRIVAL:g} s" in logs.logs_on_stdout.rule
