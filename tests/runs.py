"""What was run on real stacks, in a file that a page of the site is made of: one line a run, with versions and date."""

from __future__ import annotations

import json
import platform
import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Runs:
    """A file of runs, of all sessions so far."""

    path: Path

    def entries(self) -> list[dict[str, Any]]:
        return list(json.loads(self.path.read_text(encoding="utf-8"))) if self.path.is_file() else []

    def count(self, key: str) -> Counter[str]:
        """How many runs there are of each value of `key`."""
        return Counter(str(entry[key]) for entry in self.entries())

    def add(self, entry: dict[str, Any]) -> None:
        """Writes a run down at once: a session that is ended loses nothing."""
        dated = {**entry, "day": datetime.now(UTC).date().isoformat(), "versions": versions()}
        lines = [json.dumps(one, sort_keys=True) for one in (*self.entries(), dated)]
        self.path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def versions() -> str:
    """The machine's, in a line."""
    engine = _said("docker", "version", "--format", "{{.Server.Version}}")
    compose = _said("docker", "compose", "version", "--short")
    facts = platform.freedesktop_os_release()
    system = f"{facts['NAME'].partition(' ')[0]} {facts.get('VERSION_ID', '')}".strip()
    return f"Docker {engine}, Compose {compose}, Python {platform.python_version()}, {system}"


def _said(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
