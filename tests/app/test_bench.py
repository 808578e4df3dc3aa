"""The contract of the instrument panel: what each endpoint answers, and what it refuses."""

import hashlib
import importlib
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.app.conftest import ROOT, Lay

WHOAMI = {
    "nonce", "pid", "host", "boot_id", "version", "remote_addr", "scheme", "host_header", "script_root",
    "url_external", "server_software", "mod_wsgi.process_group", "multithread", "multiprocess", "request_id",
}  # fmt: skip
ECHO = {"method", "path", "query", "length", "sha256", "headers"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("method", "path", "status", "keys"),
    (
        ("GET", "whoami?nonce=n", 200, WHOAMI),
        ("GET", "slow?seconds=0", 200, {"pid", "boot_id", "slept"}),
        ("POST", "slow?seconds=0", 200, {"pid", "boot_id", "slept"}),
        ("GET", "cpu?ms=1", 200, {"pid", "boot_id", "busy"}),
        ("GET", "status/418", 418, {"status"}),
        ("POST", "upload", 200, {"length", "sha256"}),
        ("PUT", "echo/x", 200, ECHO),
        ("GET", "log?m=n", 200, {"level", "logged", "printed"}),
        ("GET", "dir/", 200, {"path"}),
        ("GET", "version", 200, {"version", "contract", "bench"}),
    ),
)
def test_every_endpoint_answers_with_its_keys(
    client: FlaskClient, method: str, path: str, status: int, keys: set[str]
) -> None:
    answer = client.open(f"/bench/{path}", method=method)

    assert answer.status_code == status
    assert set(answer.json or ()) == keys


def test_without_the_variable_there_is_no_bench(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lay()
    monkeypatch.delenv("PINBOARD_BENCH")

    assert workspace.start().test_client().get("/bench/whoami").status_code == 404
    assert "bench" not in sys.modules


def test_whoami_tells_the_truth(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_VERSION", "1.2.3")
    headers = {"Host": "board.test:8080", "X-Request-ID": "r-1", "X-Forwarded-For": "203.0.113.7"}

    me = client.get("/bench/whoami?nonce=n-1", headers=headers).get_json()

    assert (me["nonce"], me["version"], me["request_id"]) == ("n-1", "1.2.3", "r-1")
    assert (me["pid"], me["host"]) == (os.getpid(), socket.gethostname())
    assert (me["host_header"], me["url_external"]) == ("board.test:8080", "http://board.test:8080/bench/whoami")
    assert (me["remote_addr"], me["scheme"], me["script_root"]) == ("127.0.0.1", "http", "")
    assert client.get("/bench/whoami").get_json()["boot_id"] == me["boot_id"]


def test_a_forked_worker_has_a_boot_id_of_its_own(lay: Lay) -> None:
    code = """
import os
from bench.identity import boot_id
here = boot_id()
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, boot_id().encode())
    os._exit(0)
there = os.read(read, 100).decode()
os.wait()
print(here != there, here == boot_id(), len(here), len(there))
"""
    folder = lay().folder
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "True", "16", "16"]


@pytest.mark.parametrize(
    "path",
    (
        "slow?seconds=61", "slow?seconds=-1", "slow?seconds=nan", "slow?seconds=soon", "cpu?ms=2001",
        "big?kb=0", "big?kb=32769", "status/199", "status/600", "log?m=n&level=loud",
    ),
)  # fmt: skip
def test_numbers_outside_the_contract_are_refused(client: FlaskClient, path: str) -> None:
    assert client.get(f"/bench/{path}").status_code == 400


def test_slow_sleeps_as_long_as_it_was_told(client: FlaskClient) -> None:
    begin = time.monotonic()
    answer = client.get("/bench/slow?seconds=0.2").get_json()

    assert 0.2 <= answer["slept"] <= time.monotonic() - begin


def test_cpu_computes_as_long_as_it_was_told(client: FlaskClient) -> None:
    begin = time.process_time()
    answer = client.get("/bench/cpu?ms=200").get_json()

    assert answer["busy"] >= 0.2
    assert time.process_time() - begin > 0.02


def test_boom_is_a_real_error_that_the_log_knows(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/bench/boom?m=marker-1")

    (record,) = caplog.records
    assert record.exc_info
    assert isinstance(record.exc_info[1], RuntimeError)
    assert str(record.exc_info[1]) == "marker-1"
    assert answer.status_code == 500
    assert answer.headers["X-App-Error"] == "1"


def test_the_canary_is_held_by_the_failing_frame(app: Flask) -> None:
    work = importlib.import_module("bench.work")

    with app.test_request_context("/bench/boom"), pytest.raises(RuntimeError) as caught:
        work.boom()

    assert work.CANARY == "canary-7f3a91c2d4"
    assert work.CANARY in caught.traceback[-1].frame.f_locals.values()


@pytest.mark.parametrize("kb", (1, 63, 64, 65, 1000))
def test_big_is_as_long_as_promised_and_always_the_same(client: FlaskClient, kb: int) -> None:
    answer = client.get(f"/bench/big?kb={kb}")

    assert answer.data == bytes(i % 251 for i in range(1024)) * kb
    assert answer.headers["Content-Length"] == str(kb * 1024)


def test_upload_reads_everything(client: FlaskClient) -> None:
    body = os.urandom(300_000)

    assert client.post("/bench/upload", data=body).json == {"length": 300_000, "sha256": sha256(body)}


@pytest.mark.parametrize("method", ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
def test_echo_repeats_what_reached_the_app(client: FlaskClient, method: str) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7", "Cookie": "session=secret", "Authorization": "Basic secret"}
    answer = client.open(
        "/bench/echo/a%20b/%C3%A9//c/?x=1&x=2&e=", method=method, data=b"abc", headers=headers
    ).get_json()

    assert answer["method"] == method
    assert answer["path"] == "/bench/echo/a b/é//c/"
    assert answer["query"] == "x=1&x=2&e="
    assert (answer["length"], answer["sha256"]) == (3, sha256(b"abc"))
    assert answer["headers"]["X-Forwarded-For"] == "203.0.113.7"
    assert "secret" not in str(answer)


def test_a_module_that_was_silenced_is_silent_here_too(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What dictConfig does to loggers that exist already, unless disable_existing_loggers is False."""
    monkeypatch.setattr(logging.getLogger("pinboard.auth"), "disabled", True)

    client.get("/bench/log?m=n-1&level=warning")

    assert caplog.records == []


def test_head_has_no_body(client: FlaskClient) -> None:
    answer = client.head("/bench/echo/x")

    assert (answer.status_code, answer.data) == (200, b"")


def test_log_writes_one_line_each_way(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert client.get("/bench/log?m=n-1&level=warning").json == {
        "level": "warning",
        "logged": "n-1",
        "printed": "n-1-print",
    }

    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [("WARNING", "bench log n-1")]
    assert capsys.readouterr().out == "bench print n-1-print\n"


def test_redirects_point_back_to_the_name_that_was_asked_for(client: FlaskClient) -> None:
    base = "http://board.test:8080"

    framework = client.get("/bench/dir", base_url=base)
    own = client.get("/bench/redirect", base_url=base)

    assert (framework.status_code, framework.headers["Location"]) == (308, f"{base}/bench/dir/")
    assert (own.status_code, own.headers["Location"]) == (302, f"{base}/bench/dir/")


def test_version_says_whether_the_bench_is_the_original(client: FlaskClient) -> None:
    digest = hashlib.sha256()
    for file in sorted((ROOT / "labs/app/bench").glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")

    assert client.get("/bench/version").json == {"version": "dev", "contract": 1, "bench": digest.hexdigest()}


def test_the_hash_notices_a_changed_file(lay: Lay) -> None:
    folder: Path = lay().folder / "bench"
    package_hash = importlib.import_module("bench.identity").package_hash
    before = package_hash(folder)

    (folder / "work.py").write_text((folder / "work.py").read_text() + "\n")

    assert package_hash(folder) != before
