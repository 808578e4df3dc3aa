"""Records what the page of the audit shows: `python -m tests.outside.record` writes docs/_recorded/audit*.txt."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.outside.stacks import REPO, as_usual, build_image, running

FOLDER = REPO / "docs/_recorded"
SHOWN = {"audit.txt": "old-compose", "audit-question.txt": "two-doors"}


def main() -> None:
    build_image()
    for file, name in SHOWN.items():
        with tempfile.TemporaryDirectory() as state, running(name, Path(state)) as stack:
            done = stack.audit()
            (FOLDER / file).write_text(as_usual(stack, done.stdout + done.stderr), encoding="utf-8")


if __name__ == "__main__":
    main()
