"""Given a command of grader.toml, when it is run, then it was agreed to, is bounded, and gets little of ours."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click
import pytest

from grader import agreement
from grader.agreement import agree, commands_of, remembered
from grader.probes.http import Get
from grader.probes.stack.left import changes
from grader.probes.tls.renewal import Renew, why_not
from grader.stacks import declared
from grader.stacks.base import COMMAND_CAP, CouldNotLook, NotApplicable, Settings
from grader.stacks.compose import ComposeStack
from grader.stacks.dealings import Ran
from grader.stacks.values import State
from tests.probes.service import SERVICE
from tests.probes.zoo import door


def run(command: str, folder: Path, seconds: float = 10.0) -> Ran:
    return declared.run(command, folder, {"COMPOSE_PROJECT_NAME": "lab"}, seconds)


def test_it_runs_in_the_workspace_and_says_how_it_went(tmp_path: Path) -> None:
    ran = run("pwd; echo oops >&2; exit 3", tmp_path)
    assert (ran.code, ran.output.split()) == (3, [str(tmp_path), "oops"])


def test_another_shell_may_be_named(tmp_path: Path) -> None:
    assert declared.run("[[ a == a ]] && echo $BASH", tmp_path, {}, 5.0, program="/bin/bash").output == "/bin/bash\n"


def test_it_gets_no_input(tmp_path: Path) -> None:
    assert run("cat; echo done", tmp_path).output == "done\n"


def test_it_gets_the_project_and_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("PINBOARD_PORT", "8090")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "another")
    words = run("env", tmp_path).output.split()
    assert {"COMPOSE_PROJECT_NAME=lab", "PINBOARD_PORT=8090"} <= set(words)
    assert not [word for word in words if "secret" in word]


def test_it_is_ended_with_all_that_it_started_when_its_time_is_over(tmp_path: Path) -> None:
    begun = time.monotonic()
    ran = run("trap '' TERM; (sleep 60; touch late) & sleep 60", tmp_path, seconds=0.3)
    assert ran.code is None
    assert time.monotonic() - begun < 10
    assert not (tmp_path / "late").exists()


def test_its_output_is_bounded_and_it_never_waits_for_us_to_read(tmp_path: Path) -> None:
    ran = run("head -c 3000000 /dev/zero | tr '\\0' x; echo end", tmp_path)
    assert (ran.code, len(ran.output), ran.output[-4:]) == (0, COMMAND_CAP, "end\n")


def test_what_is_left_in_the_background_does_not_hold_us_up(tmp_path: Path) -> None:
    begun = time.monotonic()
    assert run("sleep 20 & echo started", tmp_path).code == 0
    assert time.monotonic() - begun < 10


class Engine:
    """An engine without a container."""

    def containers(self, **_: object) -> list[dict[str, str]]:
        return []


def stack_of(tmp_path: Path, agreed: frozenset[str], workspace: Path | None) -> ComposeStack:
    return ComposeStack(
        "lab", settings=Settings(), state=tmp_path, workspace=workspace, agreed=agreed, api=cast("Any", Engine())
    )


def test_a_stack_runs_what_was_agreed_to_and_nothing_else(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, frozenset({"echo $COMPOSE_PROJECT_NAME"}), tmp_path)
    assert stack.declared("echo $COMPOSE_PROJECT_NAME", seconds=5).output == "lab\n"
    with pytest.raises(CouldNotLook, match="nobody agreed"):
        stack.declared("rm -rf .", seconds=5)
    with pytest.raises(NotApplicable):
        stack_of(tmp_path, frozenset({"true"}), None).declared("true", seconds=5)


def test_what_the_learners_own_command_changes_is_as_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_of(tmp_path, frozenset({"true"}), tmp_path)
    assert stack.as_found() == ()
    made_anew = replace(SERVICE, id="beef", health="healthy")
    monkeypatch.setattr(stack, "services", lambda *, fresh=False: (made_anew,))

    stack.declared("true", seconds=5)

    assert changes(stack.as_found(), (made_anew,)) == ()
    assert (
        changes(stack.as_found(), (replace(made_anew, health="unhealthy"),)) == ()
    )  # its check looks every few seconds
    assert changes(stack.as_found(), (replace(made_anew, state=State.PAUSED),)) != ()


# --- agreement ------------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Somebody sits at a terminal and agrees; the questions that they were asked."""
    asked: list[str] = []

    def confirm(text: str, **_: object) -> bool:
        asked.append(text)
        return True

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", confirm)
    monkeypatch.setattr(agreement, "_declined", set())
    return asked


def test_a_command_is_shown_and_asked_about_once(tmp_path: Path, terminal: list[str]) -> None:
    assert agree(tmp_path, ("renew it",), yes=False) == {"renew it"}
    assert "renew it" in terminal[0]
    assert agree(tmp_path, ("renew it",), yes=False) == {"renew it"}
    assert len(terminal) == 1


def test_another_text_is_another_command(tmp_path: Path, terminal: list[str]) -> None:
    agree(tmp_path, ("renew it",), yes=False)
    agree(tmp_path, ("renew it; rm -rf /",), yes=False)
    assert len(terminal) == 2
    assert remembered(tmp_path) == {"renew it", "renew it; rm -rf /"}


def test_a_command_cannot_hide_what_it_does_from_a_terminal(tmp_path: Path, terminal: list[str]) -> None:
    agree(tmp_path, ("true\x1b[2K\rharmless",), yes=False)
    assert "\x1b" not in terminal[0]


def test_whoever_declines_is_not_asked_again_and_nothing_is_run(
    tmp_path: Path, terminal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def decline(text: str, **_: object) -> bool:
        terminal.append(text)
        return False

    monkeypatch.setattr(click, "confirm", decline)
    assert agree(tmp_path, ("renew it",), yes=False) == agree(tmp_path, ("renew it",), yes=False) == frozenset()
    assert len(terminal) == 1
    assert not remembered(tmp_path)


def test_where_nobody_can_be_asked_nothing_is_run_but_with_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert agree(tmp_path, ("renew it",), yes=False) == frozenset()
    assert agree(tmp_path, ("renew it",), yes=True) == {"renew it"}
    assert not remembered(tmp_path)  # for this once


@pytest.mark.parametrize("text", ("", "[]", "{", '{"agreed": 5}', '{"other": []}'))
def test_a_file_that_cannot_be_read_agrees_to_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / agreement.FILE).write_text(text)
    assert remembered(tmp_path) == frozenset()


def test_only_commands_that_a_check_would_run_are_asked_about() -> None:
    from grader.checks.certificates import cert_name, cert_renewal_live

    settings = Settings(renew="renew it")
    assert commands_of((cert_name, cert_renewal_live, cert_renewal_live), settings) == ("renew it",)
    assert commands_of((cert_name,), settings) == ()
    assert commands_of((cert_renewal_live,), Settings()) == ()
    assert (Renew().runs, Get("/").runs) == ("renew", "")


def test_a_renewal_that_may_not_be_run_says_how_it_may(tmp_path: Path) -> None:
    from grader.stacks.dealings import Address

    stack = door(Address("127.0.0.1", 1, tls="x"), workspace=tmp_path)
    cast("Any", stack).may_run = lambda command: False
    assert "name the command as renew" in why_not(stack, "")
    assert "--yes" in why_not(stack, "renew it")
