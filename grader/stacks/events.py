"""What happens to the containers of a project, as the engine tells it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from grader.stacks.engine import connect
from grader.stacks.facts import PROJECT, SERVICE

TELLING = ("start", "die", "destroy", "health_status: healthy", "health_status: unhealthy")


def changes(project: str, stop: threading.Event) -> Iterator[str]:
    """Service names, one an event, until `stop` is set or the engine goes away."""
    api = connect()
    events = api.events(decode=True, filters={"label": f"{PROJECT}={project}", "type": "container"})
    for event in events:
        if stop.is_set():
            return
        if event.get("Action") in TELLING:
            yield str(event["Actor"]["Attributes"].get(SERVICE, "?"))
