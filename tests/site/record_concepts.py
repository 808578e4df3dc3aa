"""Records what the concept pages show and no lab's stack does: servers side by side, and ways to fail.

    python -m tests.site.record_concepts [name ...]

Runs docs/_recorded/concepts/<name>.cmd in that folder and writes the .txt beside it. The services that a command names
begin anew before it, and nothing is left running afterwards. Every service is of one image, which is built first.
"""

import re
import subprocess
import sys
import time

from tests.site.record import BUILDS, ESCAPES, RECORDED

HERE = RECORDED / "concepts"
PORTS = {"uwsgi": 3031, "fastcgi": 9000, "proxy": 80, "supervisor": 80} | dict.fromkeys(
    ("flask", "gunicorn", "apache", "waitress", "uvicorn", "waiting"), 8000
)
SETTLED = 2  # seconds: a port is open before the workers behind it are there
STARTED_BY_COMMAND = {"no-policy", "on-failure", "ended-well", "always"}  # their first seconds are what is shown


def compose(*words: str) -> str:
    """What `docker compose` prints. Raises CalledProcessError when it fails."""
    command = ["docker", "compose", "--progress", "quiet", *words]
    return subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True).stdout


def named(command: str, services: list[str]) -> list[str]:
    """The services that a command is about, and the shell, from which others are asked."""
    words = set(re.findall(r"[\w-]+", command)) - STARTED_BY_COMMAND
    return sorted({"shell"} | {service for service in services if service in words})


def wait(service: str) -> None:
    """Until somebody listens, asked from within the project's network."""
    look = f"import socket; socket.create_connection(({service!r}, {PORTS[service]}), 2)"
    deadline = time.monotonic() + 30
    while True:
        try:
            compose("exec", "-T", "shell", "python3", "-c", look)
            return
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def answer(command: str) -> str:
    """What a command prints, in the folder of the recordings."""
    done = subprocess.run(["bash", "-c", command], cwd=HERE, capture_output=True, text=True, timeout=120)
    text = ESCAPES.sub("", done.stdout).replace("\r", "")
    if not text.strip():
        raise SystemExit(f"nothing was printed (exit code {done.returncode}): {done.stderr}")
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


def record(names: list[str]) -> None:
    """Every recording, or those that are named."""
    subprocess.run(["flock", str(BUILDS), "docker", "compose", "build", "shell"], cwd=HERE, check=True)
    services = compose("config", "--services").split()
    try:
        for path in sorted(HERE.glob("*.cmd")):
            if names and path.stem not in names:
                continue
            command = path.read_text(encoding="utf-8")
            compose("down", "--timeout", "2")
            wanted = named(command, services)
            compose("up", "--detach", *wanted)
            for service in set(compose("ps", "--services").split()) & set(PORTS):
                wait(service)
            time.sleep(SETTLED)
            path.with_suffix(".txt").write_text(answer(command), encoding="utf-8")
            sys.stdout.write(f"{path.stem}\n")
            sys.stdout.flush()
    finally:
        compose("down", "--timeout", "2")


if __name__ == "__main__":
    record(sys.argv[1:])
