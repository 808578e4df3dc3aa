"""Pinboard as each lab has it: folders copied over one another, imported afresh for each test."""

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

ROOT = Path(__file__).parents[2]
LAB1 = ("labs/lab1-flask-run", "solutions/lab1-flask-run")
LAB2 = (*LAB1, "labs/lab2-gunicorn", "solutions/lab2-gunicorn")
LAB3 = (*LAB2, "labs/lab3-nginx", "solutions/lab3-nginx")
LAB4 = (*LAB3, "labs/lab4-https", "solutions/lab4-https")
LAB5 = (*LAB4, "labs/lab5-logging", "solutions/lab5-logging")
LAB6 = (*LAB5, "labs/lab6-monitoring", "solutions/lab6-monitoring")
OURS = ("pinboard", "bench", "wsgi", "logging_config")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A laid-out workspace that can be imported, and the data folder its app uses."""

    folder: Path
    data: Path

    def start(self) -> Flask:
        """The app as the server gets it, without the pauses of the slow report."""
        app: Flask = importlib.import_module("wsgi").app
        app.config["REPORT_PAUSE"] = 0
        return app


Lay = Callable[..., Workspace]


def forget_modules() -> None:
    """Let the next import read the files again."""
    for name in list(sys.modules):
        if name.split(".")[0] in OURS:
            del sys.modules[name]


@pytest.fixture
def lay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lay]:
    """Lay `labs/app` and further layers over one another, with a clean environment."""
    for name in list(os.environ):
        if name.startswith(("PINBOARD_", "APP_", "FLASK_")) or name in ("SECRET_KEY", "WEB_CONCURRENCY"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def laid(*layers: str) -> Workspace:
        workspace = Workspace(tmp_path / "workspace", tmp_path / "data")
        for layer in ("labs/app", *layers):
            shutil.copytree(ROOT / layer, workspace.folder, dirs_exist_ok=True)
        monkeypatch.setenv("PINBOARD_DATA", str(workspace.data))
        monkeypatch.setenv("PINBOARD_BENCH", "1")
        monkeypatch.syspath_prepend(str(workspace.folder))
        return workspace

    forget_modules()
    yield laid
    forget_modules()


@pytest.fixture
def app(lay: Lay) -> Flask:
    """Pinboard as its author left it, with the bench."""
    return lay().start()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()


@pytest.fixture
def ada(client: FlaskClient) -> FlaskClient:
    """A visitor who has signed in."""
    assert client.post("/login", data={"user": "ada", "password": "pinboard"}).status_code == 303
    return client
