"""What the elective's own programs do on a real stack: search, rotate, report; and its files for Elasticsearch."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from grader.catalog import root
from tests.labs.conftest import Running, running

pytestmark = pytest.mark.docker
SOLUTION = root() / "solutions/central-logging"
PASSWORDS = {f"{name}_PASSWORD": "x" for name in ("ELASTIC", "KIBANA", "FILEBEAT")}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("labs") / "central", "central-logging")


def inside(stack: Running, service: str, script: str) -> str:
    return stack.stack.compose("exec", "-T", service, "sh", "-c", script).stdout.decode()


def until(look: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def search(stack: Running, word: str) -> list[dict[str, object]]:
    done = stack.stack.compose("exec", "-T", "logs", "search", word)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_search_finds_a_word_with_slashes_in_every_service_in_the_order_of_time(stack: Running) -> None:
    word = f"/{secrets.token_hex(4)}/x"
    for service in ("app", "proxy", "certbot"):
        inside(stack, service, f"echo 'at {word}' > /proc/1/fd/1")
    until(lambda: len(search(stack, word)) == 3)

    found = search(stack, word)
    assert [record["service"] for record in found] == ["app", "proxy", "certbot"]
    assert [record["log"] for record in found] == [{"msg": f"at {word}"}] * 3
    assert stack.stack.compose("exec", "-T", "logs", "search", "nowhere-" + word).returncode != 0


def test_a_service_that_talks_too_much_keeps_four_files_and_pushes_out_nobody_else(stack: Running) -> None:
    word = secrets.token_hex(4)
    inside(stack, "app", f"echo {word} > /proc/1/fd/1")
    until(lambda: search(stack, word))
    # 12 MB at a pace that UDP can take
    talk = (
        'for n in $(seq 240); do head -c 50000 /dev/zero | tr "\\0" x | fold -w 8000 > /proc/1/fd/1; sleep 0.02; done'
    )
    inside(stack, "certbot", talk)

    sizes = inside(stack, "logs", "stat -c '%n %s %a' /logs/certbot.jsonl*").split("\n")[:-1]
    assert len(sizes) == 4
    assert all(int(line.split()[1]) < 2.3e6 for line in sizes)
    assert {line.split()[2] for line in sizes} == {"640"}
    assert search(stack, word)


def test_the_report_is_live_and_counts_what_the_proxy_wrote(stack: Running) -> None:
    compose = stack.stack.compose
    built = compose("--profile", "report", "build", "--quiet")
    assert built.returncode == 0, built.stderr.decode()
    assert compose("--profile", "report", "up", "--detach", "--wait").returncode == 0
    inside(stack, "proxy", "curl -s -o /dev/null http://127.0.0.1/ -H 'Host: pinboard.localhost'")
    port = stack.stack.ports["PINBOARD_REPORT_PORT"]

    def shown() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=2) as page:
                text = page.read().decode()
        except OSError:
            return False
        return '"valid_requests"' in text and f"ws://localhost:{port}/live" in text

    until(shown, 30)


def test_the_files_for_elasticsearch_fit_together(stack: Running) -> None:
    files = ["compose.yaml", "compose.override.yaml", "compose.elastic.yaml"]
    command = ["docker", "compose", *(word for name in files for word in ("-f", name)), "config", "--format", "json"]

    def config(**variables: str) -> subprocess.CompletedProcess[str]:
        folder = stack.stack.workspace
        return subprocess.run(
            command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False
        )

    refused = config()
    assert re.search("put [A-Z]+_PASSWORD into .env", refused.stderr), "Compose names the one it met first"
    services = json.loads(config(**PASSWORDS).stdout)["services"]
    mine = {name: services[name] for name in ("elasticsearch", "elastic-setup", "kibana", "filebeat")}
    images = {facts["image"].rpartition(":")[2] for facts in mine.values()}
    assert len(images) == 1, "Elastic wants one version for all"
    published = [port for facts in services.values() for port in facts.get("ports", ())]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}
    assert all("docker.sock" not in str(facts.get("volumes")) for facts in services.values())
    assert all(int(mine[name]["mem_limit"]) <= 2**30 for name in ("elasticsearch", "kibana", "filebeat"))
    for name in ("lifecycle", "template"):
        json.loads((SOLUTION / f"elastic/{name}.json").read_text())


def test_the_passwords_are_in_no_file() -> None:
    for path in Path(SOLUTION).rglob("*"):
        if path.is_file():
            assert "changeme" not in path.read_text(errors="replace"), path
