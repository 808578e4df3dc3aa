"""Given pipes, files and sockets, when the agent writes lines and looks for them, then it stays within its bounds."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
from pathlib import Path

import pytest

from grader.stacks import lines
from grader.stacks.agent import open_regular


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a container, in a folder of this machine."""
    monkeypatch.setattr(lines, "ROOT", str(tmp_path))
    monkeypatch.setattr(lines, "below", lambda pid, path: f"{tmp_path}{path}")
    (tmp_path / "logs").mkdir()
    return tmp_path


def test_a_line_is_said_into_a_pipe_and_nowhere_else(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE) as piped:
        try:
            assert lines.say(piped.pid, b64(b"hello\n"), 2.0) == 6
            assert piped.stdout is not None
            assert piped.stdout.readline() == b"hello\n"
            assert lines.say(piped.pid, b64(b"x" * 1_000_000), 0.3) < 1_000_000  # nobody reads: it gives up in time
        finally:
            piped.kill()
    with (tmp_path / "file").open("w") as file, subprocess.Popen(["sleep", "60"], stdout=file) as filed:
        try:
            with pytest.raises(ValueError, match="no pipe"):
                lines.say(filed.pid, b64(b"x"), 0.1)
        finally:
            filed.kill()


def test_lines_are_found_by_word_with_what_they_are(root: Path) -> None:
    long = b'{"word": "' + b"w0rd " * 30_000 + b'"}'
    (root / "logs/app.jsonl").write_bytes(b'{"a": "w0rd"}\n{"a": 1}\n' + long + b"\nbad \xff w0rd\nesc \x1b w0rd\n")

    found = lines.find_lines(["/logs"], ["w0rd", "other"], 0.0)

    assert [one["length"] for one in found] == [13, len(long), 10, 10]
    assert [(one["utf8"], one["printable"], one["json"]) for one in found] == [
        (True, True, True),
        (True, True, True),
        (False, True, False),
        (True, False, False),
    ]
    assert found[1]["times"] == 30_000
    assert len(base64.b64decode(found[1]["line"])) == lines.LINE_CAP
    assert {one["path"] for one in found} == {"/logs/app.jsonl"}


@pytest.mark.parametrize("constant", ("NaN", "Infinity", "-Infinity"))
def test_what_is_no_json_is_told_even_where_python_would_read_it(constant: str) -> None:
    assert not lines.of_line(f'{{"a": {constant}}}'.encode())["json"]


def test_old_files_links_and_what_lies_too_deep_are_left_alone(root: Path) -> None:
    deep = root / "logs/1/2/3/4/5"
    deep.mkdir(parents=True)
    for path in (root / "logs/old", root / "logs/new", deep / "deep"):
        path.write_text("w0rd\n")
    os.utime(root / "logs/old", (1, 1))
    (root / "logs/link").symlink_to("/etc/hostname")

    assert [one["path"] for one in lines.find_lines(["/logs"], ["w0rd"], 1_000_000.0)] == ["/logs/new"]
    assert lines.sizes(["/logs"]) == {"files": 2, "bytes": 10}
    assert lines.sizes(["/nowhere"]) == {"files": 0, "bytes": 0}


def test_a_million_matches_and_an_endless_line_are_cut(root: Path) -> None:
    (root / "logs/many").write_text("w0rd\n" * 300_000)
    (root / "logs/endless").write_bytes(b"w0rd" + b"x" * 3_000_000)

    assert len(lines.find_lines(["/logs"], ["w0rd"], 0.0)) <= lines.LINES


def test_lines_are_poured_over_udp_and_tcp_and_a_closed_port_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        assert lines.pour("127.0.0.1", heard.getsockname()[1], "udp", b64(b"line"), count=3) == 3
        assert [heard.recv(10) for _ in range(3)] == [b"line"] * 3
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert lines.pour("127.0.0.1", server.getsockname()[1], "tcp", b64(b"line"), count=3) == 3
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(100, socket.MSG_WAITALL) == b"line\n" * 3
        port = server.getsockname()[1]
    assert lines.pour("127.0.0.1", port, "tcp", b64(b"line")) == 0


def test_open_files_tell_where_records_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, read = tmp_path / "written", tmp_path / "read"
    for folder in (written, read):
        folder.mkdir()
        (folder / "records").touch()
    with (
        (written / "records").open("a") as out,
        (read / "records").open() as into,
        subprocess.Popen(["sleep", "60"], stdin=into, stdout=out) as keeper,
    ):
        monkeypatch.setattr(lines, "processes", lambda: [{"pid": keeper.pid}])
        try:
            folders = lines.kept_in()
        finally:
            keeper.kill()
    assert str(written) in folders
    assert str(read) not in folders


def test_udp_ports_are_told_with_what_they_dropped() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        port = heard.getsockname()[1]
        assert {"address": "127.0.0.1", "port": port, "dropped": 0} in lines.hears()


def test_what_became_a_pipe_or_a_link_since_it_was_looked_at_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "file").write_text("x")

    for name in ("pipe", "link"):
        with pytest.raises(OSError, match=r"not a regular file|symbolic links"):
            open_regular(str(tmp_path / name))
    with open_regular(str(tmp_path / "file")) as file:
        assert file.read() == b"x"


def test_a_search_in_files_without_end_ends(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (root / "logs" / str(number)).mkdir()
        (root / "logs" / str(number) / "app.log").write_text("w0rd\n")
    monkeypatch.setattr(lines, "LIST_CAP", 10)

    assert len(list(lines.files(["/logs"]))) == 10
    assert len(lines.find_lines(["/logs"], ["w0rd"], 0.0)) == 10
