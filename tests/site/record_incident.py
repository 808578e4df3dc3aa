"""Records what the page of the incidents shows: `python -m tests.site.record_incident` meets one and mends it.

The page gives this one of many away.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from grader.catalog import root
from grader.incidents import incidents
from tests.labs.test_incident import Project
from tests.site.record import RECORDED

LAB, NAME, FILE = "lab1-flask-run", "no-samesite", "pinboard/config.py"


def main() -> None:
    of_lab = [one.name for one in incidents(root()) if one.lab == LAB]
    with tempfile.TemporaryDirectory(prefix="incident-") as folder:
        project = Project(Path(folder).resolve() / "course")
        try:
            keep("begin", said(project, "incident", "lab1", "--pick", str(of_lab.index(NAME))))
            keep("hint", said(project, "incident", "hint"))
            keep("not-yet", said(project, "incident", "check"))
            shutil.copy(project.base / "solutions" / LAB / FILE, project.workspace / FILE)
            up = ["docker", "compose", "up", "--detach", "--build", "--wait"]
            subprocess.run(up, cwd=project.workspace, check=True, capture_output=True)
            keep("solved", said(project, "incident", "check"))
        finally:
            said(project, "incident", "end")


def said(project: Project, *words: str) -> str:
    """What a command printed, with the usual port of the lab."""
    done = subprocess.run(
        [sys.executable, "-m", "grader", *words],
        cwd=project.base,
        env=os.environ | {"PYTHONPATH": str(project.base), "NO_COLOR": "1", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return re.sub(r"localhost:\d+", "localhost:8080", done.stdout) + done.stderr


def keep(name: str, text: str) -> None:
    (RECORDED / f"incident-{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
