"""The engine of this machine and its plugins, for `grader doctor`."""

from __future__ import annotations

import platform
import subprocess

import docker

from grader.stacks.base import Machine
from grader.stacks.engine import connect

IMAGES = ("python:3.13-slim", "nginx:1.28")


def look() -> Machine:
    """What is there. CouldNotLook when no engine answers."""
    api = connect()
    try:
        version = api.version()
        return Machine(
            engine=f"{version['Version']} (API {version['ApiVersion']})",
            compose=_said("docker", "compose", "version", "--short"),
            buildx=_said("docker", "buildx", "version"),
            images=tuple((name, _there(api, name)) for name in IMAGES),
        )
    finally:
        api.close()


def versions() -> str:
    """What this machine runs stacks with, in a line."""
    engine = _said("docker", "version", "--format", "{{.Server.Version}}") or "without an engine"
    compose = _said("docker", "compose", "version", "--short") or "missing"
    facts = platform.freedesktop_os_release()
    system = f"{facts['NAME'].partition(' ')[0]} {facts.get('VERSION_ID', '')}".strip()
    return f"Docker {engine}, Compose {compose}, Python {platform.python_version()}, {system}"


def _there(api: docker.APIClient, image: str) -> bool:
    try:
        api.inspect_image(image)
    except docker.errors.NotFound:
        return False
    return True


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
