"""The agent's ear and pen for log lines: says something in a service's name, and looks where lines are kept.

Runs in a sidecar, with Python alone. Everything it reads or sends is bounded.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import socket
import stat
import time
from collections.abc import Iterator
from typing import Any

from grader.stacks.agent import LIST_CAP, TEXT_CAP, below, endpoint, open_regular, processes, table

DEPTH = 4  # folders below the one that is looked into
TAIL = 1024 * 1024  # bytes at the end of a file in which lines are looked for
LINES = 200  # that are returned
LINE_CAP = 4096  # bytes of a returned line
PARSED = 256 * 1024  # bytes of a line that is read as JSON
PACKET = 60_000  # bytes of one line that is sent
COUNT = 20_000  # of them
SEARCH = 8.0  # seconds for the files below all folders
CONNECT = 2.0  # seconds to connect, and to hand over a line
ROOT = "/proc/1/root"  # where the sidecar finds the files of the container


def say(pid: int, data: str, seconds: float) -> int:
    """Writes (base64) bytes to standard output of a process, as if it had said that itself; returns how many it took.

    Only into a pipe, which is what the engine reads: ValueError for a file or a terminal.
    """
    raw, deadline, done = base64.b64decode(data), time.monotonic() + seconds, 0
    path = f"/proc/{pid}/fd/1"
    if not stat.S_ISFIFO(os.stat(path).st_mode):
        raise ValueError("standard output is no pipe: the engine does not get what this service says there")
    pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    try:
        while done < len(raw) and time.monotonic() < deadline:
            if select.select([], [pipe], [], 0.05)[1]:
                with contextlib.suppress(BlockingIOError):
                    done += os.write(pipe, raw[done : done + TEXT_CAP])
    finally:
        os.close(pipe)
    return done


def kept_in() -> list[str]:
    """Folders in which a process of the namespace has a regular file open for writing, as it sees them."""
    found = set()
    for process in processes():
        own = f"/proc/{process['pid']}"
        with contextlib.suppress(OSError):
            for number in os.listdir(f"{own}/fd")[:LIST_CAP]:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    link = os.readlink(f"{own}/fd/{number}")
                    if link.startswith("/") and not link.startswith(("/dev/", "/proc/", "/sys/")):
                        with open(f"{own}/fdinfo/{number}", encoding="ascii") as file:
                            flags = int(file.read(TEXT_CAP).partition("flags:")[2].split()[0], 8)
                        if flags & os.O_ACCMODE != os.O_RDONLY:
                            found.add(os.path.dirname(link))
    return sorted(found)


def find_lines(folders: list[str], words: list[str], since: float) -> list[dict[str, Any]]:
    """Lines with one of `words` in files below `folders` that changed since `since` (seconds since the epoch).

    Each is cut at LINE_CAP; what is said of it (valid UTF-8, printable, one JSON object) is said of the whole. `words`
    are those that it has, `times` how often all told.
    """
    wanted = [word.encode() for word in words]
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + SEARCH
    for path, facts in files(folders):
        if facts.st_mtime < since - 1:
            continue
        if len(found) >= LINES or time.monotonic() > deadline:
            break
        with contextlib.suppress(OSError), open_regular(f"{ROOT}{path}") as file:
            file.seek(max(facts.st_size - TAIL, 0))
            for line in file.read(TAIL).split(b"\n"):
                has = [word for word in wanted if word in line]
                if has and len(found) < LINES:
                    found.append(
                        {
                            "path": path,
                            "line": base64.b64encode(line[:LINE_CAP]).decode(),
                            **of_line(line),
                            "words": [word.decode() for word in has],
                            "times": sum(line.count(word) for word in has),
                        }
                    )
    return found


def of_line(line: bytes) -> dict[str, Any]:
    """What a line is. NaN and Infinity are no JSON (RFC 8259 §6)."""
    try:
        text, utf8 = line.decode(), True
    except UnicodeDecodeError:
        text, utf8 = line.decode("utf-8", "replace"), False
    try:
        value = json.loads(text[:PARSED], parse_constant=_refuse)
    except (ValueError, RecursionError):
        value = None
    return {
        "length": len(line),
        "utf8": utf8,
        "printable": not any(char < " " and char != "\t" for char in text),
        "json": isinstance(value, dict),
    }


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def sizes(folders: list[str]) -> dict[str, int]:
    """How many regular files there are below `folders`, and their bytes all told."""
    listed = [facts.st_size for _, facts in files(folders)]
    return {"files": len(listed), "bytes": sum(listed)}


def files(folders: list[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files below folders of the container; no symbolic link is followed, nothing is yielded twice."""
    seen: set[str] = set()
    deadline = time.monotonic() + SEARCH
    for folder in folders:
        try:
            start = below(1, folder)
        except (OSError, ValueError):  # not there, or a link on the way
            continue
        for here, deeper, names in os.walk(start):
            if here.count("/") - start.count("/") >= DEPTH:
                deeper.clear()
            if len(seen) >= LIST_CAP or time.monotonic() > deadline:
                return
            for name in names:
                path = f"{here}/{name}".removeprefix(ROOT)
                with contextlib.suppress(OSError):
                    facts = os.lstat(f"{ROOT}{path}")
                    if stat.S_ISREG(facts.st_mode) and path not in seen and len(seen) < LIST_CAP:
                        seen.add(path)
                        yield path, facts


def hears() -> list[dict[str, Any]]:
    """The UDP ports of the namespace: address, port, and the datagrams that were dropped for want of room."""
    found = []
    for name, width in (("udp", 4), ("udp6", 16)):
        for row in table(name):
            address, port = endpoint(row[1], width)
            found.append({"address": address, "port": port, "dropped": int(row[12])})
    return found[:LIST_CAP]


def pour(address: str, port: int, protocol: str, data: str, count: int = 1, pace: float = 1e6) -> int:
    """Sends the same (base64) line `count` times to a UDP or TCP port, at `pace` bytes a second; how many went out."""
    raw, begun, sent = base64.b64decode(data)[:PACKET], time.monotonic(), 0
    with contextlib.suppress(OSError), _towards(address, port, protocol) as sock:
        for number in range(min(count, COUNT)):
            if protocol == "tcp":
                sock.sendall(raw + b"\n")
                sent += 1
            else:
                with contextlib.suppress(OSError):  # nobody listens there, or there is no way
                    sent += bool(sock.sendto(raw, (address, port)))
            time.sleep(max(number * len(raw) / pace - (time.monotonic() - begun), 0.0))
    return sent


def _towards(address: str, port: int, protocol: str) -> socket.socket:
    if protocol == "tcp":
        return socket.create_connection((address, port), timeout=CONNECT)
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


OPERATIONS: dict[str, Any] = {
    "say": say,
    "kept_in": kept_in,
    "find_lines": find_lines,
    "sizes": sizes,
    "hears": hears,
    "pour": pour,
}
