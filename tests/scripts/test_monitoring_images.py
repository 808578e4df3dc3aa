"""What lab 6 relies on in its images: true of the pulled ones and of the stand-ins alike."""

from __future__ import annotations

import pytest

from tests.scripts.test_base_images import config_of, docker, in_image

pytestmark = pytest.mark.docker

REDIS, PROMETHEUS, ALERTMANAGER = "redis:8", "prom/prometheus:v2.53.4", "prom/alertmanager:v0.28.1"


def run(image: str, program: str, *words: str) -> str:
    """What `program` prints, in place of the image's own entry point."""
    return docker("run", "--rm", "--network", "none", "--entrypoint", program, image, *words)


def test_redis_starts_as_the_official_image_does() -> None:
    config = config_of(REDIS)
    assert (config["Entrypoint"], config["Cmd"]) == (["docker-entrypoint.sh"], ["redis-server"])
    assert (list(config["ExposedPorts"]), list(config["Volumes"]), config["WorkingDir"]) == (
        ["6379/tcp"],
        ["/data"],
        "/data",
    )


def test_redis_gives_up_root_and_owns_its_data() -> None:
    seen = in_image(REDIS, "id -u redis; stat -c %U /data; docker-entrypoint.sh redis-server --version | cut -c 1-16")
    assert seen == ["999", "redis", "Redis server v=8"]
    stay = "docker-entrypoint.sh redis-server --save '' >/dev/null & sleep 1; redis-cli ping; cat /proc/[0-9]*/status"
    status = in_image(REDIS, stay)
    assert status[0] == "PONG"
    assert "Uid:\t999\t999\t999\t999" in status


def test_redis_answers_its_neighbours() -> None:
    """Protected mode would refuse everybody but the container itself."""
    ask = "docker-entrypoint.sh redis-server >/dev/null & sleep 1; redis-cli config get protected-mode"
    assert in_image(REDIS, ask)[1] == "no"


def test_redis_does_what_its_command_says() -> None:
    ask = "docker-entrypoint.sh --save '' --maxmemory 32mb >/dev/null & sleep 1; redis-cli config get maxmemory"
    assert in_image(REDIS, ask)[1] == str(32 * 1024**2)


@pytest.mark.parametrize(
    ("image", "program", "port", "data"),
    (
        (PROMETHEUS, "/bin/prometheus", "9090/tcp", "/prometheus"),
        (ALERTMANAGER, "/bin/alertmanager", "9093/tcp", "/alertmanager"),
    ),
)
def test_prometheus_and_alertmanager_start_as_the_official_images_do(
    image: str, program: str, port: str, data: str
) -> None:
    config = config_of(image)
    name = data.strip("/")

    assert (config["Entrypoint"], config["User"], config["WorkingDir"]) == ([program], "nobody", data)
    assert (list(config["Volumes"]), port in config["ExposedPorts"]) == ([data], True)
    assert f"--config.file=/etc/{name}/{name}.yml" in config["Cmd"]
    assert run(image, "stat", "-c", "%U", data) == "nobody\n"


@pytest.mark.parametrize(
    ("image", "program"),
    ((PROMETHEUS, "promtool"), (ALERTMANAGER, "amtool"), (PROMETHEUS, "wget"), (ALERTMANAGER, "wget")),
)
def test_what_the_labs_call_is_there(image: str, program: str) -> None:
    assert run(image, "sh", "-c", f"command -v {program}").strip().endswith(program)


@pytest.mark.parametrize(
    ("image", "check"),
    (
        (PROMETHEUS, "promtool check config /etc/prometheus/prometheus.yml"),
        (ALERTMANAGER, "amtool check-config /etc/alertmanager/alertmanager.yml"),
    ),
)
def test_the_configuration_they_come_with_is_valid(image: str, check: str) -> None:
    assert "SUCCESS" in run(image, *check.split())
