"""Finding the Docker engine, and saying plainly why it cannot be used."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
from docker.context import ContextAPI
from docker.errors import DockerException
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import Timeout

from grader.model import Reason
from grader.stacks.base import CouldNotLook

WAIT = 60  # seconds for one call to the engine; stopping a service adds its grace


_patience = threading.local()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Calls to the engine that this thread makes in the block wait no longer than `seconds`."""
    _patience.seconds = seconds
    try:
        yield
    finally:
        del _patience.seconds


class Client(docker.APIClient):
    """A client for which an engine that does not answer in time is a thing that happens: CouldNotLook, TIMED_OUT.

    It happens where a stack keeps the engine from its work: by stopping what is to join its processes, say.
    """

    def request(self, *words: Any, **named: Any) -> Any:
        told = getattr(_patience, "seconds", None)
        if told is not None:
            named["timeout"] = told
        try:
            return super().request(*words, **named)
        except Timeout as trouble:
            waited = f"{named.get('timeout') or WAIT:.0f}"
            raise CouldNotLook(
                Reason.TIMED_OUT, f"the Docker engine did not answer within {waited} s", "grader doctor"
            ) from trouble


def address() -> str | None:
    """The engine's address: DOCKER_HOST, else the current context's (Docker Desktop), else the default socket."""
    told = os.environ.get("DOCKER_HOST")
    if told:
        return told
    host = ContextAPI.get_current_context().Host
    return str(host) if host else None


def connect() -> docker.APIClient:
    """A client of the engine. CouldNotLook with the next action when there is none or it may not be used."""
    try:
        return Client(base_url=address(), version="auto", timeout=WAIT)
    except (DockerException, NoConnection, Timeout, OSError) as trouble:
        text = str(trouble)
        if "Permission denied" in text or "PermissionError" in text:
            raise CouldNotLook(
                Reason.NO_PERMISSION,
                "the Docker engine is there, but your user may not speak to it",
                hint="sudo usermod -aG docker $USER, then log in again (this group is as mighty as root)",
            ) from trouble
        raise CouldNotLook(
            Reason.UNREACHABLE,
            "no Docker engine answers",
            hint="start Docker Desktop or the docker service, or run `make engine`; `grader doctor` looks again",
        ) from trouble


def gone(trouble: Exception) -> CouldNotLook:
    """What to say when an engine that answered before does not any more."""
    return CouldNotLook(Reason.UNREACHABLE, f"the Docker engine does not answer any more: {trouble}", "grader doctor")
