"""The project's own image: it serves the site, carries the grader, and passes the checks that it teaches."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from grader.catalog import load, root
from grader.model import Outcome, Weight
from grader.runner import Run
from grader.stacks.base import Opening, Settings
from grader.stacks.opening import open_stack
from grader.stacks.throwaway import Throwaway
from tests.labs.conftest import Running, docker
from tests.outside.stacks import OWN, audited, disagreements, running

pytestmark = pytest.mark.docker
BUILD_SECONDS = 900

# What is judged of a whole site. This image is one service of such a site: a proxy stands in front of it.
NOT_ITS_BUSINESS = {
    "proxy.proxy-in-front": "it is the server behind a proxy, not the proxy",
    "proxy.bad-gateway-fast": "nobody is left to answer when it is away",
    "proxy.recovers-after-app-restart": "as above",
    "proxy.follows-app-ip": "as above",
    "proxy.upstream-timeout-bounded": "as above",
    "static.static-by-proxy": "as above",
    "clients.slow-body-buffered": "slow clients are the proxy's business",
    "clients.slow-headers-tolerated": "as above",
    "clients.slow-reader-buffered": "as above",
    "net.app-port-unpublished": "its port is the one that is published",
    "forwarded.unknown-host-rejected": "it has to serve under whatever name a classroom gives it",
    "stack.cold-start": "asked of a stack with its Compose file in place",
}
# Asked, and rightly red, so that all that depends on them waits.
RED_ON_ITS_OWN = {
    "tls.https-serves": "TLS ends at the proxy",
    "logs.proxy-logs-on-stdout": "the proxy writes a line for each request",
    "logs.logs-json": "its few lines are for the person who started it in a terminal",
    "collector.finds-request": "it is one service, and keeps no other one's lines",
    "metrics.metrics-exposed": "files have no workings of their own to count: the proxy counts requests",
}


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    name = f"test-course-{secrets.token_hex(3)}"
    built = subprocess.run(
        ["docker", "build", "--progress", "plain", "--tag", name, str(root())],
        env={"DOCKER_BUILDKIT": "1", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(Path.home())},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    assert built.returncode == 0, built.stderr[-4000:]
    try:
        yield name
    finally:
        docker("image", "rm", "--force", name)


@pytest.fixture(scope="module")
def served(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Throwaway]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "compose.yaml").write_text(
        "services:\n"
        "  site:\n"
        f"    image: {image}\n"
        '    ports: ["127.0.0.1:${PINBOARD_PORT}:8000"]\n'
        "    restart: unless-stopped\n"
        "    read_only: true\n"
        "    tmpfs: [/tmp]\n"
        "    logging: {driver: local}\n"
    )
    stack = Throwaway(folder, f"test-site-{secrets.token_hex(3)}")
    try:
        problem = stack.bring_up()
        assert problem == ""
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "1")


def test_it_serves_the_site_as_a_user_without_rights_and_says_that_it_is_healthy(served: Throwaway) -> None:
    with urlopen(f"http://127.0.0.1:{served.port}/labs/lab1-flask-run/") as page:
        assert b"flask run" in page.read()
    container = served.compose("ps", "--quiet", "site").stdout.decode().strip()

    assert docker("exec", container, "id", "-u") == "10001"
    assert docker("inspect", "--format", "{{.State.Health.Status}}", container) == "healthy"


def test_it_passes_the_checks_that_it_teaches(served: Throwaway, tmp_path: Path) -> None:
    catalog = load()
    stack = open_stack(Opening(f"compose://{served.project}", Settings(), tmp_path))
    chosen = [check for check in catalog.checks.values() if check.id not in NOT_ITS_BUSINESS]
    try:
        results = Run(stack, chosen, lambda result: None).go()
    finally:
        stack.restore()
        stack.close()

    wrong = {
        result.check.id: result.verdict.because
        for result in results
        if result.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
        and result.check.weight is not Weight.GUARD
        and result.check.id not in RED_ON_ITS_OWN
    }
    passed = [result for result in results if result.outcome is Outcome.PASS]
    assert wrong == {}
    assert len(passed) >= 20


def test_the_audit_says_of_it_what_is_argued(image: str, tmp_path: Path) -> None:
    with running(OWN, tmp_path, COURSE_IMAGE=image) as stack:
        assert disagreements(stack, audited(stack)) == {}


def test_the_grader_in_it_looks_at_a_stack_through_the_mounted_socket(image: str, lab1: Running) -> None:
    socket = Path("/var/run/docker.sock")
    begun = time.monotonic()
    done = subprocess.run(
        [
            *("docker", "run", "--rm", "--network", "host", "--volume", f"{socket}:{socket}"),
            *("--group-add", str(socket.stat().st_gid), image),
            *("grader", "check", "lab1", "--quick", "--stack", f"compose://{lab1.stack.project}"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "lab1-flask-run: flask run in a container" in done.stdout
    assert time.monotonic() - begun < 60


def test_the_grader_in_a_network_of_its_own_says_that_it_cannot_look(image: str, lab1: Running) -> None:
    socket = Path("/var/run/docker.sock")
    done = subprocess.run(
        [
            *("docker", "run", "--rm", "--volume", f"{socket}:{socket}", "--group-add", str(socket.stat().st_gid)),
            *(image, "grader", "check", "lab1", "--quick", "--only", "edge-reachable"),
            *("--stack", f"compose://{lab1.stack.project}", "--format", "json"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    said = {result["id"]: result for result in json.loads(done.stdout)["results"]}["stack.edge-reachable"]
    assert said["outcome"] == "unknown", done.stderr
    assert "--network host" in said["hint"]


def test_the_recipe_for_pipelines_audits_a_stack_and_leaves_the_reports(
    image: str, lab1: Running, tmp_path: Path
) -> None:
    page = (root() / "docs/reference/pipeline.md").read_text(encoding="utf-8")
    recipe = next(block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "grader audit" in block)
    audit = f"audit {lab1.stack.project} --only debug"
    words = recipe.replace("flask-production-course", image).replace("audit shop", audit)

    done = subprocess.run(["bash", "-c", words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert {path.name for path in (tmp_path / "grader-reports").iterdir()} == {"report.html", "report.md", "junit.xml"}
    assert (tmp_path / "grader-reports/report.md").read_text(encoding="utf-8").startswith("## ✅ ")
