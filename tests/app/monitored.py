"""Lab 6's app with a Redis that can be stopped, and number files of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
from fakeredis import FakeRedis, FakeServer
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from tests.app.conftest import LAB6, Lay

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@dataclass(frozen=True)
class Monitored:
    """The app, a visitor, and the Redis behind it."""

    app: Flask
    client: FlaskClient
    server: FakeServer
    redis: FakeRedis

    def stop_redis(self) -> None:
        self.server.connected = False

    def start_redis(self) -> None:
        self.server.connected = True

    def elsewhere(self, path: str, form: dict[str, str], times: int) -> None:
        """The same requests in another worker: a process of its own would only be slower."""
        mine = self.app.extensions["redis"]
        self.app.extensions["redis"] = FakeRedis(server=self.server)
        for _ in range(times):
            self.app.test_client().post(path, data=form)
        self.app.extensions["redis"] = mine

    def series(self) -> Series:
        """What /metrics says: every series and its value. A series twice is an error."""
        answer = self.client.get("/metrics")
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain; version=")
        found: Series = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                assert key not in found, f"{key} is there twice"
                found[key] = sample.value
        return found

    def value(self, name: str, **labels: str) -> float:
        return self.series().get((name, tuple(sorted(labels.items()))), 0.0)


def monitored(lay: Lay, monkeypatch: pytest.MonkeyPatch, *, redis_url: str = "") -> Monitored:
    """The solution of lab 6 as one worker has it. With `redis_url` it speaks to what is there, else to a fake."""
    workspace = lay(*LAB6)
    numbers = workspace.folder.parent / "numbers"
    numbers.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(numbers))
    # As in a worker: the files are named when the worker starts, not when the first module is imported.
    monkeypatch.setattr(values, "ValueClass", values.MultiProcessValue())  # type: ignore[no-untyped-call]  # not typed there
    server = FakeServer()
    redis = FakeRedis(server=server)
    if redis_url:
        monkeypatch.setenv("REDIS_URL", redis_url)
    app = workspace.start()
    if not redis_url:
        app.extensions["redis"] = FakeRedis(server=server)
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    client.environ_base["wsgi.url_scheme"] = "https"  # the session cookie is Secure
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(numbers)
    return Monitored(app, client, server, redis)
