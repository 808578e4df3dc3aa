"""The same facts about the same stack, asked by this grader, by pytest-testinfra and by goss.

Each function answers every fact of FACTS and returns the answers by name, so that a row of the table compares like
with like: all three have to agree before a time is taken.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import testinfra

from grader.probes.http import HttpAnswer, send
from grader.stacks.base import Opening, Settings, Stack
from grader.stacks.dealings import Address
from grader.stacks.opening import open_stack
from grader.stacks.values import ServiceFacts

Answers = dict[str, bool]


def of_ours(project: str, port: int) -> Answers:
    """Through the grader's own stack: from connecting to the engine to the removed sidecars."""
    stack = open_stack(Opening(f"compose://{project}", Settings(), Path(tempfile.mkdtemp())))
    try:
        return _ours(stack, port)
    finally:
        stack.close()


def _ours(stack: Stack, port: int) -> Answers:
    app, proxy = _named(stack, "app"), _named(stack, "proxy")
    with ThreadPoolExecutor(2) as crowd:  # side by side, as in a run
        in_app, in_proxy = crowd.map(stack.processes, (app, proxy))
    master = next(process for process in in_app if process.pid == 1)
    nginx = [process for process in in_proxy if process.name == "nginx"]
    limits = str(stack.inside(app, "proc_text", pid=1, name="limits"))
    home, css, gone = (_get(stack, port, path) for path in ("/", "/static/app.css", "/nowhere"))
    return {
        "app runs as uid 10001": master.uid == 10001,
        "process 1 is gunicorn": any("gunicorn" in word for word in master.argv),
        "five gunicorn processes": len([p for p in in_app if any("gunicorn" in word for word in p.argv)]) == 5,
        "app listens on 8000": any(socket.port == 8000 for socket in stack.sockets(app).listening),
        "proxy listens on 80": any(socket.port == 80 for socket in stack.sockets(proxy).listening),
        "nginx workers are not root": all(process.uid == 101 for process in nginx if process.ppid),
        "app publishes nothing": not app.published,
        "proxy publishes on 127.0.0.1": {p.address for p in proxy.published} == {"127.0.0.1"},
        "app restarts": app.restart_policy == "unless-stopped",
        "app is healthy": app.health == "healthy",
        "open files of process 1 are limited": "Max open files" in limits,
        "home page is 200": home.status == 200,
        "home page is html": home.header("Content-Type").startswith("text/html"),
        "server names no version": "/" not in home.header("Server"),
        "style sheet is 200": css.status == 200,
        "style sheet may be cached": "max-age" in css.header("Cache-Control"),
        "an unknown page is 404": gone.status == 404,
    }


def of_testinfra(app: str, proxy: str) -> Answers:
    """Over `docker exec`, but for what only the engine knows (`docker inspect`, from this machine).

    The images have neither ps nor ss, so processes and sockets are read from /proc.
    """
    in_app, in_proxy = testinfra.get_host(f"docker://{app}"), testinfra.get_host(f"docker://{proxy}")
    local = testinfra.get_host("local://")
    argv = "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done"
    uids = "for p in /proc/[0-9]*; do grep -q '^Name:.nginx' $p/status && grep -E '^(PPid|Uid)' $p/status; done"
    curl = "curl -s -o /dev/null -D - http://127.0.0.1"

    def inspected(name: str) -> str:
        return str(local.check_output(f"docker inspect {name}"))

    def listens(host: object, number: int) -> bool:
        return f":{number:04X} 00000000:0000 0A" in host.check_output("cat /proc/net/tcp")  # type: ignore[attr-defined]  # testinfra has no types

    return {
        "app runs as uid 10001": in_app.check_output("grep ^Uid: /proc/1/status").split()[2] == "10001",
        "process 1 is gunicorn": "gunicorn" in in_app.check_output("cat /proc/1/cmdline"),
        "five gunicorn processes": in_app.check_output(argv).count("gunicorn --config") == 5,
        "app listens on 8000": listens(in_app, 8000),
        "proxy listens on 80": listens(in_proxy, 80),
        "nginx workers are not root": "Uid:\t101" in in_proxy.check_output(uids + "; true"),
        "app publishes nothing": not json.loads(inspected(app))[0]["HostConfig"]["PortBindings"],
        "proxy publishes on 127.0.0.1": '"HostIp": "127.0.0.1"' in inspected(proxy),
        "app restarts": '"Name": "unless-stopped"' in inspected(app),
        "app is healthy": '"Status": "healthy"' in inspected(app),
        "open files of process 1 are limited": "Max open files" in in_app.check_output("cat /proc/1/limits"),
        "home page is 200": " 200 " in in_proxy.check_output(f"{curl}/").splitlines()[0],
        "home page is html": "Content-Type: text/html" in in_proxy.check_output(f"{curl}/"),
        "server names no version": "Server: nginx/" not in in_proxy.check_output(f"{curl}/"),
        "style sheet is 200": " 200 " in in_proxy.check_output(f"{curl}/static/app.css").splitlines()[0],
        "style sheet may be cached": "max-age" in in_proxy.check_output(f"{curl}/static/app.css"),
        "an unknown page is 404": " 404 " in in_proxy.check_output(f"{curl}/nowhere").splitlines()[0],
    }


def of_goss(binary: Path, project: str, app: str, proxy: str, port: int) -> Answers:
    """Three gossfiles: inside each service (goss copied there, as dgoss does) and on the host."""
    run = f"docker inspect {app}"  # without --format: goss reads a gossfile as a template
    inside_app = {
        "process": {"gunicorn": {"running": True}},
        "port": {"tcp:8000": {"listening": True}},
        "command": {
            "uid": {"exec": "grep ^Uid: /proc/1/status", "exit-status": 0, "stdout": ["/10001/"]},
            "one": {"exec": "cat /proc/1/cmdline", "exit-status": 0, "stdout": ["/gunicorn/"]},
            "five": {"exec": "grep -l gunicorn /proc/[0-9]*/cmdline | wc -l", "exit-status": 0, "stdout": ["/^[5-9]/"]},
            "limits": {"exec": "cat /proc/1/limits", "exit-status": 0, "stdout": ["/Max open files/"]},
        },
    }
    inside_proxy = {
        "port": {"tcp:80": {"listening": True}},
        "command": {
            "uid": {"exec": "grep -h ^Uid: /proc/[0-9]*/status", "exit-status": 0, "stdout": ["/101/"]},
        },
    }
    url = f"http://127.0.0.1:{port}"
    on_host = {
        "http": {
            f"{url}/": {"status": 200, "headers": ["Content-Type: text/html; charset=utf-8", "Server: nginx"]},
            f"{url}/static/app.css": {"status": 200, "headers": ["/Cache-Control: .*max-age/"]},
            f"{url}/nowhere": {"status": 404},
        },
        "command": {
            "ports": {"exec": run, "exit-status": 0, "stdout": ['/"PortBindings": {}/']},
            "proxy": {"exec": f"docker port {proxy}", "exit-status": 0, "stdout": ["/127.0.0.1/"]},
            "restart": {"exec": run, "exit-status": 0, "stdout": ["/unless-stopped/"]},
            "health": {"exec": run, "exit-status": 0, "stdout": ['/"Status": "healthy"/']},
        },
    }
    good = [
        _goss_inside(binary, app, inside_app),
        _goss_inside(binary, proxy, inside_proxy),
        _goss(["env", str(binary)], on_host),
    ]
    return dict.fromkeys(FACTS, all(good))


def _goss_inside(binary: Path, container: str, wanted: object) -> bool:
    return _goss(["docker", "exec", "--interactive", container, f"/tmp/{binary.name}"], wanted)


def _goss(command: list[str], wanted: object) -> bool:
    done = subprocess.run(
        [*command, "--gossfile", "-", "validate", "--format", "silent"],
        input=json.dumps(wanted).encode(),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def _named(stack: Stack, service: str) -> ServiceFacts:
    return next(fact for fact in stack.services() if fact.service == service)


def _get(stack: Stack, port: int, path: str) -> HttpAnswer:
    return send(stack, Address("127.0.0.1", port), path)


FACTS = (
    "app runs as uid 10001",
    "process 1 is gunicorn",
    "five gunicorn processes",
    "app listens on 8000",
    "proxy listens on 80",
    "nginx workers are not root",
    "app publishes nothing",
    "proxy publishes on 127.0.0.1",
    "app restarts",
    "app is healthy",
    "open files of process 1 are limited",
    "home page is 200",
    "home page is html",
    "server names no version",
    "style sheet is 200",
    "style sheet may be cached",
    "an unknown page is 404",
)
