"""A copy of the grader's own is no part of the learner's project, though the image that it is made of says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import docker

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
