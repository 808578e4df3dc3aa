"""Given the course's own app on a real socket, when probes ask it, then they see what is there."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask, request
from werkzeug.debug import DebuggedApplication

from grader.checks import debug, errors, secrets, session, stack_app
from grader.model import Outcome
from grader.probes.app.contract import CallAll
from grader.probes.app.debugger import Debugger, Explode
from grader.probes.app.errors import CANARY, GoWrong
from grader.probes.app.keys import GuessKey
from grader.probes.app.session import SignIn, live_cookie, user_of
from grader.probes.http import Entry
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from tests.probes.pinboard import lay_out, pinboard, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("pinboard"))


@pytest.fixture
def app(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    with pinboard(folder, monkeypatch, SECRET_KEY="0f" * 24) as app:
        yield app


@pytest.fixture
def stack(app: Flask) -> Iterator[Stack]:
    with served(app, app.logger) as stack:
        yield stack


def test_pinboard_keeps_its_contract(stack: Stack) -> None:
    seen = stack.ask(CallAll())
    assert stack_app.contract_endpoints.judge(seen).outcome is Outcome.PASS
    assert seen.logged
    assert seen.original


def test_a_login_is_followed_to_its_cookie(stack: Stack) -> None:
    signed_in = stack.ask(SignIn())
    assert (signed_in.status, signed_in.user) == (303, "ada")
    assert [cookie.name for cookie in signed_in.cookies if cookie.keeps_login] == ["session"]
    assert session.session_cookie_flags.judge(signed_in).outcome is Outcome.PASS


def test_the_live_cookie_signs_in_and_never_enters_evidence(stack: Stack) -> None:
    cookie = live_cookie(stack)
    assert user_of(stack, stack.ask(Entry()), cookie) == "ada"
    assert cookie.partition("=")[2] not in repr(stack.ask(SignIn()))


def test_a_changed_password_is_not_the_learners_fault(
    app: Flask, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEMO_PASSWORD", "something else")
    with pytest.raises(CouldNotLook, match="refuses the demo account"):
        stack.ask(SignIn())


def test_a_random_key_is_not_guessed(stack: Stack) -> None:
    guess = stack.ask(GuessKey())
    assert guess.signed
    assert guess.found is None


@pytest.mark.parametrize(
    "key",
    (
        "dev",
        b'_5#y2L"F4Q8z\n\xec]/',  # from a tutorial, and no text
        "lab",  # the name of the project
        "Tuesday kitchen: soup for twelve. We are nine. Bring a spoon.",  # a string in the starter
    ),
)
def test_a_key_that_everybody_can_know_is_guessed(app: Flask, stack: Stack, key: str | bytes) -> None:
    app.secret_key = key
    guess = stack.ask(GuessKey())
    assert guess.found is not None
    assert len(guess.found) <= 4
    assert secrets.secret_key_not_guessable.judge(guess).outcome is Outcome.FAIL


def test_the_solution_gives_nothing_away(stack: Stack) -> None:
    seen = stack.ask(GoWrong())
    assert seen.boom
    assert errors.errors_generic.judge(seen).outcome is Outcome.PASS


def test_the_starters_error_page_gives_much_away(app: Flask, stack: Stack) -> None:
    def internal(error: Exception) -> tuple[dict[str, object], int]:
        cause = getattr(error, "original_exception", None) or error
        return {"error": str(cause), "traceback": traceback.format_exception(cause)}, 500

    app.register_error_handler(500, internal)
    boom = stack.ask(GoWrong()).pages[0]
    assert set(boom.leaks) >= {"a traceback", "a file path of the code", "the message of the error"}


def test_the_canary_is_the_one_of_the_bench(app: Flask) -> None:
    assert import_module("bench.work").CANARY == CANARY


def test_an_app_without_a_debugger_shows_none(stack: Stack) -> None:
    assert debug.debugger_off.judge(stack.ask(Debugger())).outcome is Outcome.PASS
    assert debug.debug_mode_off.judge(stack.ask(Explode())).outcome is Outcome.PASS


def test_a_debugger_is_seen_without_an_error(app: Flask) -> None:
    with served(DebuggedApplication(app, evalex=True), app.logger) as stack:
        sightings = stack.ask(Debugger())
    assert all(sighting.asset and sighting.console for sighting in sightings.seen)
    assert not any(sighting.page for sighting in sightings.seen)  # Flask's own handler still answers


def test_a_debugger_is_seen_in_its_page(app: Flask) -> None:
    app.debug = True
    with served(DebuggedApplication(app, evalex=True), app.logger) as stack:
        sightings = stack.ask(Debugger())
        boom = stack.ask(Explode())
    assert all(sighting.page for sighting in sightings.seen)
    assert debug.debug_mode_off.judge(boom).outcome is Outcome.FAIL


def test_a_page_that_repeats_the_url_is_no_debugger(app: Flask) -> None:
    app.register_error_handler(404, lambda error: (f"nothing at {request.url}", 404))
    app.view_functions["notes.board"] = lambda: f"you asked for {request.url}"
    with served(app, app.logger) as stack:
        assert debug.debugger_off.judge(stack.ask(Debugger())).outcome is Outcome.PASS


def test_an_app_without_the_bench_is_judged_as_far_as_it_goes() -> None:
    plain = Flask("plain")
    plain.add_url_rule("/", view_func=lambda: "hello")
    with served(plain, plain.logger) as stack:
        for probe in (CallAll(), Explode(), SignIn()):
            with pytest.raises(NotApplicable):
                stack.ask(probe)
        assert debug.debugger_off.judge(stack.ask(Debugger())).outcome is Outcome.PASS
        assert errors.errors_generic.judge(stack.ask(GoWrong())).outcome is Outcome.PASS
