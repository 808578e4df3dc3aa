"""What happens to the containers of a project, as the engine tells it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from grader.stacks.engine import connect
from grader.stacks.facts import PROJECT, SERVICE, WORKING_DIR

# Not health: what a run disturbed becomes healthy after its end, and that must not start the next run.
TELLING = ("start", "die", "destroy")


def changes(workspace: Path | None, project: str, stop: threading.Event) -> Iterator[str]:
    """Service names, one an event, of the stack that was started from `workspace`, or of a project by its name.

    Ends when `stop` is set and something happens, or the engine goes away.
    """
    api = connect()
    label = f"{WORKING_DIR}={workspace.resolve()}" if workspace else f"{PROJECT}={project}"
    events = api.events(decode=True, filters={"label": label, "type": "container"})
    for event in events:
        if stop.is_set():
            return
        if event.get("Action") in TELLING:
            yield str(event["Actor"]["Attributes"].get(SERVICE, "?"))
