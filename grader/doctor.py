"""Looks at this machine: is everything there that the course needs? Each answer names the next action."""

from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from grader.stacks.base import CouldNotLook, Machine

PYTHON = (3, 11)
FREE_SPACE = 3 * 1024**3  # bytes: base images, one lab's images and a few builds
OLDEST_COMPOSE = "2.20"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `action` is what to do when `good` is False."""

    name: str
    good: bool
    seen: str
    action: str = ""


def examine(base: Path) -> tuple[Finding, ...]:
    """All findings, in the order in which they have to be mended."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    wanted = ".".join(str(part) for part in PYTHON)
    free = shutil.disk_usage(base).free
    findings = [
        Finding("Python", sys.version_info >= PYTHON, version, f"install Python {wanted} or newer"),
        Finding(
            "disk space",
            free >= FREE_SPACE,
            f"{free / 1024**3:.1f} GiB free at {base}",
            f"free at least {FREE_SPACE // 1024**3} GiB; `docker system df` shows what Docker holds",
        ),
    ]
    try:
        # A backend is loaded by name and imported by nobody, here too.
        machine = cast("Machine", importlib.import_module("grader.stacks.machine").look())
    except CouldNotLook as trouble:
        return (*findings, Finding("Docker engine", False, str(trouble), trouble.hint))
    findings.append(Finding("Docker engine", True, machine.engine))
    findings.append(
        Finding(
            "Docker Compose",
            bool(machine.compose) and _at_least(machine.compose, OLDEST_COMPOSE),
            machine.compose or "not there",
            f"install the Compose plugin, version {OLDEST_COMPOSE} or newer (`make engine` does it on Debian)",
        )
    )
    findings.append(
        Finding("Buildx", bool(machine.buildx), machine.buildx or "not there", "install the Buildx plugin for Docker")
    )
    findings += [
        Finding(f"image {name}", there, "there" if there else "missing", "`make images` pulls or builds it")
        for name, there in machine.images
    ]
    return tuple(findings)


def _at_least(version: str, wanted: str) -> bool:
    numbers = [int(part) for part in version.lstrip("v").split("-")[0].split(".")[:2] if part.isdigit()]
    return numbers >= [int(part) for part in wanted.split(".")]
