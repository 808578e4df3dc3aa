"""Opens a stack by the scheme of its URL; backends are loaded here and imported by nobody."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from grader.model import Reason
from grader.stacks.base import CouldNotLook, Opening, Stack

SCHEMES = ("compose", "containers", "recorded")


def open_stack(opening: Opening) -> Stack:
    """The stack behind a URL: compose://PROJECT, compose://FILE of the workspace, containers://NAME,NAME, recorded://FILE."""
    scheme, separator, _ = opening.url.partition("://")
    if not separator or scheme not in SCHEMES:
        known = " or ".join(f"{name}://…" for name in SCHEMES)
        raise CouldNotLook(Reason.UNREACHABLE, f"--stack {opening.url}: not a stack's address; write {known}")
    backend = importlib.import_module(f"grader.stacks.{scheme}")
    return cast("Stack", backend.open_stack(opening))


def container_changes(workspace: Path | None, project: str, stop: threading.Event) -> Iterator[str]:
    """The names of services of a stack that start or end, as it happens."""
    backend = importlib.import_module("grader.stacks.events")
    return cast("Iterator[str]", backend.changes(workspace, project, stop))
