"""Waits for a change: a file of the workspace, or a container of its project."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

from watchfiles import watch

from grader.course import STATE
from grader.stacks.opening import container_changes


def changes(workspace: Path | None, project: str, settle: float) -> str:
    """Blocks until something changed and was quiet for `settle` seconds; says what."""
    seen: queue.SimpleQueue[str] = queue.SimpleQueue()
    stop = threading.Event()

    def files() -> None:
        if workspace is None:
            return
        for batch in watch(workspace, stop_event=stop, debounce=int(settle * 1000)):
            names = sorted({Path(path).name for _, path in batch if STATE not in Path(path).parts})
            if names:
                seen.put(", ".join(names[:3]))

    def containers() -> None:
        for name in container_changes(workspace, project, stop):
            seen.put(f"service {name}")

    threads = [threading.Thread(target=work, daemon=True) for work in (files, containers)]
    for thread in threads:
        thread.start()
    try:
        what = seen.get()
        while True:
            try:
                seen.get(timeout=settle)
            except queue.Empty:
                return what
    finally:
        stop.set()
