"""What was run, in a file that the site's page is made of: one entry a kill, with versions and date."""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.catalog import root
from tests.restore.inspected import docker
from tests.restore.kill import Killed
from tests.restore.moments import Place

RESULTS = Path("tests/restore/results.json")


def read(path: Path = RESULTS) -> list[dict[str, Any]]:
    """The entries of all sessions so far."""
    whole = root() / path
    return list(json.loads(whole.read_text(encoding="utf-8"))) if whole.is_file() else []


def add(place: Place, number: int, killed: Killed, path: Path = RESULTS) -> None:
    entry = {
        "probe": place.probe,
        "check": place.check.id,
        "lab": place.lab,
        "number": number,
        **asdict(killed),
        "day": datetime.now(UTC).date().isoformat(),
        "versions": versions(),
    }
    lines = [json.dumps(one, sort_keys=True) for one in (*read(path), entry)]
    (root() / path).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def done(path: Path = RESULTS) -> Counter[str]:
    """How often each probe was killed so far."""
    return Counter(str(entry["probe"]) for entry in read(path))


def versions() -> str:
    """The machine's, in a line."""
    engine = docker("version", "--format", "{{.Server.Version}}").strip()
    compose = docker("compose", "version", "--short").strip()
    return f"Docker {engine}, Compose {compose}, Python {platform.python_version()}, {_system()}"


def _system() -> str:
    facts = platform.freedesktop_os_release()
    return f"{facts['NAME'].partition(' ')[0]} {facts.get('VERSION_ID', '')}".strip()
