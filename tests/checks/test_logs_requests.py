"""Given the lines about single requests, when they are judged, then the form does not matter, and the facts do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from grader.checks import logs_requests
from grader.model import Outcome, Reason, Verdict
from grader.probes.logs.requests import FindClients, FindRequests, Trace, bits
from grader.probes.logs.sent import Sent
from grader.stacks.base import CouldNotLook
from tests.probes.logged import STAMP, after, burst, sent

ID, OTHER, THIRD = "3f2a" * 8, "77c1" * 8, "e0e0" * 8
GET = sent("GET", id=ID, id_header="X-Request-ID")
BOOM = sent("boom", path="/bench/boom", status=500, id=OTHER, id_header="X-Request-ID")
SLOW = sent("slow", path="/bench/slow", seconds=0.351, least=0.34)


def clf(one: Sent, status: int = 0, *, end: str = "", query: bool = True, address: str = "10.0.0.5") -> str:
    """A line as Nginx and Gunicorn write it if nobody says otherwise."""
    asked = f"{one.method} {one.path}" + (f"?m={one.word}" if query else "")
    return f'{address} - - [21/Nov/2026:11:11:21 +0000] "{asked} HTTP/1.1" {status or one.status} 61 "-" "x"{end}'


def line(one: Sent, **fields: object) -> str:
    """A JSON line that leaves the query out."""
    known = {"time": STAMP, "level": "info", "method": one.method, "path": one.path, "status": one.status}
    return json.dumps({**known, "request_id": one.id, "client": one.client, **fields})


def requests(
    app: tuple[str, ...], edge: tuple[str, ...] = (), *, cut: bool = False, asked: tuple[Sent, ...]
) -> Verdict:
    return logs_requests.access_log_fields.judge(after(burst(*asked, app=app, edge=edge, cut=cut), FindRequests()))


@pytest.mark.parametrize(
    ("app", "edge"),
    (
        ((), (clf(GET), clf(BOOM), clf(SLOW, end=" 0.350"))),  # at the proxy alone
        ((clf(GET), clf(BOOM), clf(SLOW, end=" 350123")), ()),  # at the app alone
        ((), (line(GET), line(BOOM), line(SLOW, seconds=0.35))),  # the query left out, the id found
        ((), (line(GET), line(BOOM), line(SLOW, duration_ms=350))),
        ((line(GET, message="headers"), clf(SLOW)), (clf(GET), clf(BOOM), clf(SLOW, end=' "0.350"'))),
        (("about " + GET.word,), (clf(GET), clf(BOOM), clf(SLOW, end=" 0.350"))),  # other lines do not matter
        ((), (clf(GET), clf(BOOM, query=False), clf(SLOW, query=False, end=" 0.350"))),  # no query and no id
        # a line of Gunicorn's own has the query and no time, the app's has the time and no query
        ((clf(GET), clf(BOOM), clf(SLOW), line(SLOW, seconds=0.35)), ()),
    ),
)
def test_a_complete_record_counts_wherever_and_however_it_is_written(
    app: tuple[str, ...], edge: tuple[str, ...]
) -> None:
    verdict = requests(app, edge, asked=(GET, BOOM, SLOW))
    assert verdict.outcome is Outcome.PASS, verdict.because
    assert "0.351 s" in verdict.because


@pytest.mark.parametrize(
    ("edge", "words"),
    (
        ((), "no line tells method, path and status of GET"),
        ((clf(GET), clf(BOOM)), "/bench/slow"),
        ((clf(GET), clf(BOOM), clf(SLOW)), "took 0.351 s, and no line says so"),  # combined: no duration
        ((line(GET), line(BOOM), line(SLOW, seconds=0.0)), "which says 0"),  # measured before the work
        ((clf(GET), clf(BOOM, 200), clf(SLOW, end=" 0.350")), "with status 200"),  # logged before the error handler
        ((clf(GET).replace(" 200 ", " - "), clf(BOOM), clf(SLOW, end=" 0.350")), "no line tells"),
        (("GET /healthz 200 0.001", clf(BOOM), clf(SLOW, end=" 0.350")), "no line tells"),
    ),
)
def test_what_a_record_lacks_is_red(edge: tuple[str, ...], words: str) -> None:
    verdict = requests((), edge, asked=(GET, BOOM, SLOW))
    assert verdict.outcome is Outcome.FAIL
    assert words in verdict.because


def test_the_right_record_of_the_proxy_does_not_excuse_a_wrong_one_of_the_app() -> None:
    verdict = requests((clf(BOOM, 200),), (clf(GET), clf(BOOM), clf(SLOW, end=" 0.35")), asked=(GET, BOOM, SLOW))
    assert verdict.outcome is Outcome.FAIL


def test_a_record_that_is_missing_in_a_log_that_was_not_read_to_its_end_is_nobodys_failure() -> None:
    verdict = requests((), (clf(GET),), cut=True, asked=(GET, BOOM))
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.TIMED_OUT)


def test_without_a_slow_endpoint_durations_are_not_judged_and_that_is_said() -> None:
    verdict = requests((), (clf(GET),), asked=(GET,))
    assert verdict.outcome is Outcome.PASS
    assert "no duration was compared" in verdict.because


# --- ids ------------------------------------------------------------------------------------------------------------

LOGGED = '{"level": "warning", "message": "bench log %s", "request_id": "%s"}'


def asked(name: str, given: str, status: int = 200) -> Sent:
    return sent(name, path="/bench/log", status=status, id=given, id_header="X-Request-ID" if given else "")


ONE, TWO, GIVEN = asked("again", ID), asked("warning", OTHER), asked("given", THIRD)


def trace(
    *followed: Sent,
    app: tuple[str, ...] | None = None,
    edge: tuple[str, ...] | None = None,
    bench: bool = True,
    shared: bool = False,
) -> Verdict:
    mine = tuple(LOGGED % (one.word, one.id) for one in followed) if app is None else app
    front = tuple(line(one) for one in followed) if edge is None else edge
    return logs_requests.request_id_end_to_end.judge(
        after(burst(*followed, app=mine, edge=front, bench=bench, shared=shared), Trace())
    )


@pytest.mark.parametrize(
    "followed",
    (
        (ONE, TWO, GIVEN),
        (ONE, TWO, replace(GIVEN, id="0f8fad5b-d9cb-469f-a165-70867728950e")),  # taken over from the client
        (ONE, TWO, replace(GIVEN, id="01JD7Z4TXG9W3B8Q5N0M6V1K2R", id_header="X-Correlation-ID")),  # a ULID
        (ONE, TWO, asked("an id of 10 KB", "", status=400)),
        (ONE, TWO, asked("an id of 2 KB", THIRD)),  # replaced
        (ONE, TWO, asked("an id of 2 KB", "b" * 200)),  # truncated
        (ONE, TWO, asked("an id of 2 KB", "")),  # taken away
    ),
)
def test_an_id_may_be_made_by_whoever_and_look_as_it_likes(followed: tuple[Sent, ...]) -> None:
    verdict = trace(*followed)
    assert verdict.outcome is Outcome.PASS, verdict.because
    assert "1 line of proxy and in 1 of app" in verdict.because


def test_where_the_id_was_seen_is_told_in_numbers() -> None:
    lines = (*(LOGGED % (one.word, one.id) for one in (ONE, TWO)), line(ONE))
    assert "in 1 line of proxy and in 2 of app" in trace(ONE, TWO, app=lines).because


@pytest.mark.parametrize(
    ("followed", "words"),
    (
        ((asked("again", ""), TWO), "carries no id"),
        ((ONE, asked("warning", ID)), "same id"),  # constant in each worker
        ((asked("again", "1732186"), TWO), "fewer than 64 bits"),
        ((ONE, TWO, asked("an id of 2 KB", "b" * 2048)), "2048 characters came back"),
        ((ONE, TWO, asked("an id with quotes and an escape sequence", 'x"}\x1b[2J')), "do not belong"),
    ),
)
def test_an_id_that_is_missing_shared_or_dictated_is_red(followed: tuple[Sent, ...], words: str) -> None:
    verdict = trace(*followed)
    assert verdict.outcome is Outcome.FAIL
    assert words in verdict.because


@pytest.mark.parametrize(
    ("app", "edge", "words"),
    (
        (None, (), "no line of the proxy"),
        ((LOGGED % (ONE.word, "another"), LOGGED % (TWO.word, "another")), None, "another id or none"),  # not passed on
        ((f"WARNING bench log {ONE.word}", line(ONE)), None, "another id or none"),  # only in the record of the request
    ),
)
def test_an_id_that_breaks_off_is_red(app: tuple[str, ...] | None, edge: tuple[str, ...] | None, words: str) -> None:
    verdict = trace(ONE, TWO, app=app, edge=edge)
    assert verdict.outcome is Outcome.FAIL
    assert words in verdict.because
    assert "X-Request-ID" in verdict.reproduce or "docker compose logs" in verdict.reproduce


def test_in_one_container_both_lines_have_to_be_there() -> None:
    both = tuple(text for one in (ONE, TWO) for text in (LOGGED % (one.word, one.id), line(one)))
    assert trace(ONE, TWO, app=both, shared=True).outcome is Outcome.PASS
    assert trace(ONE, TWO, app=both[::2], shared=True).outcome is Outcome.FAIL


def test_an_app_that_logs_nothing_on_demand_is_judged_as_far_as_it_goes() -> None:
    missing, login = sent("missing", id=ID, id_header="X-Request-ID"), sent("login", id=OTHER, id_header="X-Request-ID")
    quiet = trace(missing, login, app=(), bench=False)
    spoken = trace(missing, login, app=(line(missing), line(login)), bench=False)
    assert (quiet.outcome, spoken.outcome) == (Outcome.SKIP, Outcome.PASS)


@pytest.mark.parametrize(
    ("text", "enough"),
    (
        ("3f2a" * 8, True),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("3f2a3f2a3f2a3f2a", True),
        ("3f2a3f2a3f2a3f2", False),
        ("4NqB7xYk2Zq", True),  # 11 of 62
        ("17321869812", False),
    ),
)
def test_the_size_of_an_id_follows_from_its_characters(text: str, enough: bool) -> None:
    assert (bits(text) >= logs_requests.BITS) is enough


# --- clients --------------------------------------------------------------------------------------------------------

HONEST = sent("client", path="/nope-1", status=404, client="172.18.0.6", id=ID)
LIAR = sent("spoofing client", path="/nope-2", status=404, client="172.18.0.6", id=OTHER)


def clients(app: tuple[str, ...], edge: tuple[str, ...], *asked_: Sent) -> Verdict:
    return logs_requests.log_real_client_ip.judge(
        after(burst(*asked_ or (HONEST, LIAR), app=app, edge=edge), FindClients())
    )


EDGE = tuple(clf(one, address="172.18.0.6") for one in (HONEST, LIAR))


@pytest.mark.parametrize(
    ("app", "edge"),
    (
        ((), EDGE),
        ((f"WARNING about {HONEST.word}",), EDGE),  # no address, no mistake
        (EDGE, EDGE),
        ((line(HONEST), line(LIAR)), (line(HONEST), line(LIAR))),
        ((clf(LIAR, address="203.0.113.7, 172.18.0.6"),), EDGE),  # the header, which ends with the right one
        ((line(HONEST, peer="172.18.0.3", client="172.18.0.6"),), EDGE),
        ((), (EDGE[0], clf(LIAR, address="172.18.0.6", end=' "203.0.113.7"'))),  # Nginx shows what the client claims
    ),
)
def test_the_client_is_named_by_its_address(app: tuple[str, ...], edge: tuple[str, ...]) -> None:
    verdict = clients(app, edge)
    assert verdict.outcome is Outcome.PASS, verdict.because


@pytest.mark.parametrize(
    ("app", "edge", "words"),
    (
        ((), (), "left no line"),
        ((), (clf(HONEST, address="172.18.0.60"), EDGE[1]), "does not name it"),
        ((), (EDGE[0], clf(LIAR, address="203.0.113.7")), "who claimed to be another"),
        ((clf(HONEST, address="172.18.0.3"),), EDGE, "as one of 172.18.0.3"),  # the proxy's
        ((line(LIAR, client="203.0.113.7"),), EDGE, "as one of 203.0.113.7"),
        ((line(HONEST), line(HONEST, client="172.18.0.3")), EDGE, "as one of 172.18.0.3"),  # one of two lines
        ((clf(LIAR, address="172.18.0.6, 203.0.113.7"),), EDGE, "as one of 203.0.113.7"),
    ),
)
def test_any_other_address_is_red(app: tuple[str, ...], edge: tuple[str, ...], words: str) -> None:
    verdict = clients(app, edge)
    assert verdict.outcome is Outcome.FAIL
    assert words in verdict.because


def test_without_a_client_of_a_known_address_nothing_can_be_said() -> None:
    with pytest.raises(CouldNotLook):
        clients((), (), GET)


def test_every_rule_states_the_numbers_that_its_judge_compares_with() -> None:
    assert f"{logs_requests.BITS} bits" in logs_requests.request_id_end_to_end.rule
    assert f"{logs_requests.LONGEST} characters" in " ".join(logs_requests.request_id_end_to_end.rule.split())
