"""What a hostile service does beside its answers: to processes, files, memory, and to itself. With Python alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from tests.hostile.answers import BIDI, ESC, EVERYTHING

ASKED = threading.Semaphore(0)  # released for each request


def others() -> list[int]:
    """Processes of the namespace that were not here from the start."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in OWN]


OWN: set[int] = set()


def fights(number: int) -> Callable[[], None]:
    def work() -> None:
        while True:
            for pid in others():
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
            time.sleep(0.005)

    return work


def named(name: str) -> None:
    """A child whose process name and arguments say `name`."""
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, name.encode("utf-8", "surrogateescape")[:15], 0, 0, 0)
        time.sleep(600)
        os._exit(0)


def odd_names() -> None:
    for name in ("a\nUid:\t0\t0\nb", ") R 1 1 1", ESC, BIDI, "python \n x", "(wsgi:\x1b[31m"):
        named(name)
        subprocess.Popen(
            [f"python\n{EVERYTHING}", "-c", "import time; time.sleep(600)", EVERYTHING], executable=sys.executable
        )


def renames_itself() -> None:
    ctypes.CDLL(None).prctl(15, b"python\x1b[31m\n", 0, 0, 0)


def churn() -> None:
    """Process ids come and go as fast as they can."""
    while True:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)


def hog_processes() -> None:
    while True:
        try:
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
        except OSError:
            time.sleep(0.05)


def hog_memory() -> None:
    """A child takes memory until it is killed, and then the next one does."""
    while True:
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                kept = []
                while True:
                    kept.append(b"x" * 1024 * 1024)
            os.wait()
        time.sleep(0.2)


def zombies() -> None:
    for _ in range(200):
        if os.fork() == 0:
            os._exit(0)


def many_sockets() -> None:
    global KEPT
    KEPT = [socket.create_server(("127.0.0.1", 20_000 + number)) for number in range(700)]
    KEPT += [socket.socket() for _ in range(200)]
    for number in range(100):
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(f"/tmp/\x1b[31m\n 00 {number}.sock")
        unix.listen()
        KEPT.append(unix)


KEPT: list[socket.socket] = []


def long_words() -> None:
    for _ in range(60):
        subprocess.Popen(["/bin/sh", "-c", "sleep 600", "python3", *[b"\xff" * 100_000] * 3])


def odd_files() -> None:
    os.makedirs("/data/keys", exist_ok=True)
    for place in ("/data", "/data/keys", "/etc", "/srv"):
        for number, kind in enumerate(("fifo", "zero", "loop", "root", "sock", "sparse", "\x1b[31m\u202e\n.pem")):
            path = f"{place}/{kind}.pem" if number < 6 else f"{place}/{kind}"
            with contextlib.suppress(OSError):
                if kind == "fifo":
                    os.mkfifo(path)
                elif kind == "zero":
                    os.mknod(path, 0o20666, os.makedev(1, 5))
                elif kind == "loop":
                    os.symlink(path, path)
                elif kind == "root":
                    os.symlink("/proc/1/root/", path)
                elif kind == "sock":
                    socket.socket(socket.AF_UNIX).bind(path)
                elif kind == "sparse":
                    with open(path, "wb") as file:
                        file.truncate(1 << 40)
                else:
                    with open(path, "w", encoding="ascii") as file:
                        file.write("-----BEGIN PRIVATE KEY-----\n" + "QUJD" * 100 + "\n-----END PRIVATE KEY-----\n")


def many_files() -> None:
    os.makedirs("/data", exist_ok=True)
    with open("/data/one", "wb") as file:
        file.write(b"x" * 120)
    for folder in range(20):
        os.makedirs(f"/data/{folder}", exist_ok=True)
        for number in range(3000):
            os.link("/data/one", f"/data/{folder}/{number}.pem")


def changing_files() -> None:
    """What is a file at one look is something else at the next."""
    os.makedirs("/data", exist_ok=True)
    while True:
        with contextlib.suppress(OSError):
            with open("/data/new", "wb") as file:
                file.write(b"-----BEGIN PRIVATE KEY-----\n" * 30)
            os.replace("/data/new", "/data/key.pem")
            os.mkfifo("/data/new")
            os.replace("/data/new", "/data/key.pem")
            os.symlink("/dev/zero", "/data/new")
            os.replace("/data/new", "/data/key.pem")


def great_volume() -> None:
    with open("/data/great", "wb") as file:
        file.truncate(1 << 40)


def lying_tools() -> None:
    """Replaces what the health check and a careless grader would run."""
    lie = "#!/usr/local/bin/python3\nimport sys\nwhile True: sys.stdout.write('\\x1b[31mall is well \\u202e' * 99)\n"
    for path in ("/bin/sh", "/bin/ps", "/usr/bin/ps", "/bin/kill", "/usr/bin/id", "/bin/ls", "/bin/cat"):
        with contextlib.suppress(OSError):
            with open(f"{path}.new", "w", encoding="utf-8") as file:
                file.write(lie.replace("/usr/local/bin/python3", os.path.realpath(sys.executable)))
            os.chmod(f"{path}.new", 0o755)
            os.replace(f"{path}.new", path)


def ends(after: int) -> Callable[[], None]:
    """Ends the whole container once it has been asked so many times."""

    def work() -> None:
        for _ in range(after):
            ASKED.acquire()
        os._exit(3)

    return work


TOLD = "/tmp/told"


def tells() -> None:
    """Says so in the log once it has been asked, and answers nobody after that before it was started again."""
    if os.path.exists(TOLD) or os.environ.get("TOLD"):
        return
    ASKED.acquire()
    HOLD.set()
    with open(TOLD, "w", encoding="ascii"):
        os.write(1, b"asked\n")


HOLD = threading.Event()


BESIDE: dict[str, Callable[[], None]] = {
    "kills-sidecar": fights(signal.SIGKILL),
    "stops-sidecar": fights(signal.SIGSTOP),
    "odd-names": odd_names,
    "renames-itself": renames_itself,
    "churn": churn,
    "hog-processes": hog_processes,
    "hog-memory": hog_memory,
    "zombies": zombies,
    "many-sockets": many_sockets,
    "long-words": long_words,
    "odd-files": odd_files,
    "many-files": many_files,
    "changing-files": changing_files,
    "great-volume": great_volume,
    "lying-tools": lying_tools,
    "ends-soon": ends(3),
    "tells": tells,
}

# These are done before the first question, the others beside the answers.
FIRST = frozenset(
    {"renames-itself", "odd-names", "zombies", "many-sockets", "long-words", "odd-files", "many-files", "great-volume"}
    | {"lying-tools"}
)
