"""A stack that has the machine in its hands is not disturbed, and every other one is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import yaml  # type: ignore[import-untyped]

from grader.catalog import root
from grader.checking import refusal
from grader.plan import Options
from grader.stacks.base import Stack
from grader.stacks.facts import WORKING_DIR, service_facts
from grader.stacks.reach import reaches
from grader.stacks.values import Mount, ServiceFacts

PROJECT = "/home/ada/work/lab1"


def service(**changed: object) -> ServiceFacts:
    raw = {
        "Id": "1" * 64,
        "Name": "/x-app-1",
        "Image": "sha256:1",
        "Config": {"Labels": {"com.docker.compose.service": "app", WORKING_DIR: PROJECT}},
        "HostConfig": {},
        "State": {"Status": "running", "ExitCode": 0},
        "NetworkSettings": {},
    }
    return replace(service_facts(raw, {}, frozenset()), **changed)  # type: ignore[arg-type]


def bind(source: str, *, writable: bool = True) -> Mount:
    return Mount("bind", source, "/there", writable)


@pytest.mark.parametrize(
    ("changed", "said"),
    (
        ({"privileged": True}, "app is privileged"),
        ({"pid_mode": "host"}, "app sees and signals the processes of this machine (pid: host)"),
        ({"network_mode": "host"}, "app is on the network of this machine (network_mode: host)"),
        (
            {"mounts": (bind("/var/run/docker.sock", writable=False),)},
            "app mounts the engine's socket (/var/run/docker.sock)",
        ),
        ({"mounts": (bind("/run"),)}, "app mounts the engine's socket (/run)"),
        ({"mounts": (bind("/", writable=False),)}, "app mounts all files of this machine (/)"),
        ({"mounts": (bind("/etc"),)}, "app may write to /etc of this machine"),
        ({"mounts": (bind("/home/ada"),)}, "app may write to /home/ada of this machine"),
    ),
)
def test_what_reaches_the_machine_is_named(changed: dict[str, object], said: str) -> None:
    assert reaches((service(**changed),)) == (said,)


@pytest.mark.parametrize(
    "mount",
    (
        bind(f"{PROJECT}/nginx.conf"),
        bind("/srv/data"),
        bind("/etc/localtime", writable=False),
        Mount("volume", "x_data", "/data", True),
    ),
)
def test_what_a_project_may_well_mount_is_not(mount: Mount) -> None:
    assert reaches((service(mounts=(mount,)),)) == ()


def test_a_project_below_a_system_folder_may_write_to_its_own_files() -> None:
    labels = ((WORKING_DIR, "/root/lab1"),)
    assert reaches((service(labels=labels, mounts=(bind("/root/lab1/logs"),)),)) == ()


class Opened:
    """A stack of one privileged service."""

    def __init__(self, url: str) -> None:
        self.url = url

    def services(self) -> tuple[ServiceFacts, ...]:
        return (service(privileged=True),)


@pytest.mark.parametrize(
    ("url", "options", "refused"),
    (
        ("compose://lab1", Options(), True),
        ("compose://lab1", Options(deep=True), True),
        ("compose://lab1", Options(i_know=True), False),
        ("recorded://run.json", Options(), False),  # nothing is asked of the stack itself
    ),
)
def test_such_a_stack_is_not_disturbed_unless_somebody_knows(url: str, options: Options, refused: bool) -> None:
    said = refusal(cast("Stack", Opened(url)), options)

    assert ("app is privileged" in said) is refused
    assert bool(said) is refused


def compose_files() -> list[Path]:
    return sorted(
        path for folder in ("labs", "solutions", "tests/variants") for path in (root() / folder).rglob("*.y*ml")
    )


@pytest.mark.parametrize("path", compose_files(), ids=lambda path: str(path.relative_to(root())))
def test_no_stack_of_the_course_and_no_variant_asks_for_the_machine(path: Path) -> None:
    for one in ((yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("services") or {}).values():
        volumes = [str(volume) for volume in one.get("volumes") or []]
        assert not one.get("privileged")
        assert "host" not in (one.get("network_mode"), one.get("pid"))
        assert not [volume for volume in volumes if volume.startswith(("/", "~", "..")) and ":" in volume]
