"""Which project is meant: by its name, or by the folder that it was started from. Never one of two by chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import docker
import pytest

from grader.stacks.base import CouldNotLook
from grader.stacks.facts import PROJECT, WORKING_DIR
from grader.stacks.projects import find_project
from grader.stacks.sidecar import labels_of_copy


class Engine:
    """The containers of an engine, the newest first, by their labels."""

    def __init__(self, *labels: dict[str, str]) -> None:
        self._labels = labels

    def containers(self, *, all: bool, filters: dict[str, str]) -> list[dict[str, Any]]:  # noqa: A002 - the SDK's name
        return [{"Labels": labels} for labels in self._labels if filters["label"] in labels]


def test_a_copy_that_a_killed_run_left_does_not_hide_the_folder_of_the_stack(tmp_path: Path) -> None:
    of_the_image = {PROJECT: "lab"}  # what Compose writes into an image that it builds
    copy, service = of_the_image | labels_of_copy("lab"), of_the_image | {WORKING_DIR: str(tmp_path.resolve())}
    api = cast("docker.APIClient", Engine(copy, service))

    assert find_project(api, "compose.yaml", tmp_path, "other") == "lab"


def started_from(folder: Path, *names: str) -> docker.APIClient:
    labels = ({PROJECT: name, WORKING_DIR: str(folder.resolve())} for name in names)
    return cast("docker.APIClient", Engine(*labels))


def test_a_folder_means_the_one_project_that_was_started_from_it(tmp_path: Path) -> None:
    assert find_project(started_from(tmp_path, "shop"), str(tmp_path), None, "") == "shop"


def test_of_two_projects_from_one_folder_none_is_taken_by_chance(tmp_path: Path) -> None:
    api = started_from(tmp_path, "shop", "copy")

    for word, workspace in ((str(tmp_path), None), ("", tmp_path)):
        with pytest.raises(CouldNotLook, match=r"2 stacks were started from .*: copy, shop") as caught:
            find_project(api, word, workspace, "lab1")
        assert "grader audit copy" in caught.value.hint


def test_where_nothing_was_started_the_folder_or_the_name_is_said(tmp_path: Path) -> None:
    api = started_from(tmp_path, "shop")

    with pytest.raises(CouldNotLook, match=r"no Compose project was started from /nowhere \(running: shop\)"):
        find_project(api, "/nowhere", None, "")
    with pytest.raises(CouldNotLook, match=r"no Compose project 'ship' is running \(running: shop\)"):
        find_project(api, "ship", None, "")
