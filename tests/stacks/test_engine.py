"""An engine that a stack keeps from its work is waited for a while and once, and nothing is kept open that it locks."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import docker
import pytest
import requests

from grader.model import Reason
from grader.stacks import copies
from grader.stacks.base import CouldNotLook, NotApplicable
from grader.stacks.engine import Client, patience
from grader.stacks.sidecar import Sidecar
from grader.stacks.sidecars import Sidecars


def test_an_engine_that_does_not_answer_in_time_is_a_thing_that_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[object] = []

    def late(self: object, *words: object, **named: object) -> None:
        waited.append(named["timeout"])
        raise requests.exceptions.ReadTimeout("Read timed out.")

    monkeypatch.setattr(requests.Session, "request", late)
    client = Client(base_url="http://127.0.0.1:1", version="1.41", timeout=60)

    with pytest.raises(CouldNotLook, match="within 60 s") as trouble:
        client.inspect_container("x")
    assert trouble.value.reason is Reason.TIMED_OUT
    with pytest.raises(CouldNotLook, match="within 2 s"), patience(2.0):
        client.inspect_container("x")
    with pytest.raises(CouldNotLook, match="within 60 s"):
        client.inspect_container("x")
    assert waited == [60, 2.0, 60]


class Stuck:
    """An engine that makes a sidecar and can neither start nor remove it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._ours, self._theirs = socket.socketpair()

    def create_host_config(self, **options: object) -> dict[str, object]:
        return options

    def create_container(self, *words: object, **options: object) -> dict[str, str]:
        return {"Id": "c1"}

    def attach_socket(self, *words: object, **options: object) -> socket.socket:
        return self._ours

    def start(self, container: str) -> None:
        self.asked.append("start")
        raise CouldNotLook(Reason.TIMED_OUT, "the Docker engine did not answer within 10 s")

    def remove_container(self, container: str, *, force: bool) -> None:
        self.asked.append("remove")
        raise CouldNotLook(Reason.TIMED_OUT, "the Docker engine did not answer within 5 s")

    def close(self) -> None:
        self._theirs.close()


def test_a_sidecar_that_cannot_be_started_is_tried_once() -> None:
    engine = Stuck()
    api = cast("docker.APIClient", engine)
    sidecars = Sidecars()
    try:
        for _ in range(3):
            with pytest.raises(CouldNotLook, match="no sidecar for app") as trouble:
                sidecars.get("app", lambda: Sidecar(api, "x", "app"))
            assert trouble.value.reason is Reason.TIMED_OUT
    finally:
        engine.close()
    assert engine.asked == ["start", "remove"]


def test_a_sidecar_that_is_still_being_started_when_the_run_ends_is_removed() -> None:
    starting, closed = threading.Event(), list[str]()
    sidecars = Sidecars()

    class Slow(Sidecar):
        def __init__(self) -> None:
            starting.set()
            time.sleep(0.2)  # as the engine takes its time

        def close(self) -> None:
            closed.append("closed")

    thread = threading.Thread(target=sidecars.get, args=("app", Slow))
    thread.start()
    assert starting.wait(10)
    sidecars.close()
    assert closed == ["closed"]
    thread.join(10)
    with pytest.raises(CouldNotLook, match="was ended"):
        sidecars.get("proxy", Slow)


class Archive:
    """An engine that hands out a folder of `pieces` MiB and remembers what became of that."""

    base_url, api_version = "http://engine", "1.41"

    def __init__(self, pieces: int) -> None:
        self.pieces, self.closed, self.put = pieces, False, b""
        self.ok, self.text = True, ""

    def get(self, url: str, **options: Any) -> Archive:
        assert url.endswith("/containers/one/archive")
        return self

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def iter_content(self, size: int) -> Iterator[bytes]:
        yield from (b"x" * 2**20 for _ in range(self.pieces))

    def put_archive(self, container: str, path: str, data: Any) -> None:
        self.put = data.read()


def test_a_volume_is_copied_whole() -> None:
    engine = Archive(3)

    copies._copy_folder(cast("docker.APIClient", engine), "one", "other", "/data")

    assert (len(engine.put), engine.closed) == (3 * 2**20, True)


def test_a_volume_without_end_is_given_up_and_the_engine_hears_of_it() -> None:
    engine = Archive(10_000)

    with pytest.raises(NotApplicable, match="larger than 64 MiB"):
        copies._copy_folder(cast("docker.APIClient", engine), "one", "other", "/data")

    assert (engine.put, engine.closed) == (b"", True)
