"""Lab 4's reference solution when things go wrong around its certificate: it heals by itself, and says so meanwhile."""

from __future__ import annotations

import shlex
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.stacks import trust_stores
from tests.labs.conftest import Running, docker, lay_out, running, wait_until
from tests.probes.listening import certificate

pytestmark = pytest.mark.docker
NAME = "pinboard.localhost"
RENEW = ("exec", "-T", "certbot", "certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew")


@pytest.fixture(scope="module")
def lab4(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from running(tmp_path_factory.mktemp("labs") / "lab four", "lab4")


# Pebble's management port, asked from where its own certificate is known.
ASK = """
import os, ssl, urllib.request
context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
print(urllib.request.urlopen("https://acme:15000/roots/0", timeout=2, context=context).read().decode())
"""


def root_of(lab: Running) -> str:
    """The root that the ACME server has now, "" while it does not answer."""
    return lab.stack.compose("exec", "-T", "certbot", "python3", "-c", ASK).stdout.decode()


def visit(lab: Running, root: str = "") -> tuple[bytes, str]:
    """The first line of the site's answer, and the serial of its certificate. Verified when a root is given."""
    context = ssl.create_default_context(cadata=root or None)
    if not root:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", lab.stack.tls_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as secret,
    ):
        secret.sendall(f"GET /healthz HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        serial = str((secret.getpeercert() or {}).get("serialNumber", ""))
        return secret.recv(4096).partition(b"\r\n")[0], serial


def is_trusted(lab: Running) -> bool:
    root = root_of(lab)
    try:
        return bool(root) and visit(lab, root)[0].startswith(b"HTTP/1.1 200")
    except ssl.SSLCertVerificationError:
        return False


def test_up_wait_returns_when_visitors_get_a_certificate_that_they_can_verify(lab4: Running) -> None:
    shown, _ = lab4.start("trust", "--show").communicate(timeout=60)

    assert visit(lab4, shown)[0] == b"HTTP/1.1 200 OK"
    assert shown.strip() == root_of(lab4).strip()


def test_an_acme_server_with_a_new_root_leads_to_a_new_certificate(lab4: Running) -> None:
    before = root_of(lab4)

    lab4.stack.compose("restart", "--timeout", "1", "acme")

    wait_until(lambda: is_trusted(lab4))
    assert root_of(lab4) != before


def test_a_renewal_reaches_the_visitors_without_a_restart(lab4: Running) -> None:
    root = root_of(lab4)
    _, before = visit(lab4, root)
    started = docker("inspect", "--format", "{{.State.StartedAt}}", lab4.container("proxy"))

    assert lab4.stack.compose(*RENEW).returncode == 0

    wait_until(lambda: visit(lab4, root)[1] != before, seconds=10)
    assert docker("inspect", "--format", "{{.State.StartedAt}}", lab4.container("proxy")) == started


def test_without_its_acme_server_a_renewal_fails_and_the_old_certificate_goes_on(lab4: Running) -> None:
    root = root_of(lab4)
    _, before = visit(lab4, root)
    lab4.stack.compose("stop", "acme")
    try:
        failed = lab4.stack.compose(*RENEW)

        assert failed.returncode != 0
        assert b"renew failure" in failed.stdout + failed.stderr
        assert visit(lab4, root) == (b"HTTP/1.1 200 OK", before)
    finally:
        lab4.stack.compose("start", "acme")
    wait_until(lambda: is_trusted(lab4))


def test_curl_believes_the_root_where_it_was_added_and_not_after_it_was_removed(lab4: Running, tmp_path: Path) -> None:
    """As on a learner's Debian, but in a container: this machine's own store is left alone."""
    pem = tmp_path / "root.pem"
    pem.write_text(root_of(lab4))
    bundle = next(store for store in trust_stores.stores(pem, "pinboard-lab-test") if store.root)
    curl = f"curl --silent --output /dev/null --write-out '%{{http_code}} ' https://{NAME}/healthz"
    steps = (curl, *map(shlex.join, bundle.add), curl, *map(shlex.join, bundle.remove), curl)
    script = "".join(f"{step} || true; " if step == curl else f"{step} >/dev/null && " for step in steps)

    said = docker(
        *("run", "--rm", "--network", f"container:{lab4.container('proxy')}", "--volume", f"{tmp_path}:{tmp_path}:ro"),
        *("nginx:1.28", "sh", "-c", script),
    )

    assert said.split() == ["000", "200", "000"]


def test_the_key_is_for_the_proxys_master_alone(lab4: Running) -> None:
    look = lab4.stack.compose("exec", "-T", "proxy", "stat", "-Lc", "%a %U", "/etc/nginx/tls/privkey.pem")
    assert look.stdout.split() == [b"600", b"root"]
    mounts = docker("inspect", "--format", "{{range .Mounts}}{{.Destination}} {{end}}", lab4.container("app"))
    assert mounts.split() == ["/data"]


def test_down_and_up_ends_with_a_certificate_of_the_new_root_and_down_v_leaves_nothing(lab4: Running) -> None:
    """Last of those that share the stack."""
    project = lab4.stack.project
    lab4.stack.compose("down", "--timeout", "1")
    # The certificate of the old root is still in its volume.
    assert lab4.stack.compose("up", "--detach", "--wait").returncode == 0
    assert is_trusted(lab4)

    before = set(docker("volume", "ls", "--quiet").split())
    mine = {name for name in before if name.startswith(f"{project}_")}
    used = docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={project}").split()
    mounted = {
        name
        for container in used
        for name in docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", container).split()
    }
    assert mounted <= mine, "no nameless volumes"

    lab4.stack.compose("down", "--volumes", "--timeout", "1")

    label = f"label=com.docker.compose.project={project}"
    assert docker("ps", "--all", "--quiet", "--filter", label) == ""
    assert docker("volume", "ls", "--quiet", "--filter", label) == ""
    assert docker("network", "ls", "--quiet", "--filter", label) == ""


def test_without_an_acme_server_the_site_starts_with_a_placeholder_and_heals(tmp_path: Path) -> None:
    lab = Running(lay_out(tmp_path / "alone", "lab4"))
    compose = lab.stack.compose
    try:
        assert compose("build", "--quiet").returncode == 0
        compose("up", "--detach", "--wait", "app", "proxy")
        compose("up", "--detach", "--no-deps", "acme-key", "certbot")

        wait_until(lambda: b"Next attempt in" in compose("logs", "certbot").stdout)
        assert visit(lab)[0] == b"HTTP/1.1 200 OK"
        with pytest.raises(ssl.SSLCertVerificationError):
            visit(lab, some_other_root())

        compose("up", "--detach", "acme")
        wait_until(lambda: is_trusted(lab))
    finally:
        lab.stack.take_down()


def some_other_root() -> str:
    return certificate().decode().partition("-----BEGIN PRIVATE KEY")[0]


def test_compose_yaml_alone_talks_to_lets_encrypt(tmp_path: Path) -> None:
    stack = lay_out(tmp_path / "real", "lab4")
    written = subprocess.run(
        ["docker", "compose", "--file", "compose.yaml", "config"], cwd=stack.workspace, capture_output=True, check=True
    ).stdout.decode()

    assert "ACME_SERVER: https://acme-v02.api.letsencrypt.org/directory" in written
    assert "pebble" not in written
    assert "REQUESTS_CA_BUNDLE" not in written
