"""Given a solved lab that passed, when its files change and checks go red, then the report says since when and why."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.labs.conftest import Running

pytestmark = pytest.mark.docker

CHECKS = ("--only", "limits.body-limit-413", "--only", "proxy.no-version-leak")
SECRET = "b1ueWhale-in-the-c1oset"
HEADER = "Zx81-never-to-be-seen"


def edit(path: Path, *edits: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def test_a_check_that_went_red_says_since_when_and_shows_the_lines_and_no_secret(lab3: Running) -> None:
    folder = lab3.stack.workspace
    assert lab3.grader("check", "--quick", *CHECKS)[0] == 0

    with (folder / ".env").open("a", encoding="utf-8") as file:
        file.write(f"API_TOKEN={SECRET}\n")
    edit(folder / "compose.yaml", ("stop_grace_period: 10s", "stop_grace_period: 5s"))
    conf = folder / "nginx" / "default.conf"
    header = f'proxy_set_header X-Api-Key "{HEADER}"; proxy_set_header Host'
    edit(conf, ("server_tokens off;", "server_tokens on;"), ("proxy_set_header Host", header))
    assert lab3.stack.bring_up() == ""
    code, said = lab3.grader("check", "--quick", *CHECKS)

    assert code == 1, said
    assert re.search(r"passed: until \d{1,2} \w{3} \d\d:\d\d, in the run before this one changed since: ", said)
    for line in ("- stop_grace_period: 10s", "+ stop_grace_period: 5s", "- server_tokens off;", "+ server_tokens on;"):
        assert line in said, said
    assert "+ environment.API_TOKEN: [masked]" in said
    assert "proxy, /etc/nginx/conf.d/default.conf" in said

    kept = [path.read_bytes() for path in (folder / ".grader").rglob("*") if path.is_file()]
    assert len(kept) >= 4
    for hidden in (SECRET, HEADER):
        assert hidden not in said
        assert not [text for text in kept if hidden.encode() in text]


def test_the_next_run_says_that_it_was_two_runs_ago_also_as_json(lab3: Running) -> None:
    whole = lab3.stack.workspace / "report.json"
    lab3.grader("check", "--quick", *CHECKS, "--format", "json", "--output", str(whole))
    report = json.loads(whole.read_text(encoding="utf-8"))
    red = {result["id"]: result for result in report["results"] if result["outcome"] == "fail"}

    assert red["proxy.no-version-leak"]["runs_ago"] == 2
    assert red["proxy.no-version-leak"]["passed_until"] < report["started"]
    (changes,) = report["changes"]
    assert changes["compared"] is True
    assert "proxy.no-version-leak" in changes["checks"]
    assert any("+ server_tokens on;" in text["lines"] for text in changes["texts"])


def test_a_stack_without_a_workspace_has_a_place_of_its_own(lab3: Running, tmp_path: Path) -> None:
    words = ("check", "lab3", "--stack", f"compose://{lab3.stack.project}", "--only", "stack.edge-reachable")
    code, said = lab3.grader(*words, XDG_STATE_HOME=str(tmp_path))

    assert code == 0, said
    (state,) = (folder for folder in (tmp_path / "grader").iterdir() if folder.name != "runs")
    passes = json.loads((state / "passed" / "checks.json").read_text(encoding="utf-8"))
    assert {"stack.stack-up", "stack.edge-reachable"} <= set(passes)
    assert all((state / "passed" / f"{name}.configuration.json").is_file() for _, name in passes.values())


def test_nothing_of_the_grader_s_is_left_in_the_proxy(lab3: Running) -> None:
    """`nginx -T` prints, and touches no file."""
    look = ("exec", "-T", "proxy", "find", "/run", "/var", "/etc", "/tmp", "-xdev", "-printf", "%p %T@ %s\\n")
    before = lab3.stack.compose(*look).stdout.decode()
    lab3.grader("check", "--quick", "--only", "proxy.no-version-leak")

    assert "/run/nginx.pid" in before
    assert lab3.stack.compose(*look).stdout.decode() == before
