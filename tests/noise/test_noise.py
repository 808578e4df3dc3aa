"""Which runs count as wrong on a busy machine, and which stacks are run for that."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from grader.catalog import load, root
from grader.gate.stacks import Case, cases
from grader.model import Reason, Result, Verdict, failed, passed, skipped, unknown
from tests.noise.__main__ import shares
from tests.noise.timed import asked, chosen, judges_time, seen, timed, wants_host_port

CATALOG = load()
EVERY = {case.name: case for case in cases(root(), CATALOG)}
SLOW = "server.concurrent-requests"
RED = failed("slow", hint="h", reproduce="r", shows="s")


def case(*fails: str, kind: str = "mutant") -> Case:
    return replace(EVERY["lab3-nginx-solution"], name="one", kind=kind, fails=frozenset(fails))


def judged(name: str, verdict: Verdict) -> tuple[Result, ...]:
    return (Result(CATALOG.checks[name], verdict, 0.0),)


@pytest.mark.parametrize(
    ("name", "is_timed"),
    (
        (SLOW, True),  # alone
        ("health.healthcheck-defined", True),  # not alone, but measured again beside a control when it is slow
        ("debug.debugger-off", False),
        ("stack.stack-left-as-found", False),  # alone, because it comes last
    ),
)
def test_what_judges_times_is_known_by_its_probe(name: str, is_timed: bool) -> None:
    assert judges_time(CATALOG.checks[name].probe) is is_timed


def test_every_solution_is_run_and_every_mutant_that_breaks_what_is_timed() -> None:
    names = {one.name for one in chosen(CATALOG, tuple(EVERY.values()))}

    assert {name for name, one in EVERY.items() if one.kind == "solution"} <= names
    assert "one-sync-worker" in names
    assert all(timed(CATALOG, EVERY[name]) for name in names if EVERY[name].kind == "mutant")


def test_a_mutant_is_asked_what_is_timed_and_what_that_needs() -> None:
    names = {check.id for check in asked(CATALOG, case(SLOW))}

    assert SLOW in names
    assert set(CATALOG.checks[SLOW].needs) <= names


@pytest.mark.parametrize(
    ("stack", "name", "verdict", "wrong"),
    (
        (case(kind="solution"), SLOW, RED, True),
        (case(kind="solution"), SLOW, passed("quick"), False),
        (case(kind="solution"), SLOW, unknown(Reason.NOISY_HOST, "busy"), False),
        (case(SLOW), SLOW, RED, False),
        (case(SLOW), SLOW, passed("quick"), True),
        (case(SLOW), SLOW, unknown(Reason.NOISY_HOST, "busy"), False),
        (case(SLOW), "debug.debugger-off", RED, True),
    ),
)
def test_red_on_a_good_stack_and_green_on_a_bad_one_are_wrong_and_unknown_never_is(
    stack: Case, name: str, verdict: Verdict, wrong: bool
) -> None:
    said = seen(CATALOG, stack, judged(name, verdict))

    assert bool(said.wrong) is wrong
    assert bool(said.unknown) is (verdict.reason is Reason.NOISY_HOST)


def test_what_is_skipped_though_it_applies_was_not_judged() -> None:
    nothing = skipped("nobody could sign in")

    assert seen(CATALOG, case(kind="solution"), judged(SLOW, nothing)).unknown == {
        SLOW: "not applicable: nobody could sign in"
    }
    assert seen(CATALOG, replace(case(), not_applicable=frozenset({SLOW})), judged(SLOW, nothing)).unknown == {}


@pytest.mark.parametrize(("many", "cut"), ((20, [5, 5, 5, 5]), (7, [5, 2]), (1, [1]), (0, []), (-1, [])))
def test_runs_are_cut_in_shares_and_none_is_lost(many: int, cut: list[int]) -> None:
    assert shares(many, alone=False) == cut
    assert shares(many, alone=True) == ([many] if cut else [])


@pytest.mark.parametrize(("name", "alone"), (("hostnet-app", True), ("static-dns", False)))
def test_a_stack_on_the_network_of_the_host_is_never_started_beside_itself(name: str, alone: bool) -> None:
    assert wants_host_port(EVERY[name]) is alone


def test_what_keeps_the_cores_busy_ends_with_whoever_started_it() -> None:
    program = (
        "import sys\nfrom tests.noise.busy import busy\n"
        "with busy(1) as pids:\n"
        "    print(*pids, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root()
    ) as owner:
        assert owner.stdout is not None
        loop = os.pidfd_open(int(owner.stdout.readline()))
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
    try:
        ended, _, _ = select.select([loop], [], [], 10)  # the descriptor of a process can be read once it has ended
        assert ended
    finally:
        os.close(loop)
