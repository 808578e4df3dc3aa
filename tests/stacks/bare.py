"""A project of one service, made with plain `docker run`: up in half a second, gone without a trace."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

IMAGE = "python:3.13-slim"
# As much of an app as the bench's own endpoints: it says who answers, and it can be slow.
APP = """
import http.server, json, os, signal, socket, subprocess, sys, time
from urllib.parse import parse_qs, urlsplit
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
subprocess.Popen(["sleep", "600"])  # a process that can be stopped: process 1 cannot, from beside it
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        time.sleep(float(query.get("seconds", ["0"])[0]))
        who = {"nonce": query.get("nonce", [""])[0], "pid": os.getpid(), "host": socket.gethostname()}
        body = json.dumps(who).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8000), App).serve_forever()
"""


def docker(*words: str) -> str:
    """The output of a docker command that has to succeed."""
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@contextmanager
def project(app: str = APP, *options: str) -> Iterator[str]:
    """The name of a running project with one service, `app`, on a network of its own and a free port of this host.

    `app` is the program that it runs, `options` are more words for `docker run`.
    """
    name = f"bare-{secrets.token_hex(4)}"
    labels = [f"--label=com.docker.compose.{key}" for key in (f"project={name}", "service=app")]
    docker("network", "create", name)
    try:
        docker("run", "-d", f"--name={name}-app-1", f"--network={name}", "-p127.0.0.1::8000", *labels, *options, IMAGE,
               "python3", "-c", app)  # fmt: skip
        yield name
    finally:
        for listed in docker("ps", "-aq", f"--filter=network={name}").split():
            docker("rm", "-fv", listed)
        docker("network", "rm", name)


def state_of(name: str) -> str:
    return str(json.loads(docker("inspect", f"{name}-app-1"))[0]["State"]["Status"])


def own_containers(name: str) -> tuple[str, ...]:
    """Ids of the grader's own containers for a project."""
    return tuple(docker("ps", "-aq", "--filter=label=grader=1", f"--filter=label=grader.project={name}").split())
