"""Given what the services, the published ports and the app's processes show, when it is judged, then trouble is red."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from grader.checks import stack, stack_app
from grader.model import Outcome, Reason
from grader.probes.app.contract import ENDPOINTS, Called, Contract
from grader.probes.greeting import Speaks
from grader.probes.stack.entrance import Answerer, Entrance, Entrances, Identity, Server, Traces
from grader.probes.stack.start import ColdStart
from grader.probes.stack.steady import Member, Members
from grader.stacks.values import State

APP = Member("app", "lab-app-1", State.RUNNING, 0, 0, 0, False, "", False)
JOB = replace(APP, service="migrate", name="lab-migrate-1", state=State.EXITED, one_shot=True)


@pytest.mark.parametrize(
    ("members", "outcome", "word"),
    (
        ((APP,), Outcome.PASS, "running"),
        ((replace(APP, health="healthy"),), Outcome.PASS, "healthy"),
        ((APP, JOB), Outcome.PASS, "1 finished"),  # migrations and their like end by design
        ((APP, replace(APP, name="lab-app-2")), Outcome.PASS, "lab-app-2"),
        ((replace(APP, restarts=3),), Outcome.PASS, "running"),  # it crashed once, long ago, and came back
        ((APP, replace(JOB, state=State.RUNNING)), Outcome.PASS, "running"),
        ((APP, replace(JOB, exit_code=3)), Outcome.FAIL, "exit code 3"),
        ((replace(APP, restarts=7, again=1),), Outcome.FAIL, "restarted"),  # caught while it happened to run
        ((replace(APP, state=State.RESTARTING, exit_code=1, restarts=4),), Outcome.FAIL, "restarting"),
        ((APP, replace(APP, name="db", state=State.EXITED, exit_code=1)), Outcome.FAIL, "exit code 1"),
        (
            (replace(APP, state=State.EXITED, exit_code=1, said="SyntaxError: invalid syntax"),),
            Outcome.FAIL,
            "exit code 1; its log says: SyntaxError: invalid syntax",
        ),
        ((replace(APP, health="unhealthy"),), Outcome.FAIL, "unhealthy"),
        (
            (replace(APP, health="unhealthy", said="sh: 0: cannot open served.sh"),),
            Outcome.FAIL,
            "cannot open served.sh",
        ),
        ((replace(APP, health="starting"),), Outcome.FAIL, "starting"),
        ((replace(APP, oom_killed=True),), Outcome.FAIL, "memory"),
        ((replace(APP, state=State.PAUSED),), Outcome.FAIL, "paused"),
        ((JOB,), Outcome.FAIL, "every service has ended"),
    ),
)
def test_every_lasting_service_must_go_on_running(members: tuple[Member, ...], outcome: Outcome, word: str) -> None:
    verdict = stack.stack_up.judge(Members(members, waited=0.0, apart=2.0))
    assert verdict.outcome is outcome
    assert word in verdict.because


@pytest.mark.parametrize(
    ("members", "late"),
    (
        ((replace(APP, health="unhealthy"),), True),
        ((replace(APP, health="starting"),), True),
        ((replace(APP, health="unhealthy"), replace(APP, name="db", state=State.EXITED, exit_code=1)), False),
        ((replace(APP, health="unhealthy", again=1, restarts=1),), False),
        ((replace(APP, health="unhealthy", state=State.EXITED, exit_code=1),), False),  # its last word stays
    ),
)
def test_a_health_check_that_fails_may_be_a_matter_of_time_and_a_crash_is_not(
    members: tuple[Member, ...], late: bool
) -> None:
    assert stack.stack_up.judge(Members(members, waited=0.0, apart=2.0)).late is late


DOOR = Entrance("proxy", "127.0.0.1", 8080, 80, Speaks.HTTP, 200, "", ())
SILENT = replace(DOOR, speaks=Speaks.SILENCE, status=0, error="connection reset")


@pytest.mark.parametrize(
    ("entrances", "outcome", "word"),
    (
        ((DOOR,), Outcome.PASS, "127.0.0.1:8080"),
        ((replace(DOOR, address="::", host_port=49153, status=404),), Outcome.PASS, "404"),
        ((replace(DOOR, speaks=Speaks.TLS, status=0),), Outcome.PASS, "TLS"),  # an edge that speaks HTTPS only
        ((SILENT, replace(DOOR, host_port=8443)), Outcome.PASS, "8443"),
        ((SILENT,), Outcome.FAIL, "connection reset"),
        ((replace(SILENT, inside=("127.0.0.1",)),), Outcome.FAIL, "connection reset"),
        ((), Outcome.FAIL, "no service publishes a port"),
    ),
)
def test_one_published_port_must_answer(entrances: tuple[Entrance, ...], outcome: Outcome, word: str) -> None:
    verdict = stack.edge_reachable.judge(Entrances(entrances, ("app", "proxy")))
    assert verdict.outcome is outcome
    assert word in verdict.because


SECURE = replace(DOOR, host_port=8443, port=443, speaks=Speaks.TLS)


def to(entrance: Entrance, location: str) -> Entrance:
    return replace(entrance, status=308, location=location)


@pytest.mark.parametrize(
    ("entrances", "outcome"),
    (
        ((to(DOOR, "http://pinboard.localhost:8080/"),), Outcome.FAIL),
        ((to(DOOR, "/"),), Outcome.FAIL),
        ((to(DOOR, "https://pinboard.localhost:8443/"), to(SECURE, "https://pinboard.localhost:8443/")), Outcome.FAIL),
        ((to(DOOR, "https://pinboard.localhost/"), to(SECURE, "http://pinboard.localhost/")), Outcome.FAIL),
        ((to(DOOR, "https://pinboard.localhost:8443/"), SECURE), Outcome.PASS),
        ((to(DOOR, "/login"),), Outcome.PASS),
        ((to(DOOR, "/?lang=de"),), Outcome.PASS),
        ((to(DOOR, "http://[/"), SECURE), Outcome.PASS),  # no URL at all
        ((to(DOOR, "https://elsewhere.example:444/"),), Outcome.PASS),
        ((replace(DOOR, status=201, location="/"),), Outcome.PASS),
        ((to(DOOR, ""),), Outcome.PASS),
    ),
)
def test_the_first_page_must_not_redirect_in_a_circle(entrances: tuple[Entrance, ...], outcome: Outcome) -> None:
    verdict = stack.edge_reachable.judge(Entrances(entrances, ("app", "proxy")))
    assert verdict.outcome is outcome
    assert ("without end" in verdict.because) is (outcome is Outcome.FAIL)


def test_a_learner_follows_the_circle_under_the_name_that_it_leads_to() -> None:
    circle = Entrances((to(DOOR, "http://pinboard.localhost:8080/"),), ("proxy",))
    assert stack.edge_reachable.judge(circle).reproduce.endswith(" redirects\\n' http://pinboard.localhost:8080/")


def test_a_redirect_to_another_site_is_no_circle() -> None:
    for away in ("http://169.254.169.254/", "http://example.com:8080/"):
        seen = Entrances((to(DOOR, away),), ("proxy",))
        assert stack.edge_reachable.judge(seen).outcome is Outcome.PASS
        assert (
            stack.edge_reachable.judge(replace(seen, hosts=(away.split("/")[2].split(":")[0],))).outcome is Outcome.FAIL
        )


def test_a_location_cannot_end_the_command_that_shows_it() -> None:
    circle = Entrances((to(DOOR, "/#'; touch /tmp/x; '"),), ("proxy",))
    words = shlex.split(stack.edge_reachable.judge(circle).reproduce)
    assert words[-1].startswith("http://localhost:8080/#'; touch")


def test_a_service_that_could_not_be_started_says_why() -> None:
    error = (
        "driver failed programming external connectivity on endpoint lab-app-1 (cfa7f6b7): "
        "Bind for 127.0.0.1:8080 failed: port is already allocated"
    )

    verdict = stack.stack_up.judge(Members((replace(APP, state=State.CREATED, error=error),), 0.0, 0.0))

    assert verdict.because == (
        "lab-app-1 could not be started: Bind for 127.0.0.1:8080 failed: port is already allocated"
    )
    assert "docker ps" in verdict.hint


def test_a_silent_port_says_who_listens_behind_it() -> None:
    verdict = stack.edge_reachable.judge(Entrances((replace(SILENT, inside=("127.0.0.1",)),), ("proxy",)))
    assert "127.0.0.1" in verdict.hint


START = ColdStart("/readyz", True, 4.2, 0, "200", 0, "", ())


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (START, Outcome.PASS, "4.2 s"),
        (replace(START, ready=False, last="502", states=("proxy is exited",)), Outcome.FAIL, "proxy is exited"),
        (replace(START, relapses=2), Outcome.FAIL, "2 more times"),
        (replace(START, exit_code=1, output="up\nport is already allocated\n"), Outcome.FAIL, "already allocated"),
    ),
)
def test_the_stack_must_come_up_by_itself(seen: ColdStart, outcome: Outcome, word: str) -> None:
    verdict = stack.cold_start.judge(seen)
    assert verdict.outcome is outcome
    assert word in verdict.because


SERVER = Server("app", "lab-app-1", 1, "gunicorn", ("0.0.0.0:8000",), (), 5)
NAMED = Answerer(200, True, "c0ffee", 7, "b0071d", "lab-app-1")
IDENTITY = Identity("http://localhost:8080", 8080, (SERVER,), True, (NAMED, NAMED), None)
NO_BENCH = replace(IDENTITY, bench=False, answers=(Answerer(404, False, "", 0, "", ""),))


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (IDENTITY, Outcome.PASS, "gunicorn"),
        (replace(IDENTITY, answers=(NAMED, replace(NAMED, pid=8, boot_id="other"))), Outcome.PASS, "2 of its"),
        # without a bench: the port leads to the very socket that the server holds
        (replace(NO_BENCH, servers=(replace(SERVER, host_ports=(8080,)),)), Outcome.PASS, "port 8080"),
        # without a bench, behind a proxy: requests leave traces
        (replace(NO_BENCH, traces=Traces(20, 41, 3)), Outcome.PASS, "woke it up 41 times"),
        (replace(NO_BENCH, traces=Traces(20, 2, 2)), Outcome.UNKNOWN, "no trace"),
        (replace(NO_BENCH, traces=Traces(20, 90, 80)), Outcome.UNKNOWN, "no trace"),  # it is busy all the time
        (replace(IDENTITY, servers=()), Outcome.FAIL, "no process"),  # a proxy that answers everything itself
        (replace(IDENTITY, answers=(replace(NO_BENCH.answers[0], status=200),)), Outcome.FAIL, "gets 200"),  # canned
        (replace(IDENTITY, answers=(NAMED, replace(NAMED, instance=""))), Outcome.FAIL, "no container"),  # elsewhere
        (replace(IDENTITY, answers=(NAMED, replace(NAMED, boot_id="other"))), Outcome.FAIL, "2 different boot ids"),
    ),
)
def test_the_kernel_must_confirm_who_answers(seen: Identity, outcome: Outcome, word: str) -> None:
    verdict = stack_app.app_identity.judge(seen)
    assert verdict.outcome is outcome
    assert word in verdict.because


def test_no_trace_is_not_the_learners_fault() -> None:
    assert stack_app.app_identity.judge(replace(NO_BENCH, traces=Traces(20, 0, 0))).reason is Reason.UNREACHABLE


def kept(index: int = -1, **changed: object) -> Contract:
    """A contract that is kept, but for one changed answer."""
    called = [
        Called(e.name, e.statuses[0], "", max(e.least, 0.01), e.length, (*e.keys, "more"), e.echo) for e in ENDPOINTS
    ]
    if changed:
        called[index] = replace(called[index], **changed)  # type: ignore[arg-type]  # each test names real fields
    return Contract("http://localhost:8080", tuple(called), logged=True, original=True)


def at(path: str) -> int:
    return next(number for number, endpoint in enumerate(ENDPOINTS) if endpoint.path.startswith(path))


@pytest.mark.parametrize(
    ("seen", "outcome", "word"),
    (
        (kept(), Outcome.PASS, "as agreed"),
        (replace(kept(), original=None), Outcome.PASS, "as agreed"),
        (replace(kept(), original=False), Outcome.PASS, "differs"),
        (replace(kept(), logged=False), Outcome.PASS, "as agreed"),  # logs go elsewhere, and the bench is the original
        (kept(at("/bench/slow"), seconds=0.004), Outcome.FAIL, "0.3 s were asked for"),
        (kept(at("/bench/boom"), status=200), Outcome.FAIL, "answered 200, not 500"),
        (kept(at("/bench/upload"), echoed=False), Outcome.FAIL, "did not send back"),
        (kept(at("/bench/whoami"), keys=("nonce",)), Outcome.FAIL, "lacks pid"),
        (kept(at("/bench/version"), keys=()), Outcome.FAIL, "lacks version"),  # no JSON at all
        (kept(at("/bench/big"), length=100), Outcome.FAIL, "100 bytes"),
        (kept(at("/readyz"), status=0, error="connection reset"), Outcome.FAIL, "connection reset"),
        (replace(kept(), logged=False, original=False), Outcome.FAIL, "never reached the log"),
        (replace(kept(), logged=False, original=None), Outcome.FAIL, "never reached the log"),
    ),
)
def test_every_promise_of_the_bench_is_kept(seen: Contract, outcome: Outcome, word: str) -> None:
    verdict = stack_app.contract_endpoints.judge(seen)
    assert verdict.outcome is outcome
    assert word in verdict.because
    assert (outcome is Outcome.FAIL) == bool(verdict.reproduce)
