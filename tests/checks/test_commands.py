"""A red line says how to see it: a command that a shell can read, that shows the fault, and that no stack can bend."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from grader.catalog import load, root
from grader.checks.commands import curl, python, status, written_by_hand
from grader.gate.evidence import recorded
from grader.model import COMMAND, AnyCheck, NotShown, Outcome, failed
from grader.runner import judged
from grader.stacks.codec import decode

CHECKS = load().checks.values()
RED = [(check, path) for check in CHECKS for path in recorded(root(), check) if path.name.startswith("fail")]
# Each runs something where it stands in no quotes, in single ones, or in double ones.
HOSTILE = ("x; : >pwned; $(: >pwned) `: >pwned`", "x'; : >pwned; 'x", 'x"; : >pwned; "x')
OURS = ("freeze", "thaw", "command")  # commands of a probe's own, or what was agreed to: no text of a stack


@pytest.mark.parametrize(("check", "path"), RED, ids=[f"{check.id}-{path.stem}" for check, path in RED])
def test_every_red_line_has_a_command_and_what_it_shows(check: AnyCheck, path: Path) -> None:
    verdict = check.judge(decode(json.loads(path.read_text())))

    assert verdict.reproduce
    assert bool(verdict.shows) is not bool(verdict.not_shown)
    assert re.search(verdict.shows or "x", "", re.MULTILINE) is None, "it would show the fault by saying nothing"


def test_every_command_is_one_that_a_shell_can_read() -> None:
    commands = [check.judge(decode(json.loads(path.read_text()))).reproduce for check, path in RED]
    for command in commands:
        read = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
        assert (read.returncode, read.stderr) == (0, ""), command


@pytest.mark.parametrize(("check", "path"), RED, ids=[f"{check.id}-{path.stem}" for check, path in RED])
def test_no_text_of_a_stack_can_run_anything_in_a_command(check: AnyCheck, path: Path, tmp_path: Path) -> None:
    raw = json.loads(path.read_text())
    command = check.judge(decode(raw)).reproduce

    bent = []
    for evidence in with_one_bent(raw, command):
        with suppress(ValueError):  # no evidence any more: a state that there is not, say
            verdict = judged(check, decode(evidence))
            bent += [verdict.reproduce] if verdict.outcome is Outcome.FAIL else []

    # Without any program in PATH, only what the shell itself does can leave a file behind.
    each = 'for command; do (eval "$command"); done'
    words = ["/bin/bash", "-c", each, "bash", *bent]
    done = subprocess.run(words, cwd=tmp_path, env={"PATH": ""}, capture_output=True, timeout=60, check=False)
    assert b"unexpected" not in done.stderr, bent
    assert list(tmp_path.iterdir()) == [], bent


def with_one_bent(raw: Any, command: str) -> Iterator[Any]:
    """The evidence with one of its texts replaced by a hostile one, for each that the command has in it."""
    text = json.dumps(raw)
    for leaf in sorted(set(leaves(raw))):
        if leaf and leaf in command:
            for hostile in HOSTILE:
                yield json.loads(text.replace(json.dumps(leaf), json.dumps(hostile)))


def leaves(raw: Any) -> Iterator[str]:
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield from () if isinstance(value, str) and key in ("type", *OURS) else leaves(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from leaves(value)
    elif isinstance(raw, str):
        yield raw


@pytest.mark.parametrize(
    ("command", "reads"),
    (
        (curl("http://localhost:8080/a b"), "curl -s 'http://localhost:8080/a b'"),
        (curl("https://localhost:8443/", "-i"), "curl -sk -i https://localhost:8443/"),
        (status("http://localhost:8080/"), "curl -s -o /dev/null -w '%{http_code}\\n' http://localhost:8080/"),
        (python("app", "print('$HOME', \"`\")"), 'docker compose exec app python -c "print(\'\\$HOME\', \\"\\`\\")"'),
        (python("app", "print('!')"), "docker compose exec app python -c 'print('\"'\"'!'\"'\"')'"),
        (
            written_by_hand("GET / HTTP/1.1\\r\\n\\r\\n", "http://localhost:8080"),
            "(printf 'GET / HTTP/1.1\\r\\n\\r\\n'; sleep 1) | curl -s -m 3 telnet://localhost:8080",
        ),
    ),
)
def test_commands_read_as_one_would_type_them(command: str, reads: str) -> None:
    assert command == reads


def test_a_command_that_would_be_cut_is_left_out() -> None:
    assert failed("b", hint="h", reproduce="c" * COMMAND, shows="x").reproduce == "c" * COMMAND
    cut = failed("b", hint="h", reproduce="c" * (COMMAND + 1), shows="x")
    assert (cut.reproduce, cut.shows) == ("", "")


def test_what_no_command_shows_has_a_reason_instead() -> None:
    verdict = failed("b", hint="h", reproduce="c", shows=NotShown("one in a thousand"))
    assert (verdict.reproduce, verdict.shows, verdict.not_shown) == ("c", "", "one in a thousand")
