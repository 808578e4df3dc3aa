"""Host set-up scripts: they parse, lint clean, and say what to do when a host cannot do it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
SCRIPTS = REPO / "scripts"

EXIT_CANNOT = 3


def shell_files() -> list[Path]:
    files = [path for path in [*SCRIPTS.rglob("*"), REPO / ".ci" / "run"] if path.is_file()]
    return sorted(path for path in files if path.suffix == ".sh" or path.read_bytes().startswith(b"#!"))


def name_of(path: Path) -> str:
    return str(path.relative_to(REPO))


def run(script: str, *, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script with only the commands in `path`, and nothing of this shell's environment."""
    return subprocess.run(
        ["/bin/bash", SCRIPTS / script],
        env={"PATH": str(path), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder of commands: the plain tools that scripts lean on, and an `id` that makes us an ordinary user."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("basename", "cat", "cksum", "cut", "dirname", "sed", "tail"):
        found = shutil.which(tool)
        assert found, f"{tool} is not on this host"
        (folder / tool).symlink_to(found)
    put_command(folder, "id", '[ "$1" = -un ] && echo learner || echo 1000')
    return folder


def put_command(folder: Path, name: str, body: str) -> None:
    command = folder / name
    command.write_text(f"#!/bin/sh\n{body}\n")
    command.chmod(0o755)


def test_the_scripts_are_found() -> None:
    names = {name_of(path) for path in shell_files()}
    assert {".ci/run", "scripts/engine", "scripts/images", "scripts/python-env", "scripts/lib/debian.sh"} <= names


@pytest.mark.parametrize("script", shell_files(), ids=name_of)
def test_a_script_parses(script: Path) -> None:
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not on this host")
def test_scripts_lint_clean() -> None:
    done = subprocess.run(["shellcheck", *shell_files()], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_command_stops_at_its_first_error_and_can_be_run() -> None:
    commands = [path for path in shell_files() if path.parent in (SCRIPTS, REPO / ".ci")]
    assert commands
    for path in commands:
        assert "\nset -euo pipefail\n" in path.read_text(), name_of(path)
        assert os.access(path, os.X_OK), name_of(path)


def test_no_engine_on_an_ordinary_host_is_one_clear_paragraph(commands: Path) -> None:
    done = run("engine", path=commands)
    assert done.returncode == EXIT_CANNOT
    for system in ("Linux", "macOS", "Windows"):
        assert system in done.stderr


def test_an_engine_that_refuses_this_user_is_named_with_the_group_command(commands: Path) -> None:
    put_command(commands, "docker", 'echo "permission denied while trying to connect" >&2; exit 1')
    done = run("engine", path=commands)
    assert done.returncode == EXIT_CANNOT
    assert "usermod -aG docker learner" in done.stderr


def test_an_engine_without_compose_is_used_as_found_and_compose_asked_for(commands: Path) -> None:
    put_command(commands, "docker", '[ "$1" = version ] && echo 28.0')
    done = run("engine", path=commands)
    assert done.returncode == EXIT_CANNOT
    assert "Compose v2" in done.stderr


def test_a_wrong_docker_host_is_named(commands: Path) -> None:
    put_command(commands, "docker", 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    done = run("engine", path=commands, DOCKER_HOST="tcp://192.0.2.1:2375")
    assert done.returncode == EXIT_CANNOT
    assert "tcp://192.0.2.1:2375" in done.stderr


def test_a_complete_engine_is_left_alone_in_silence(commands: Path) -> None:
    put_command(commands, "docker", 'case "$1" in version | compose | buildx) echo 28.0 ;; *) exit 1 ;; esac')
    done = run("engine", path=commands)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_images_say_that_the_engine_comes_first(commands: Path) -> None:
    done = run("images", path=commands)
    assert done.returncode == EXIT_CANNOT
    assert "scripts/engine" in done.stderr


def test_an_image_that_is_there_without_our_label_is_left_alone(commands: Path) -> None:
    answers = '"version --format") echo 28.0 ;; "image inspect") echo null ;; *) echo "docker $*" && exit 1 ;;'
    put_command(commands, "docker", f'case "$1 $2" in {answers} esac')
    done = run("images", path=commands)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_old_python_is_named_with_the_version_that_is_needed(commands: Path) -> None:
    put_command(commands, "python3", '[ "$1" = --version ] && echo Python 3.9.2 && exit; exit 1')
    copy = commands.parent / "a copy"
    shutil.copytree(SCRIPTS, copy / "scripts")
    shutil.copytree(REPO / "requirements", copy / "requirements")
    shutil.copy(REPO / "pyproject.toml", copy)
    done = run(str(copy / "scripts" / "python-env"), path=commands)
    assert done.returncode == EXIT_CANNOT
    assert "Python 3.11 or newer is needed, and Python 3.9.2 was found" in done.stderr
    assert not (copy / ".venv").exists()


def test_a_browser_that_is_there_is_the_only_line_of_output(commands: Path) -> None:
    put_command(commands, "chromium", "exit 0")
    done = run("browser", path=commands)
    assert (done.returncode, done.stdout) == (0, f"{commands / 'chromium'}\n")


def test_no_browser_on_an_ordinary_host_names_the_way_out(commands: Path) -> None:
    done = run("browser", path=commands)
    assert done.returncode == EXIT_CANNOT
    assert "CHROMIUM=" in done.stderr
