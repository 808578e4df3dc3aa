"""What is compared after a repair is everything that `docker inspect` says, but for what is excluded with a reason."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from grader.catalog import load
from tests.restore.inspected import container, differences
from tests.restore.moments import SIGNALS, moment, places

RAW: dict[str, Any] = {
    "Id": "0123456789abcdef" * 4,
    "Created": "2026-01-01",
    "RestartCount": 1,
    "Config": {"Env": ["B=2", "A=1"], "Hostname": "0123456789ab", "Labels": {}},
    "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}},
    "Mounts": [{"Source": "b"}, {"Source": "a"}],
    "NetworkSettings": {"Networks": {"lab.net": {"IPAddress": "10.0.0.2", "Aliases": ["app"]}}, "Ports": {}},
    "State": {"Status": "running", "Pid": 7, "Health": {"Status": "healthy", "Log": [1]}},
}


def changed(*path: str, value: object) -> dict[str, Any]:
    raw = copy.deepcopy(RAW)
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return raw


@pytest.mark.parametrize(
    "raw",
    (
        changed("State", "Pid", value=8),
        changed("RestartCount", value=2),
        changed("State", "Health", "Log", value=[2]),
        changed("NetworkSettings", "Networks", "lab.net", "IPAddress", value="10.0.0.3"),
        changed("Mounts", value=[{"Source": "a"}, {"Source": "b"}]),
    ),
)
def test_what_no_restart_leaves_alone_is_no_difference(raw: dict[str, Any]) -> None:
    assert differences(container(RAW, anew=False), container(raw, anew=False)) == []


@pytest.mark.parametrize(
    "raw",
    (
        changed("State", "Status", value="paused"),
        changed("State", "Health", "Status", value="unhealthy"),
        changed("HostConfig", "RestartPolicy", "Name", value="no"),
        changed("NetworkSettings", "Networks", "lab.net", "Aliases", value=[]),
        changed("NetworkSettings", "Ports", value={"80/tcp": None}),
        changed("Created", value="2026-01-02"),
        changed("Something", value="new"),
    ),
)
def test_everything_else_is_one(raw: dict[str, Any]) -> None:
    assert differences(container(RAW, anew=False), container(raw, anew=False)) != []


def test_a_new_container_of_the_same_kind_differs_in_its_own_id_alone() -> None:
    new = changed("Created", value="2026-01-02")
    new |= {"Id": "fedcba9876543210" * 4}
    new["Config"] |= {"Hostname": "fedcba987654", "Env": ["A=1", "B=2"]}

    assert differences(container(RAW, anew=True), container(new, anew=True)) == []


def test_every_probe_that_disturbs_has_a_place_where_it_is_killed() -> None:
    catalog = load()
    disturbing = {type(check.probe).__name__ for check in catalog.checks.values() if check.disturbs}

    assert {place.probe for place in places(catalog)} == disturbing


def test_the_moments_are_the_same_every_time_and_share_the_signals_out() -> None:
    place = places(load())[0]
    twenty = [moment(place, number) for number in range(20)]

    assert [m.fraction for m in twenty] == [moment(place, number).fraction for number in range(20)]
    assert {m.signal for m in twenty} == set(SIGNALS)
    assert any(m.again for m in twenty)
