"""How much of the machine a service uses, as the engine counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
from docker.errors import APIError

from grader.model import Reason
from grader.stacks.base import CouldNotLook


def memory(api: docker.APIClient, container: str) -> int:
    """Bytes of memory that a container holds now. CouldNotLook when the engine does not say."""
    try:
        said: Any = api.stats(container, stream=False, one_shot=True)
    except APIError as trouble:
        raise CouldNotLook(Reason.UNREACHABLE, f"no memory of {container[:12]}: {trouble.explanation}") from trouble
    return held(said.get("memory_stats") or {})


def held(counted: Mapping[str, Any]) -> int:
    """What is held without the cache of files, as `docker stats` shows it; the two versions of cgroups name it apart.

    CouldNotLook when nothing was counted: the container has ended.
    """
    if not counted.get("usage"):
        raise CouldNotLook(Reason.UNREACHABLE, "the engine counts no memory: the container has ended")
    details = counted.get("stats") or {}
    cache = int(details.get("total_inactive_file", details.get("inactive_file", 0)))
    return max(int(counted["usage"]) - cache, 0)
