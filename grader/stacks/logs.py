"""What a container has written, as its engine kept it: bounded in bytes and in time."""

from __future__ import annotations

import math
import time
from typing import Any

import docker
from docker.errors import APIError, NotFound

from grader.stacks.base import LOG_CAP
from grader.stacks.values import LogText

READ_SECONDS = 2.0  # for one stream: a service that writes faster than it is read never comes to an end
UNREADABLE = 501  # what the engine answers when the logging driver keeps nothing that could be shown


def log_text(api: docker.APIClient, container: str, since: float) -> LogText:
    """Both streams since `since`, rounded down to the second; apart, because the engine cuts long lines into pieces."""
    try:
        out, out_cut = _stream(api, container, since, "stdout")
        err, err_cut = _stream(api, container, since, "stderr")
    except APIError as trouble:
        if trouble.status_code != UNREADABLE:
            raise
        return LogText(b"", b"", cut=False, refused=str(trouble.explanation))
    except NotFound:
        return LogText(b"", b"", cut=False, refused="the container is gone")
    return LogText(out, err, out_cut or err_cut)


def _stream(api: docker.APIClient, container: str, since: float, name: str) -> tuple[bytes, bool]:
    wanted = {"stdout": name == "stdout", "stderr": name == "stderr"}
    # follow: a stream would otherwise wait for lines that are yet to come
    chunks: Any = api.logs(container, **wanted, stream=True, follow=False, since=max(math.floor(since), 1))
    deadline, data = time.monotonic() + READ_SECONDS, bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) >= LOG_CAP or time.monotonic() > deadline:
            chunks._response.close()  # its own close() would leave the socket to the garbage collector
            return bytes(data[:LOG_CAP]), True
    return bytes(data), False


def layer_size(api: docker.APIClient, container: str) -> int:
    """Bytes that a container has written to its own layer; volumes and temporary file systems do not count."""
    listed = api.containers(all=True, size=True, filters={"id": container})
    return int(listed[0].get("SizeRw") or 0) if listed else 0
