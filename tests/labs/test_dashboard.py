"""Lab 6's Grafana files: Grafana itself is not started here, so they are held against what it says it reads."""

from __future__ import annotations

import enum
import json
import typing
import warnings
from collections.abc import Iterator
from types import UnionType
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grader.catalog import root

with warnings.catch_warnings():
    # It would rather have the newer form. Files are provisioned in the classic one, which every Grafana reads.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.models import dashboard as models

FOLDER = root() / "labs/lab6-monitoring/grafana"
DASHBOARD = json.loads((FOLDER / "dashboards/pinboard.json").read_text(encoding="utf-8"))
PANELS = DASHBOARD["panels"]


@pytest.fixture(scope="module")
def model() -> models.Dashboard:
    """The dashboard as the SDK of Grafana Labs reads it, its panels and queries as their own types."""
    plugins.register_default_plugins()
    return models.Dashboard.from_json(DASHBOARD)


def test_the_dashboard_has_no_word_that_grafana_does_not_know(model: models.Dashboard) -> None:
    """The SDK drops what it does not know: so everything has to come back."""
    back = json.loads(JSONEncoder().encode(model))

    assert list(lost(DASHBOARD, back)) == []


def test_a_word_that_grafana_does_not_know_would_be_seen() -> None:
    plugins.register_default_plugins()
    wrong = json.loads(json.dumps(DASHBOARD))
    wrong["panels"][0]["tittle"] = "x"
    wrong["panels"][5]["targets"][0]["expression"] = "up"
    wrong["panels"][5]["options"]["legend"]["placment"] = "right"

    back = json.loads(JSONEncoder().encode(models.Dashboard.from_json(wrong)))

    assert sorted(lost(wrong, back)) == [
        ".panels[0].tittle",
        ".panels[5].options.legend.placment",
        ".panels[5].targets[0].expression",
    ]


def test_every_value_has_the_type_that_grafana_wants(model: models.Dashboard) -> None:
    assert list(mistyped(model, type(model), "")) == []


def test_a_value_of_another_type_would_be_seen(model: models.Dashboard) -> None:
    wrong = models.Dashboard.from_json(DASHBOARD | {"title": 3, "refresh": ["5s"]})

    assert list(mistyped(wrong, type(wrong), "")) == [".refresh", ".title"]


def test_panels_have_their_own_ids_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_all_queries_go_to_the_provisioned_datasource() -> None:
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    used = {query["datasource"]["uid"] for panel in PANELS for query in panel["targets"]}

    assert used == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"


def test_the_provider_reads_the_folder_that_compose_mounts() -> None:
    (provider,) = yaml.safe_load((FOLDER / "provisioning/dashboards/files.yml").read_text())["providers"]
    compose = yaml.safe_load((root() / "solutions/lab6-monitoring/compose.yaml").read_text())
    grafana = compose["services"]["grafana"]
    mounts = {volume.split(":")[1]: volume.split(":")[0] for volume in grafana["volumes"]}

    assert mounts[provider["options"]["path"]] == "./grafana/dashboards"
    assert mounts["/etc/grafana/provisioning"] == "./grafana/provisioning"
    assert grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].startswith(provider["options"]["path"])
    assert grafana["profiles"] == ["grafana"]
    assert all(port.startswith("127.0.0.1:") for port in grafana["ports"])


def lost(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Where something of `before` is not in `after`, or is different there."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from lost(value, after[key], f"{place}.{key}") if key in after else [f"{place}.{key}"]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from lost(*pair, f"{place}[{number}]")
    elif before != after:
        yield place


def mistyped(value: Any, wanted: Any, place: str) -> Iterator[str]:
    """Where a value of the SDK's classes is not what their own annotations say."""
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        if value not in [one.value for one in wanted]:
            yield place
        return
    if wanted in (Any, object):
        return
    if origin in (typing.Union, UnionType):
        if not any(next(mistyped(value, part, place), None) is None for part in parts):
            yield place
    elif origin is typing.Literal:
        if value not in parts:
            yield place
    elif origin in (list, dict):
        if not isinstance(value, origin):
            yield place
            return
        pairs = enumerate(value) if origin is list else value.items()
        for key, one in pairs:
            yield from mistyped(one, parts[-1], f"{place}[{key}]")
    elif wanted is float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            yield place
    elif not isinstance(value, wanted if isinstance(wanted, type) else object):
        yield place
    elif hasattr(value, "to_json"):
        for name, hint in sorted(typing.get_type_hints(type(value)).items()):
            yield from mistyped(getattr(value, name), hint, f"{place}.{name}")
