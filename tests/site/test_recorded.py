"""Nothing on a page is claimed that was not run: each recorded output has its command, and is shown."""

import re
from pathlib import Path

import pytest

from tests.site.conftest import REPO

DOCS = REPO / "docs"
RECORDED = DOCS / "_recorded"
LABS = {path.parent.name for path in (REPO / "labs").glob("*/lab.toml")}
CONCEPTS = "concepts"  # run by record_concepts.py, beside the servers of its compose.yaml
OUTPUTS = sorted(RECORDED.glob("*/*.txt"))
# Of no single lab's workspace: tests/labs/path.py and tests/outside/record.py write them.
OTHERS = sorted(RECORDED.glob("*.txt"))
COMMANDS = sorted(RECORDED.rglob("*.cmd"))
INCLUDED = {
    match
    for page in DOCS.rglob("*.md")
    for match in re.findall(r'--8<-- "(_recorded/[^":]+)', page.read_text(encoding="utf-8"))
}


def name(path: Path) -> str:
    return path.relative_to(RECORDED).as_posix()


def test_something_was_recorded_for_every_lab() -> None:
    assert {path.parent.name for path in OUTPUTS} == LABS | {CONCEPTS}


@pytest.mark.parametrize("output", OUTPUTS, ids=name)
def test_an_output_has_its_command_and_is_on_a_page(output: Path) -> None:
    assert output.with_suffix(".cmd").is_file()
    assert f"_recorded/{name(output)}" in INCLUDED


@pytest.mark.parametrize("output", OTHERS, ids=name)
def test_what_belongs_to_no_lab_is_on_a_page(output: Path) -> None:
    assert f"_recorded/{name(output)}" in INCLUDED


@pytest.mark.parametrize("output", (*OUTPUTS, *OTHERS), ids=name)
def test_an_output_is_what_a_learner_would_see(output: Path) -> None:
    text = output.read_text(encoding="utf-8")
    assert text.strip()
    assert "\x1b" not in text
    assert not re.search(r"/tmp/\w|/root/|/home/|site-lab", text), "a path or a name of the recording machine"
    assert not re.search(r"(?:localhost|edge .*127\.0\.0\.1):(?!8080|8443)\d+", text), "a learner's stack is elsewhere"


@pytest.mark.parametrize("command", COMMANDS, ids=name)
def test_a_command_was_run_and_its_workspace_is_named(command: Path) -> None:
    assert command.with_suffix(".txt").is_file(), "python -m tests.site.record LAB writes it"
    assert command.parent.name == CONCEPTS or command.name.partition(".")[0] in ("starter", "solution")
    assert "8080" not in command.read_text() or "localhost:8080" in command.read_text()
