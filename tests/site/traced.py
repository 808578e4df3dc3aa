"""Follows one request through lab 6's solution and writes down everything that it left behind.

    python -m tests.site.traced    # writes docs/_recorded/trace.json

The stack is a real one. The request is one GET over HTTPS, to an endpoint that answers with what the app knows about
it. What the page shows of each place is taken from there: the bytes of the client, the lines of Nginx and of the app
with the same id, Gunicorn's processes, and what /metrics said before and after.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.site.record import ESCAPES, NAME, REPO, TLS, Workspace

TRACE = REPO / "docs/_recorded/trace.json"
PROJECT = "simulator-trace"
SHOWN_PORT = 8443  # where a learner's stack is
PATH = "/bench/whoami?nonce=a-request-to-follow"
COUNTED = re.compile(r'^http_request(?:s_total|_duration_seconds_count)\{.*route="/bench/whoami".*$', re.MULTILINE)
METRICS = "from urllib.request import urlopen\nprint(urlopen('http://127.0.0.1:8000/metrics').read().decode())"
PROCESSES = 'for p in /proc/[0-9]*; do echo "${p#/proc/} $(tr "\\0" " " < $p/cmdline)"; done'
# Two of its headers are made up: anybody can send them.
HEAD = (
    f"GET {PATH} HTTP/1.1",
    f"Host: {NAME}:{SHOWN_PORT}",
    "User-Agent: a-visitor",
    "Accept: */*",
    "X-Forwarded-For: 203.0.113.9",
    "X-Request-ID: made-up",
    "Connection: close",
)


def ask(port: int, root: Path) -> dict[str, Any]:
    """One request, and when each part of it was over, in milliseconds since its beginning."""
    context = ssl.create_default_context(cafile=str(root))
    begun = time.perf_counter()
    times = {}
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        times["connected"] = passed(begun)
        with context.wrap_socket(plain, server_hostname=NAME) as secured:
            times["encrypted"] = passed(begun)
            secured.sendall("\r\n".join((*HEAD, "", "")).encode())
            answer = secured.recv(65536)
            times["first_byte"] = passed(begun)
            while more := secured.recv(65536):
                answer += more
            times["done"] = passed(begun)
            tls = {"version": secured.version(), "cipher": (secured.cipher() or ("",))[0]}
    top, _, body = answer.decode().partition("\r\n\r\n")
    return {"sent": list(HEAD), "tls": tls, "times_ms": times, "answer": top.split("\r\n"), "body": json.loads(body)}


def passed(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 1)


def counters(workspace: Workspace) -> list[str]:
    said = workspace.run("docker", "compose", "exec", "-T", "app", "python", "-c", METRICS).decode()
    return COUNTED.findall(said)


def line(workspace: Workspace, service: str, identity: str) -> str:
    """The one line of a service that carries the id; it may come a moment after the answer."""
    deadline = time.monotonic() + 5
    while True:
        said = workspace.run("docker", "compose", "logs", "--no-log-prefix", service).decode()
        found = [text for text in ESCAPES.sub("", said).splitlines() if identity in text]
        if found or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    if len(found) != 1:
        raise SystemExit(f"{service} has {len(found)} lines with the id {identity}, not one")
    return found[0]


def by_number(process: str) -> int:
    return int(process.split()[0])


def trace(workspace: Workspace) -> dict[str, Any]:
    """One request to a worker that has served before: the very first one loads what later ones need not."""
    port = workspace.ports[TLS]
    for _ in range(12):
        ask(port, workspace.root)
    before = counters(workspace)
    seen = ask(port, workspace.root)
    identity = next(header.partition(": ")[2] for header in seen["answer"] if header.lower().startswith("x-request-id"))
    processes = workspace.run("docker", "compose", "exec", "-T", "app", "sh", "-c", PROCESSES).decode().splitlines()
    return {
        "day": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores",
        "id": identity,
        **seen,
        "edge": {"line": line(workspace, "proxy", identity)},
        "server": {"processes": sorted((said.strip() for said in processes if "gunicorn" in said), key=by_number)},
        "app": {"line": line(workspace, "app", identity)},
        "metric": {"before": before, "after": counters(workspace)},
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="trace-") as folder:
        workspace = Workspace("lab6-monitoring", "solution", Path(folder))
        workspace.env["COMPOSE_PROJECT_NAME"] = PROJECT  # not that of a recording of the lab, which may be running
        try:
            workspace.lay_out()
            TRACE.write_text(json.dumps(trace(workspace), indent=1) + "\n", encoding="utf-8")
        finally:
            workspace.down("--rmi", "local")


if __name__ == "__main__":
    main()
