"""The agent's load: many fast clients (h2load) and one slow one. Runs in a sidecar of the load image.

h2load is started here and its log of single requests is read; the slow client, which no generator offers, is a thread.
"""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any

SCRATCH = "/dev/shm"  # noqa: S108 - the one place in a sidecar that can be written to, and nobody else's
SPIN = "import time\nend = time.monotonic() + {}\nwhile time.monotonic() < end: pass\nprint(time.process_time())"
SAID_CAP = 600  # characters of what h2load says when it fails
ROWS_CAP = 200_000  # requests whose times are handed back


def load(
    host: str,
    port: int,
    name: str,
    paths: list[str],
    clients: int,
    warm_up: int,
    seconds: int,
    visit: str,
    trickle: float,
) -> dict[str, Any]:
    """Each of `clients` asks for `paths` in turn, the next when the last is answered; what came of each request.

    With `trickle` a slow client sends the bytes of `visit` (base64) over so many seconds, again and again.
    """
    slow = _Slow(host, port, base64.b64decode(visit), trickle)
    with open(f"{SCRATCH}/paths", "w", encoding="ascii") as file:
        file.writelines(f"http://{name}{path}\n" for path in paths)
    log = f"{SCRATCH}/log"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(log)
    if trickle:
        slow.start()
    command = ["h2load", "--h1", "--threads=1", f"--clients={clients}", f"--warm-up-time={warm_up}"]
    command += [f"--duration={seconds}", f"--input-file={SCRATCH}/paths", f"--connect-to={host}:{port}"]
    done = subprocess.run([*command, f"--log-file={log}"], capture_output=True, text=True, check=False)
    slow.over.set()
    slow.join_if_started()
    rows = _rows(log)
    said = (done.stderr or done.stdout)[-SAID_CAP:] if done.returncode or not rows else ""
    return {"rows": rows, "said": said, "visits": slow.visits, "broken": slow.broken}


def _rows(log: str) -> list[list[int]]:
    """Status and microseconds of each request; h2load writes when it began, the status, and how long it took."""
    try:
        with open(log, encoding="ascii") as file:
            return [[int(word) for word in line.split("\t")[1:3]] for line in file.readlines()[:ROWS_CAP]]
    except FileNotFoundError:
        return []


class _Slow(threading.Thread):
    """A client on a bad line, one connection at a time."""

    def __init__(self, host: str, port: int, visit: bytes, trickle: float) -> None:
        super().__init__(daemon=True)
        self.place, self.visit, self.trickle = (host, port), visit, trickle
        self.over = threading.Event()
        self.visits = self.broken = 0

    def run(self) -> None:
        while not self.over.is_set():
            try:
                answered = self._once()
            except OSError:
                answered = False
            if self.over.is_set():
                return
            self.visits += 1
            if not answered:
                self.broken += 1
                time.sleep(0.2)  # a site that is down is not to be hammered

    def _once(self) -> bool:
        with socket.create_connection(self.place, timeout=10) as line:
            for byte in self.visit:
                if self.over.wait(self.trickle / len(self.visit)):
                    return True
                line.sendall(bytes([byte]))
            return line.recv(12).startswith(b"HTTP/1.")

    def join_if_started(self) -> None:
        if self.ident is not None:
            self.join(timeout=2)


def spin(seconds: float) -> float:
    """The share of the machine's cores that was free: what as many loops as it has cores got of them, 0 to 1."""
    cores = os.cpu_count() or 1
    command = [sys.executable, "-I", "-c", SPIN.format(float(seconds))]
    loops = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    return min(sum(float(loop.communicate()[0]) for loop in loops) / (cores * seconds), 1.0)


def version() -> str:
    return subprocess.run(["h2load", "--version"], capture_output=True, text=True, check=True).stdout.strip()


OPERATIONS: dict[str, Any] = {"load": load, "spin": spin, "generator": version, "cores": os.cpu_count}
