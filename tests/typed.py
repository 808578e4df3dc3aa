"""What is typed in a terminal, as one call in this process: starting Python for each line takes most of the time."""

from __future__ import annotations

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from grader.catalog import root
from grader.cli import main


@dataclass(frozen=True)
class Said:
    """The exit code of a command, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def grader(*words: str, cwd: Path | None = None, **environment: str) -> Said:
    """`grader WORDS` as its console script runs it, in the folder `cwd` (the project's own), without colours."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        mock.patch.object(sys, "argv", ["grader", *words]),
        mock.patch.object(sys, "stdin", io.StringIO()),
        mock.patch.dict(os.environ, {"NO_COLOR": "1", **environment}),
        chdir(cwd or root()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        else:
            code = 0
    printed = [file.detach().getvalue().decode() for file in (out, err)]
    return Said(code if isinstance(code, int) else int(code is not None), *printed)
