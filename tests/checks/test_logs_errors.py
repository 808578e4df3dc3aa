"""Given what an error, a secret or a forger left in the logs, when it is judged, then it is found in every form."""

from __future__ import annotations

import json

import pytest

from grader.checks import logs_errors
from grader.model import Outcome, Reason, Verdict
from grader.probes.app.errors import CANARY
from grader.probes.logs.asked import MALICIOUS, MESSAGE, PATH, forged, message
from grader.probes.logs.errors import FindError, SeekSecrets
from grader.probes.logs.form import Forge
from grader.probes.logs.sent import Sent
from grader.stacks.base import NotApplicable
from tests.probes.logged import SECRETS, STAMP, after, burst, sent

ID = "3f2a" * 8
BOOM = sent("boom", path="/bench/boom", status=500, id=ID, id_header="X-Request-ID")
FRAMES = (
    "Traceback (most recent call last):",
    '  File "/app/bench/work.py", line 47, in boom',
    '    raise RuntimeError(request.args.get("m", "boom"))',
    f"RuntimeError: {BOOM.word}",
)
HEAD = "[2026-11-21 11:11:21,656] ERROR in app: Exception on /bench/boom [GET]"
ACCESS = f'10.0.0.5 - - [x] "GET /bench/boom?m={BOOM.word} HTTP/1.1" 500 21'


def record(level: str = "error", **fields: object) -> str:
    return json.dumps({"time": STAMP, "level": level, **fields})


WHOLE = record(message="Exception on /bench/boom [GET]", exception="\n".join(FRAMES))
BY_ID = record(message="unhandled", request_id=ID, exception="\n".join(FRAMES))
STRUCTURED = record(
    event="Exception on /bench/boom [GET]",
    exception=[{"exc_type": "RuntimeError", "exc_value": BOOM.word, "frames": [{"filename": "x.py", "lineno": 1}]}],
)


def errors(*app: str, edge: tuple[str, ...] = (), others: tuple[str, ...] = (), cut: bool = False) -> Verdict:
    return logs_errors.error_logged_once.judge(
        after(burst(BOOM, app=app, edge=edge, others=others, cut=cut), FindError())
    )


@pytest.mark.parametrize(
    "app",
    (
        (WHOLE,),
        (BY_ID,),
        (STRUCTURED,),
        (HEAD, *FRAMES),
        ("begins", HEAD, *FRAMES, ACCESS, "ends"),
        (WHOLE, ACCESS),  # a record of the request is no report of the error …
        (WHOLE, record(message="request", path=f"/bench/boom?m={BOOM.word}", status=500)),  # … whatever its level
        (WHOLE, record("info", message=f"answered {BOOM.word}")),
        (
            HEAD,
            *FRAMES,
            "During handling of the above exception, another exception occurred:",
            *FRAMES[:2],
            f"ValueError: {BOOM.word}",
        ),  # one report, of a chain
        (f"{HEAD} {BOOM.word}", *FRAMES),
    ),
)
def test_one_whole_report_is_enough_in_whatever_form(app: tuple[str, ...]) -> None:
    verdict = errors(*app)
    assert verdict.outcome is Outcome.PASS, verdict.because


def test_the_copies_of_a_collector_do_not_count() -> None:
    assert errors(WHOLE, others=(WHOLE,)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("app", "words"),
    (
        ((), "no line at level error"),
        ((record(message="Internal Server Error", request_id=ID),), "no line at level error"),
        ((ACCESS,), "no line at level error"),
        ((record("warning", message=f"oh: {BOOM.word}"),), "no line at level error"),
        ((WHOLE, WHOLE), "2 times"),
        ((HEAD, *FRAMES, HEAD, *FRAMES), "2 times"),
        ((WHOLE, HEAD, *FRAMES), "2 times"),
        ((WHOLE, record(message=f"failed: {BOOM.word}")), "2 times"),
        ((record(message=f"Exception on /bench/boom [GET]: {BOOM.word}"),), "no kind of error, no traceback"),
        ((f"ERROR boom: {BOOM.word}",), "no traceback, no method and path, or id"),
        ((record(message="oh", exception="\n".join(FRAMES).replace("boom", "x")),), "no method and path, or id"),
    ),
)
def test_no_report_half_a_report_and_two_of_them_are_red(app: tuple[str, ...], words: str) -> None:
    verdict = errors(*app)
    assert verdict.outcome is Outcome.FAIL
    assert words in verdict.because


def test_a_report_that_may_be_in_the_rest_is_nobodys_failure() -> None:
    assert (errors(cut=True).outcome, errors(cut=True).reason) == (Outcome.UNKNOWN, Reason.TIMED_OUT)
    assert errors(WHOLE, WHOLE, cut=True).outcome is Outcome.FAIL  # what was seen was seen


def test_without_an_endpoint_that_fails_there_is_no_error_to_find() -> None:
    with pytest.raises(NotApplicable, match="fails on purpose"):
        after(burst(sent("GET"), bench=False), FindError())


# --- secrets --------------------------------------------------------------------------------------------------------


def secrets(app: str, *, edge: str = "", others: tuple[str, ...] | None = None, cut: bool = False) -> Verdict:
    result = burst(sent("login"), app=(app,), edge=(edge,), others=others, cut=cut)
    return logs_errors.log_no_secrets.judge(after(result, SeekSecrets()))


@pytest.mark.parametrize(
    "line",
    (
        "failed sign-in of ada",
        f"password {SECRETS.password[:6]}…",  # so that people can tell two apart
        "password sha256:9f86d081884c7d659a2feaa0c55ad015",
        "Authorization: Bearer [masked]",
        "held = CANARY",
    ),
)
def test_what_is_no_secret_any_more_may_be_logged(line: str) -> None:
    assert secrets(line).outcome is Outcome.PASS


def test_a_token_in_a_query_is_a_remark_and_no_failure() -> None:
    verdict = secrets("x", edge=f"GET /nope?token={SECRETS.query}")
    assert verdict.outcome is Outcome.PASS
    assert "the log of proxy has the queries" in verdict.because


@pytest.mark.parametrize(
    ("line", "what"),
    (
        (f"form {{'password': '{SECRETS.password}'}}", "password"),
        (f"password {SECRETS.password[:9]}…", "password"),
        (f"{{'Authorization': 'Bearer {SECRETS.bearer}'}}", "Authorization"),
        (f"Cookie: {SECRETS.cookie}", "session cookie"),
        (f"held = '{CANARY}'", "local variable"),
        (json.dumps({"headers": {"Cookie": SECRETS.cookie}}), "session cookie"),
    ),
)
def test_a_secret_is_red_in_every_log_and_is_not_repeated(line: str, what: str) -> None:
    for verdict in (secrets(line), secrets("x", edge=line), secrets("x", others=(line,))):
        assert verdict.outcome is Outcome.FAIL
        assert what in verdict.because
        for secret in SECRETS.values:
            assert secret not in verdict.because


def test_secrets_in_the_part_that_was_not_read_are_not_ruled_out() -> None:
    assert secrets("x", cut=True).outcome is Outcome.UNKNOWN


# --- forgery --------------------------------------------------------------------------------------------------------

ORDINARY = record("info", message="hello")


def forgery(one: Sent, *app: str, edge: tuple[str, ...] = (), cut: bool = False) -> Verdict:
    result = burst(sent("GET"), one, app=(ORDINARY, *app), edge=edge, cut=cut)
    return logs_errors.log_injection_safe.judge(after(result, Forge()))


TRIED = sent(PATH)
ODD = f'{TRIED.word}","level":"CRITICAL","x":"{TRIED.word}\n{forged(TRIED.word)}'


@pytest.mark.parametrize(
    ("app", "edge"),
    (
        ((), ()),  # dropped, or refused
        ((record("info", message=f"not found: {ODD}"),), ()),
        ((record("info", message=ODD.replace("\n", " ")),), ()),
        ((), (f'10.0.0.5 - - [x] "GET /{TRIED.word}%22,%0A HTTP/1.1" 404 5 "-" "\\x1B[2J\\x22"',)),
        ((), (json.dumps({"path": ODD, "agent": "\x1b[2J"}),)),
        ((f"time={STAMP} level=info msg={json.dumps(ODD)}",), ()),
        ((record("info", message=f"a\ttab {TRIED.word}").replace("\\t", "\\u0009"),), ()),
    ),
)
def test_what_a_client_sends_may_be_escaped_dropped_or_refused(app: tuple[str, ...], edge: tuple[str, ...]) -> None:
    verdict = forgery(TRIED, *app, edge=edge)
    assert verdict.outcome is Outcome.PASS, verdict.because


@pytest.mark.parametrize(
    ("app", "edge", "words"),
    (
        ((f"not found: {ODD}",), (), "a line of its own into the log of app"),
        ((), (f"open() {ODD} failed",), "a line of its own into the log of proxy"),  # Nginx's error log
        ((f'{{"level": "info", "path": "/{ODD.split(chr(10))[0]}"}}',), (), "a level of its own"),
        ((f'{{"level": "info", "path": "/{TRIED.word} \x1b[2J"}}',), (), "control characters"),
        ((f'{{"level": "info", "path": "/{TRIED.word}" oh"}}',), (), "a line that is no JSON"),
        ((f"WARNING {TRIED.word}",), (), "a line that is no JSON"),  # when all others are
        ((), (f'{{"path": "/{TRIED.word}", "agent": "\\x22"}}',), "a line that is no JSON"),  # no escape=json
        ((), (f"2026/11/21 [error] referrer: {TRIED.word}\x1b[2J",), "control characters into the log of proxy"),
    ),
)
def test_a_line_that_a_client_wrote_or_broke_is_red(app: tuple[str, ...], edge: tuple[str, ...], words: str) -> None:
    verdict = forgery(TRIED, *app, edge=edge)
    assert verdict.outcome is Outcome.FAIL
    assert words in verdict.because
    assert "\x1b" not in verdict.because


def test_what_the_bench_prints_as_it_was_told_is_nobodys_fault() -> None:
    told = sent(MESSAGE, path="/bench/log")
    printed = f"bench print {message(told.word)}-print"
    assert forgery(told, record("warning", message=f"bench log {message(told.word)}"), printed).outcome is Outcome.PASS
    assert forgery(told, f"bench log {message(told.word)}", printed).outcome is Outcome.FAIL


def test_every_kind_of_attempt_has_a_command_that_shows_it() -> None:
    assert set(logs_errors.TRIES) == set(MALICIOUS)


def test_forgeries_in_the_part_that_was_not_read_are_not_ruled_out() -> None:
    assert forgery(TRIED, cut=True).outcome is Outcome.UNKNOWN
