"""What the labs rely on in their base images: true of the pulled ones and of the stand-ins alike."""

import json
import secrets
import subprocess
import time
from typing import Any

import pytest

pytestmark = pytest.mark.docker

PYTHON = "python:3.13-slim"
NGINX = "nginx:1.28"
CERTBOT = "certbot/certbot:v4.0.0"
PEBBLE = "ghcr.io/letsencrypt/pebble:2.6.0"


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def config_of(image: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", image))
    return found


def in_image(image: str, command: str, *options: str) -> list[str]:
    return docker("run", "--rm", "--network", "none", *options, image, "sh", "-c", command).splitlines()


def test_python_runs_as_the_official_image_does() -> None:
    config = config_of(PYTHON)
    assert (config.get("User", ""), config.get("Entrypoint"), config["Cmd"]) == ("", None, ["python3"])
    places = "for name in python python3 pip; do command -v $name; done"
    seen = in_image(PYTHON, f"{places}; python -c 'import sys; print(sys.version_info[:2])'; id -u")
    assert seen == ["/usr/local/bin/python", "/usr/local/bin/python3", "/usr/local/bin/pip", "(3, 13)", "0"]


def test_pip_installs_below_usr_local() -> None:
    where = 'python -c \'import sysconfig; print(sysconfig.get_path("purelib"), sysconfig.get_path("scripts"))\''
    assert in_image(PYTHON, where) == ["/usr/local/lib/python3.13/site-packages /usr/local/bin"]


def test_nginx_starts_and_stops_as_the_official_image_does() -> None:
    config = config_of(NGINX)
    assert config["Entrypoint"] == ["/docker-entrypoint.sh"]
    assert config["Cmd"] == ["nginx", "-g", "daemon off;"]
    assert (config["StopSignal"], list(config["ExposedPorts"])) == ("SIGQUIT", ["80/tcp"])


def test_nginx_logs_to_the_container_and_works_as_user_101() -> None:
    seen = in_image(NGINX, "readlink /var/log/nginx/access.log /var/log/nginx/error.log; id -u nginx; id -g nginx")
    assert seen == ["/dev/stdout", "/dev/stderr", "101", "101"]


def test_nginx_fills_in_templates_and_leaves_its_own_variables() -> None:
    # nginx -t comes after the entry point's work, and -T prints what nginx would serve with.
    template = "server { listen 8080; server_name ${PIN_NAME}; return 200 $host; }"
    write = f"mkdir /etc/nginx/templates && echo '{template}' >/etc/nginx/templates/pin.conf.template"
    seen = in_image(NGINX, f"{write} && /docker-entrypoint.sh nginx -T", "--env", "PIN_NAME=pin.example")
    assert "server { listen 8080; server_name pin.example; return 200 $host; }" in seen


def test_nginx_has_its_files_where_the_labs_replace_them() -> None:
    paths = (
        "/etc/nginx/nginx.conf /etc/nginx/conf.d/default.conf /etc/nginx/mime.types /usr/share/nginx/html/index.html"
    )
    assert in_image(NGINX, f"ls {paths}") == sorted(paths.split())


def test_certbot_starts_as_the_official_image_does() -> None:
    config = config_of(CERTBOT)
    assert (config.get("User", ""), config["Entrypoint"], config["WorkingDir"]) == ("", ["certbot"], "/opt/certbot")
    assert set(config["Volumes"]) == {"/etc/letsencrypt", "/var/lib/letsencrypt"}


def test_certbot_has_no_configuration_of_its_own_and_the_tools_that_the_lab_uses() -> None:
    tools = "for name in certbot python python3 openssl; do command -v $name >/dev/null && echo $name; done"
    seen = in_image(CERTBOT, f"ls -A /etc/letsencrypt; {tools}", "--entrypoint", "")
    assert seen == ["certbot", "python", "python3", "openssl"]


def test_pebble_is_where_the_official_image_has_it() -> None:
    config = config_of(PEBBLE)
    assert (config.get("User", ""), config["Entrypoint"]) == ("", ["/app"])
    assert set(config["ExposedPorts"]) == {"14000/tcp", "15000/tcp"}


def test_pebble_starts_with_its_own_example_configuration() -> None:
    name = f"pebble-{secrets.token_hex(3)}"
    docker(
        "run",
        "--rm",
        "--detach",
        "--name",
        name,
        "--network",
        "none",
        PEBBLE,
        "-config",
        "/test/config/pebble-config.json",
    )
    try:
        deadline = time.monotonic() + 20
        while "ACME directory available" not in docker("logs", name):
            assert time.monotonic() < deadline, docker("logs", name)
            time.sleep(0.05)
    finally:
        docker("rm", "--force", name)
