"""The engine of this machine and its plugins, for `grader doctor`."""

from __future__ import annotations

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
