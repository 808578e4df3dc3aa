"""The eyes and hands of the grader inside a stack: this file runs in a sidecar container, with Python alone.

A sidecar shares the PID and network namespaces of the container it looks at (or stands as a client on a network).
It answers requests, one JSON object a line on standard input, with one JSON object a line on standard output, and
ends when its input does: a grader that was killed leaves no sidecar behind. Everything it reads is bounded.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
from typing import Any, BinaryIO

from grader.stacks.exchange import exchange

TEXT_CAP = 4096  # bytes of one command line
LIST_CAP = 2000  # processes, sockets, links
WORDS_CAP = 512 * 1024  # bytes of all command lines together: those of further processes are left out
FILE_CAP = 262_144  # bytes of one file
AT_ONCE = 80  # requests that are worked on: more threads than a sidecar may have would end it
SELF = os.getpid()
ORPHANS: set[int] = set()  # our own, though another process is their parent by now


# --- processes and sockets ------------------------------------------------------------------------------------------


def processes() -> list[dict[str, Any]]:
    """Every process of the PID namespace but the sidecar's own."""
    found, words = [], 0
    for name in sorted(filter(str.isdigit, os.listdir("/proc")), key=int)[:LIST_CAP]:
        process = process_facts(int(name))
        words += sum(map(len, process["argv"])) if process else 0
        if process and words > WORDS_CAP:
            process["argv"] = []
        if process and SELF not in (process["pid"], process["ppid"]) and process["pid"] not in ORPHANS:
            found.append(process)
    return found


def stat_fields(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the third on. The name before them may hold spaces and brackets: the fields
    that can be trusted follow the last ')'."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read(TEXT_CAP).rpartition(b")")[2].split()


def process_facts(pid: int) -> dict[str, Any] | None:
    try:
        fields = stat_fields(pid)
        with open(f"/proc/{pid}/status", "rb") as file:
            status = file.read(TEXT_CAP)
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            argv = file.read(TEXT_CAP).rstrip(b"\0").split(b"\0")
        with open(f"/proc/{pid}/comm", "rb") as file:
            name = file.read(64).rstrip(b"\n")
    except OSError:
        return None
    uid = re.search(rb"\nUid:\t\d+\t(\d+)", status)
    return {
        "pid": pid,
        "ppid": int(fields[1]),
        "state": fields[0].decode(),
        "threads": int(fields[17]),
        "started": int(fields[19]),
        "uid": int(uid.group(1)) if uid else -1,
        "name": name.decode("utf-8", "replace"),
        "argv": [part.decode("utf-8", "replace") for part in argv if part],
        "embeds_python": embeds_python(pid),
    }


def embeds_python(pid: int) -> bool:
    """Whether a process has Python's library loaded, whatever it is called: Apache with mod_wsgi, Nginx Unit."""
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:
            return b"/libpython" in file.read(FILE_CAP)
    except OSError:
        return False


def worked(pids: list[int]) -> int:
    """Clock ticks that processes have had a CPU for so far, together; one that is gone counts nothing."""
    ticks = 0
    for pid in pids[:LIST_CAP]:
        with contextlib.suppress(OSError):
            fields = stat_fields(pid)
            ticks += int(fields[11]) + int(fields[12])
    return ticks


def wakeups(pids: list[int]) -> int:
    """How often the threads of processes have gone to sleep so far: each request wakes up one that waits for it."""
    found = 0
    for pid in pids[:LIST_CAP]:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task")[:LIST_CAP]:
                with open(f"/proc/{pid}/task/{task}/status", "rb") as file:
                    counted = re.search(rb"\nvoluntary_ctxt_switches:\t(\d+)", file.read(TEXT_CAP))
                found += int(counted.group(1)) if counted else 0
    return found


def sockets() -> dict[str, Any]:
    """Listening sockets (with the pids that hold them) and the pids that hold each established TCP connection."""
    holders: dict[int, list[int]] = {}
    for process in processes():
        for link in fd_links(process["pid"]):
            if link.startswith("socket:["):
                holders.setdefault(int(link[8:-1]), []).append(process["pid"])
    listening: list[dict[str, Any]] = []
    established: list[dict[str, Any]] = []
    for name, width in (("tcp", 4), ("tcp6", 16)):
        for row in table(name):
            state, inode = row[3], int(row[9])
            if state not in ("0A", "01"):
                continue
            address, port = endpoint(row[1], width)
            fact = {"address": address, "port": port, "path": "", "pids": sorted(set(holders.get(inode, [])))}
            if state == "0A":
                listening.append(fact)
            else:
                established.append({**fact, "peer": "{}:{}".format(*endpoint(row[2], width))})
    for row in table("unix"):
        if len(row) > 7 and int(row[3], 16) & 0x10000 and row[7].startswith("/"):  # __SO_ACCEPTCON
            pids = sorted(set(holders.get(int(row[6]), [])))
            listening.append({"address": "", "port": 0, "path": row[7], "pids": pids})
    return {"listening": listening[:LIST_CAP], "established": established[:LIST_CAP]}


def partners() -> list[dict[str, Any]]:
    """The far end of every TCP connection, also of those that ended a moment ago (the kernel keeps them a minute)."""
    found = []
    for name, width in (("tcp", 4), ("tcp6", 16)):
        for row in table(name):
            if row[3] != "0A":
                address, port = endpoint(row[2], width)
                found.append({"own_port": endpoint(row[1], width)[1], "address": address, "port": port})
    return found[:LIST_CAP]


def table(name: str) -> list[list[str]]:
    """The rows of a table of /proc/net, those that listen first. Of a long one the beginning: whole rows only."""
    try:
        with open(f"/proc/net/{name}", encoding="utf-8", errors="replace") as file:
            return [line.split() for line in file.read(4 * FILE_CAP).rpartition("\n")[0].splitlines()[1:]]
    except OSError:
        return []


def endpoint(text: str, width: int) -> tuple[str, int]:
    host, port = text.split(":")
    raw = bytes.fromhex(host)
    # The kernel prints each 32-bit word in host byte order.
    words = b"".join(raw[i : i + 4][::-1] for i in range(0, width, 4)) if sys.byteorder == "little" else raw
    return socket.inet_ntop(socket.AF_INET if width == 4 else socket.AF_INET6, words), int(port, 16)


def fd_links(pid: int) -> list[str]:
    links: list[str] = []
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd")[:LIST_CAP]:
            with contextlib.suppress(OSError):
                links.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return links


def proc_text(pid: int, name: str) -> str:
    """A file of /proc/PID (mountinfo, limits, …); the environment is refused, because its values are secrets."""
    if name not in ("mountinfo", "limits", "status", "wchan", "cgroup"):
        raise ValueError(f"/proc/PID/{name} is not read")
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read(FILE_CAP).decode("utf-8", "replace")


def environ_names(pid: int) -> list[str]:
    with open(f"/proc/{pid}/environ", "rb") as file:
        return sorted({part.partition(b"=")[0].decode("utf-8", "replace") for part in file.read(FILE_CAP).split(b"\0")})


# --- what disturbs --------------------------------------------------------------------------------------------------


def send_signal(pid: int, started: int, signal: int) -> bool:
    """Signals the very process that was meant: False when `pid` is gone or belongs to another process by now."""
    if pid < 1:
        raise ValueError(f"pid {pid} is not a process")
    facts = process_facts(pid)
    if facts is None or (started and facts["started"] != started):
        return False
    os.kill(pid, signal)
    return True


def orphan(seconds: float) -> int:
    """Leaves a child to PID 1 and returns the pid of that child, which ends after `seconds`."""
    script = f"sleep {float(seconds)} >/dev/null 2>&1 & echo $!"  # else the pipe stays open until it ends
    pid = int(subprocess.run(["/bin/sh", "-c", script], stdout=subprocess.PIPE, check=True).stdout)
    ORPHANS.add(pid)
    return pid


def below(root_pid: int, path: str) -> str:
    """`path` inside the container of `root_pid`; refuses what a symlink or `..` could lead out of it."""
    parts = [part for part in path.split("/") if part]
    if not path.startswith("/") or ".." in parts:
        raise ValueError(f"{path}: only absolute paths without '..'")
    here = f"/proc/{root_pid}/root"
    for part in parts:
        here = f"{here}/{part}"
        if stat.S_ISLNK(os.lstat(here).st_mode):
            raise ValueError(f"{path}: a symbolic link on the way is not followed")
    return here


def file_times(pid: int, path: str) -> dict[str, int]:
    facts = os.lstat(below(pid, path))
    return {"atime": facts.st_atime_ns, "mtime": facts.st_mtime_ns, "size": facts.st_size, "mode": facts.st_mode}


def set_times(pid: int, path: str, atime: int, mtime: int) -> None:
    os.utime(below(pid, path), ns=(atime, mtime), follow_symlinks=False)


def list_dir(pid: int, path: str) -> list[str]:
    return sorted(os.listdir(below(pid, path)))[:LIST_CAP]


def open_regular(path: str) -> BinaryIO:
    """Opens a regular file, and nothing that became a link, a pipe or a device since somebody looked at it."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(f"{path}: not a regular file")
    return os.fdopen(number, "rb")


def read_file(pid: int, path: str) -> bytes:
    with open_regular(below(pid, path)) as file:
        return file.read(FILE_CAP)


# --- the conversation -----------------------------------------------------------------------------------------------


def answer(op: str, args: dict[str, Any]) -> object:
    if op == "ping":
        return {"hostname": socket.gethostname()}
    if op == "exchange":
        data = base64.b64decode(args["data"])
        reply = exchange(**{**args, "data": data})
        return {**reply, "raw": base64.b64encode(reply["raw"]).decode()}
    if op == "read_file":
        return base64.b64encode(read_file(**args)).decode()
    return OPERATIONS[op](**args)


OPERATIONS: dict[str, Any] = {
    "processes": processes,
    "process": lambda pid: process_facts(pid),
    "worked": worked,
    "wakeups": wakeups,
    "sockets": sockets,
    "partners": partners,
    "fd_links": fd_links,
    "proc_text": proc_text,
    "environ_names": environ_names,
    "send_signal": send_signal,
    "orphan": orphan,
    "file_times": file_times,
    "set_times": set_times,
    "list_dir": list_dir,
    "cwd": lambda pid: os.readlink(f"/proc/{pid}/cwd"),
}


def main() -> None:
    lock, slots = threading.Lock(), threading.Semaphore(AT_ONCE)

    def serve(line: str) -> None:
        request = json.loads(line)
        try:
            reply = {"id": request["id"], "value": answer(request["op"], request["args"])}
        except Exception as trouble:  # noqa: BLE001 - told to the grader, which turns it into a value of its own
            reply = {"id": request["id"], "error": f"{type(trouble).__name__}: {trouble}"}
        with lock:
            sys.stdout.write(json.dumps(reply) + "\n")
            sys.stdout.flush()
        slots.release()

    for line in sys.stdin:
        slots.acquire()
        threading.Thread(target=serve, args=(line,), daemon=True).start()


if __name__ == "__main__":
    main()
