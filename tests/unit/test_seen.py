"""A red line's command is run where the fault is and where it is not, and has to tell the two apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from grader.gate.seen import Red, disagreement, disagreements, elsewhere
from grader.model import NotShown, Verdict, failed
from grader.stacks.dealings import Ran
from grader.stacks.throwaway import Throwaway

OWN = {"COMPOSE_PROJECT_NAME": "gate-m-1", "PINBOARD_PORT": "40001", "PINBOARD_TLS_PORT": "40002"}
THERE = {"COMPOSE_PROJECT_NAME": "gate-s-2", "PINBOARD_PORT": "50001", "PINBOARD_TLS_PORT": "40001"}


def verdict(command: str = "curl", shows: str | NotShown = "^HTTP/.* 200") -> Verdict:
    return failed("broken", hint="h", reproduce=command, shows=shows)


def red(command: str, shows: str | NotShown = "fault", check: str = "a.a") -> Red:
    return Red("m", check, verdict(command, shows), False, OWN)


@pytest.mark.parametrize(
    ("output", "there", "problem"),
    (
        ("HTTP/1.1 200 OK\n", True, ""),
        ("Date: x\nHTTP/1.1 200 OK\n", True, ""),
        ("HTTP/1.1 404 Not Found\n", False, ""),
        ("", False, ""),
        ("HTTP/1.1 404 Not Found\n", True, "does not show /^HTTP/.* 200/ but printed HTTP/1.1 404 Not Found"),
        ("", True, "does not show /^HTTP/.* 200/ but printed nothing"),
        ("HTTP/1.1 200 OK\n", False, "shows /^HTTP/.* 200/ but printed HTTP/1.1 200 OK"),
        ("bash: line 1: crul: command not found\n", False, "could not ask (command not found)"),
        ("HTTP/1.1 200 OK\nno such service: app\n", True, "could not ask (no such service)"),
        ("Error response from daemon: no such thing\n", False, "could not ask (Error response from daemon)"),
    ),
)
def test_what_is_printed_has_to_fit_the_stack(output: str, there: bool, problem: str) -> None:
    assert disagreement("^HTTP/.* 200", Ran(0, output, 0.1), there=there) == problem


def test_an_error_counts_where_the_error_is_what_is_to_be_seen() -> None:
    refused = Ran(1, "Error response from daemon: failed to initialize logging driver\n", 0.1)
    assert disagreement("Error.*logging driver", refused, there=True) == ""
    assert disagreement("exit code [1-9]", Ran(0, "x: command not found\nexit code 127", 1), there=True) == ""


def test_a_command_without_an_end_shows_nothing() -> None:
    assert disagreement("200", Ran(None, "HTTP/1.1 200 OK\n", 20.0), there=True) == "had not ended after 20 s"


def test_a_command_says_what_it_shows() -> None:
    assert disagreement("", Ran(0, "", 0.1), there=True) == "comes without what it shows"


def test_a_command_goes_to_another_stack_with_that_ones_words() -> None:
    command = "curl http://localhost:40001/ https://localhost:40002/40001x; docker run gate-m-1-app; echo 140001 400012"
    assert elsewhere(red(command, re.escape("https://localhost:40002/ gate-m-1-app")), THERE) == (
        "curl http://localhost:50001/ https://localhost:40001/50001x; docker run gate-s-2-app; echo 140001 400012",
        re.escape("https://localhost:40001/ gate-s-2-app"),
    )


@dataclass
class Typist:
    """A stack that prints back what it is told, and remembers it."""

    workspace: Path
    variables: dict[str, str] = field(default_factory=lambda: dict(THERE))
    typed_in: list[str] = field(default_factory=list)

    def typed(self, command: str, seconds: float) -> Ran:
        self.typed_in.append(command)
        return Ran(0, command, seconds)

    def settle(self) -> None:
        self.typed_in.append("(settles)")


def lies(stack: Typist, *found: Red, there: bool) -> list[str]:
    return [problem for _, problem in disagreements(cast("Throwaway", stack), found, there=there)]


def test_what_changes_the_stack_comes_last_and_the_stack_settles_after_each(tmp_path: Path) -> None:
    stack = Typist(tmp_path)
    found = (red("docker compose stop app; fault"), red("fault one"), red("for i in 1 2; fault"), red("fault two"))

    assert lies(stack, *found, there=True) == []
    assert stack.typed_in == [
        *("fault one", "fault two"),
        *("docker compose stop app; fault", "(settles)", "for i in 1 2; fault"),
    ]


def test_the_same_command_of_several_stacks_is_asked_once(tmp_path: Path) -> None:
    stack = Typist(tmp_path)

    problems = lies(
        stack, red("fault 40001"), Red("n", "b.b", verdict("fault 40001", "fault"), False, OWN), there=False
    )

    assert stack.typed_in == ["fault 50001"]
    assert problems == [
        "a.a: the command of m, asked of the solution, shows /fault/ but printed fault 50001: fault 50001",
        "b.b: the command of n, asked of the solution, shows /fault/ but printed fault 50001: fault 50001",
    ]


def test_what_no_command_can_show_is_not_asked(tmp_path: Path) -> None:
    stack = Typist(tmp_path)
    assert lies(stack, red("fault", NotShown("one in a thousand")), there=True) == []
    assert stack.typed_in == []
