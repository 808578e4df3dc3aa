"""`docker compose` on a project that runs, from the folder and with the files that it was started from."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from grader.model import Reason
from grader.stacks.base import COMMAND_CAP, CouldNotLook, NotApplicable
from grader.stacks.facts import CONFIG_FILES, WORKING_DIR


class ComposeCommand:
    """Runs one command at a time, and ends it when it is told to."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def run(
        self,
        project: str,
        labels: Mapping[str, str],
        args: tuple[str, ...],
        seconds: float,
        variables: Mapping[str, str],
    ) -> tuple[int, str]:
        """Exit code and the end of what it printed. `labels` are those of one of the project's containers."""
        folder = labels.get(WORKING_DIR, "")
        if not folder or not os.path.isdir(folder):
            raise NotApplicable(f"the folder of project {project} is not on this machine")
        files = [word for path in labels[CONFIG_FILES].split(",") for word in ("-f", path)]
        with subprocess.Popen(
            ["docker", "compose", "-p", project, *files, *args],
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the grader, which ends this in its own time
        ) as process:
            self._running = process
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired as trouble:
                process.kill()
                what = f"docker compose {' '.join(args)}"
                raise CouldNotLook(Reason.TIMED_OUT, f"{what} took over {seconds:.0f} s") from trouble
            finally:
                self._running = None
        return process.returncode, (out + err)[-COMMAND_CAP:].decode("utf-8", "replace")

    def end(self) -> None:
        """Tells the command that runs, if one does, to end: what it does is to be undone."""
        process = self._running
        if process is not None:
            process.terminate()
