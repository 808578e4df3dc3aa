"""What a learner types, and what bad input gets: the thing, the place, the next action, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from grader import catalog
from grader.advice import with_ports
from grader.catalog import CourseError, root
from grader.render import ENDINGS
from grader.stacks.journal import Journal
from tests.typed import grader

ROOT = root()
NO_ENGINE = "tcp://127.0.0.1:1"  # not a unix socket: the Docker SDK leaves one that it cannot connect unclosed


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "my lab é"
    done = grader("start", "lab1", "--into", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_the_first_line_is_there_before_any_check_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> NoReturn:
        raise CourseError("a check is broken")

    monkeypatch.setattr(catalog, "find_checks", broken)
    done = grader("check", "lab1")

    assert done.stdout == "Looking at lab1-flask-run …\n"
    assert (done.returncode, "a check is broken" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    (
        (("check", "lab33"), 2, "no lab 'lab33'; did you mean 'lab3"),
        (("explain", "debuger-off"), 2, "no check 'debuger-off'; did you mean 'debugger-off'?"),
        (("check", "lab1", "--only", "nope"), 2, "no check 'nope'"),
        (("check", "lab1", "--role", "edge"), 2, "write edge=SERVICE or app=SERVICE"),
        (("check", "lab1", "--stack", "nonsense"), 3, "not a stack's address"),
        (("check", "lab1", "--stack", "recorded://nowhere.json"), 3, "nowhere.json: not a recording"),
        (("check", "lab1", "--format", "yaml"), 2, "'yaml' is not one of"),
        (("check", "lab1", "--output", "r.doc"), 2, "r.doc: end the name in .txt, .json, .xml, .html, .md"),
        (("check", "lab1", "--output", "no/where/r.html"), 2, "there is no folder no/where; make it first"),
        (("check", "lab1", "--site", "javascript:alert(1)"), 2, "write an address such as https://"),
        (("check", "lab1", "--site", "https://x/(y)"), 2, "write an address such as https://"),
        (("start", "lab1", "--from", "/nowhere/at/all", "--into", "/nowhere/else"), 2, "no such folder"),
    ),
)
def test_bad_input_gets_the_thing_the_place_and_the_exit_code(words: tuple[str, ...], code: int, says: str) -> None:
    done = grader(*words)

    assert says in done.stderr + done.stdout
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_workspace_asks_for_the_lab(tmp_path: Path) -> None:
    done = grader("check", cwd=tmp_path)

    assert done.returncode == 2
    assert "which lab? This folder is no workspace: name one, such as `lab1`" in done.stderr


def test_a_command_that_takes_no_lab_sends_one_into_a_workspace(tmp_path: Path) -> None:
    done = grader("hint", cwd=tmp_path)

    assert done.returncode == 2
    assert "This folder is no workspace: go into one (`grader start lab1` says where)" in done.stderr


def test_without_an_engine_the_next_action_is_said(workspace: Path) -> None:
    done = grader("check", cwd=workspace, DOCKER_HOST=NO_ENGINE)

    assert done.returncode == 3
    assert "no Docker engine answers" in done.stderr
    assert "Next: start Docker Desktop or the docker service" in done.stderr


def test_the_doctor_finds_that_there_is_no_engine() -> None:
    done = grader("doctor", DOCKER_HOST=NO_ENGINE)

    assert done.returncode == 3
    assert "FAIL  Docker engine" in done.stdout
    assert "1 thing to mend" in done.stdout


def test_a_wrong_key_in_grader_toml_is_named_with_its_line(workspace: Path) -> None:
    (workspace / "grader.toml").write_text('# mine\nhosts = ["localhost"]\nentri = "127.0.0.1:80"\n')

    done = grader("check", cwd=workspace)

    assert done.returncode == 2
    assert "line 3: no key 'entri'; did you mean 'entry'?" in done.stderr


def test_the_next_step_of_start_can_be_pasted_where_a_path_has_a_space(workspace: Path) -> None:
    assert f"cd '{workspace}'\n" in grader("start", "lab1", "--into", str(workspace)).stdout


def test_start_names_what_it_kept_and_reset_names_where_it_put_it(workspace: Path) -> None:
    (workspace / "compose.yaml").write_text("mine")

    again = grader("start", "lab1", "--into", str(workspace))
    reset = grader("reset", cwd=workspace)

    assert "kept yours: compose.yaml" in again.stdout
    assert "kept yours as compose.yaml.mine" in reset.stdout
    assert (workspace / "compose.yaml.mine").read_text() == "mine"


def test_the_next_lab_goes_on_from_ones_own(workspace: Path, tmp_path: Path) -> None:
    (workspace / "pinboard" / "mine.py").write_text("MINE = 1\n")

    done = grader("start", "lab2", "--from", str(workspace), "--into", str(tmp_path / "two"))

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "two" / "pinboard" / "mine.py").is_file()
    assert grader("diff", cwd=tmp_path / "two").stdout.count("reference/") > 0


@pytest.mark.parametrize("shell", ("bash", "zsh", "fish"))
def test_every_shell_gets_its_completion_script(shell: str) -> None:
    done = grader(_GRADER_COMPLETE=f"{shell}_source")

    assert "GRADER_COMPLETE" in done.stdout


def test_labs_and_checks_are_completed() -> None:
    done = grader(_GRADER_COMPLETE="bash_complete", COMP_WORDS="grader check lab", COMP_CWORD="2")

    assert "plain,lab3-nginx" in done.stdout


def test_explain_says_rule_why_source_and_page() -> None:
    done = grader("explain", "debugger-off")

    for word in ("It passes when", "source", "labs/lab1-flask-run/#debug.debugger-off", "blocker"):
        assert word in done.stdout


def test_the_plan_says_what_disturbs_and_quick_leaves_it_out() -> None:
    assert "disturbs the stack" in grader("plan", "lab2").stdout
    assert "Nothing disturbs the stack." in grader("plan", "lab2", "--quick").stdout


def test_a_hint_is_about_what_the_report_said_to_mend(workspace: Path) -> None:
    failed = ["image.image-no-junk", "debug.debugger-off", "debug.reloader-off"]  # the second weighs most
    past = {"started": "2026-01-01T00:00:00+00:00", "seconds": 1.0, "passed": [], "open": [], "complete": False}
    (workspace / ".grader/history.jsonl").write_text(json.dumps({**past, "failed": failed}) + "\n")

    asked, told = (grader("hint", *word, cwd=workspace).stdout for word in ((), ("debug.debugger-off",)))

    assert asked.splitlines()[0].replace("hint 1", "hint 2") == told.splitlines()[0]


def test_where_nothing_failed_a_hint_names_what_was_not_judged(workspace: Path) -> None:
    past = {"started": "2026-01-01T00:00:00+00:00", "seconds": 1.0, "passed": [], "failed": []}
    kept = workspace / ".grader/history.jsonl"

    kept.write_text(json.dumps({**past, "complete": False, "open": ["debug.debugger-off"]}) + "\n")
    assert "`grader check --only debug.debugger-off` asks again" in grader("hint", cwd=workspace).stdout
    kept.write_text(json.dumps({**past, "complete": True, "open": ["debug.debugger-off"]}) + "\n")
    assert grader("hint", cwd=workspace).stdout.startswith("Nothing failed at the last look. `grader check`")


def test_a_hint_asks_the_site_at_the_ports_of_the_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PINBOARD_PORT", raising=False)  # make exports it, and the terminal's variable wins
    with (workspace / ".env").open("a", encoding="utf-8") as settings:
        settings.write("PINBOARD_PORT=8090\nPINBOARD_TLS_PORT=\n")
    said = [grader("hint", "errors.errors-generic", cwd=workspace).stdout for _ in range(3)]

    assert any("http://localhost:8090/bench/boom" in text for text in said)
    assert with_ports("at :8443, not 18443", {"PINBOARD_TLS_PORT": "9443"}) == "at :9443, not 18443"


def test_hints_go_one_level_deeper_each_time(workspace: Path) -> None:
    said = [grader("hint", "debug-off", cwd=workspace).stdout for _ in range(4)]

    assert ["hint 1 of 3" in said[0], "hint 2 of 3" in said[1], "hint 3 of 3" in said[2]] == [True] * 3
    assert said[3] == said[2]


def remembered(workspace: Path, *runs: dict[str, object]) -> str:
    """What `status` says after these runs; a line that cannot be read stands among them."""
    usual = {
        "started": "2026-01-01T00:00:00+00:00",
        "seconds": 1,
        "complete": False,
        "passed": [],
        "failed": [],
        "open": [],
    }
    lines = [json.dumps(usual | run) for run in runs]
    (workspace / ".grader" / "history.jsonl").write_text("\n".join([*lines, "{broken"]) + "\n")
    return grader("status", cwd=workspace).stdout


def test_status_shows_what_holds_and_what_fails(workspace: Path) -> None:
    said = remembered(workspace, {"passed": ["stack.stack-up"], "failed": ["debug.debugger-off"]})

    assert "1 of 18 hold" in said
    assert "fails: debug.debugger-off" in said
    assert "lab2-gunicorn      not checked yet" in said


def test_a_run_that_left_something_out_does_not_take_a_lab_back(workspace: Path) -> None:
    whole: dict[str, object] = {"complete": True, "passed": ["stack.stack-up", "debug.debugger-off"]}
    quick: dict[str, object] = {"passed": ["stack.stack-up"], "open": ["debug.debugger-off"]}
    broken: dict[str, object] = {"failed": ["debug.debugger-off"]}

    assert "lab1-flask-run     complete (2 runs" in remembered(workspace, whole, quick)
    until = "(passed until 2026-01-01T00:00:00+00:00)"
    assert f"fails: debug.debugger-off {until}" in remembered(workspace, whole, broken)
    assert "passed until" not in remembered(workspace, broken)


RECORDING = """{"schema": 1, "project": "demo", "services": [], "answers": {},
"roles": [{"name": "app", "services": ["web"], "why": "it listens"}]}"""


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "run.json").write_text(RECORDING)
    return ("check", "lab1", "--quick", "--stack", "recorded://run.json")


def test_one_run_writes_every_form_by_its_ending_and_still_shows_the_report(
    recorded: tuple[str, ...], tmp_path: Path
) -> None:
    names = [f"report{ending}" for ending in ENDINGS]
    outputs = [word for name in names for word in ("--output", name)]

    done = grader(*recorded, *outputs, cwd=tmp_path, GRADER_SITE="https://course.example")

    written = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names}
    assert done.returncode == 3
    assert written["report.txt"].partition("\n\n")[0] in done.stdout
    assert json.loads(written["report.json"])["stack"] == "demo"
    assert '<testsuite name="lab1-flask-run"' in written["report.xml"]
    for name in ("report.html", "report.md"):
        assert "https://course.example/labs/lab1-flask-run/#stack.stack-up" in written[name]
    assert [line for line in done.stdout.splitlines() if line.endswith(": written.")] == [
        f"{name}: written." for name in names
    ]


@pytest.mark.parametrize(
    ("form", "start"),
    (
        ("json", "{"),
        ("junit", "<?xml"),
        ("html", "<!doctype html>"),
        ("markdown", "## ❔ flask run in a container: "),
        ("terminal", "lab1-flask-run: "),
    ),
)
def test_a_named_form_is_all_that_standard_output_or_the_file_gets(
    recorded: tuple[str, ...], tmp_path: Path, form: str, start: str
) -> None:
    shown = grader(*recorded, "--format", form, cwd=tmp_path)
    filed = grader(*recorded, "--format", form, "--output", "report.anything", cwd=tmp_path)

    text = (tmp_path / "report.anything").read_text(encoding="utf-8")
    assert text.startswith(start)
    assert shown.returncode == filed.returncode == 3
    assert filed.stdout.startswith("report.anything: written.\n")
    if form != "terminal":
        assert shown.stdout.startswith(start)
        assert shown.stdout.count("\n") == text.count("\n")


def test_the_list_of_commands_tells_each_in_a_whole_sentence() -> None:
    said = grader("--help").stdout

    assert "  audit     Asks any running stack every check that applies." in said
    assert "..." not in said.partition("Commands:")[2]


def test_help_loads_nothing_that_it_does_not_need() -> None:
    code = "import sys, grader.cli; print([m for m in ('docker', 'requests', 'cattrs', 'mkdocs') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_second_grader_keeps_off_a_stack_that_another_is_at_work_on(workspace: Path) -> None:
    with Journal(workspace / ".grader" / "journal.jsonl").alone():
        done = grader("check", "lab1", "--quick", cwd=workspace, DOCKER_HOST=NO_ENGINE)

    assert "another grader is at work on this stack" in done.stderr
    assert "Next: let it end, or end it with Ctrl-C" in done.stderr
    assert done.returncode == 3
