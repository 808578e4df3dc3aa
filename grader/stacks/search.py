"""The agent's search for private keys among the files of a service. Runs in a sidecar, with Python alone."""

from __future__ import annotations

import base64
import contextlib
import os
import stat
import time
from typing import Any

from grader.stacks.agent import open_regular

MARK = b"PRIVATE KEY-----"
KEY_CAP = 16_384  # bytes of a file that may be a key: a certificate chain may stand beside it
FILES_CAP = 60_000  # files that are looked at
KEYS_CAP = 40  # of which the content is handed over
SECONDS = 8.0  # for the whole search
# Below these, counted from the root, is what the kernel and the distribution put there.
PASSED = ("proc", "sys", "dev", "boot", "usr/lib", "usr/include", "usr/bin", "usr/sbin", "var/lib/dpkg")
# By their names, wherever they are: packages bring test keys, and documentation is long.
SKIPPED = ("site-packages", "dist-packages", "node_modules", "__pycache__", "doc", "locale", "man", "zoneinfo")


def find_keys(pid: int) -> dict[str, Any]:
    """`keys`: path, mode, owner and content (base64) of files that look like PEM keys, in the container of `pid`.

    `whole` says that no bound ended the search.
    """
    found, whole = keys_below(f"/proc/{pid}/root")
    return {"keys": found, "whole": whole}


def keys_below(root: str) -> tuple[list[dict[str, Any]], bool]:
    """The same below a folder. Symbolic links are not followed: what they point to is found where it is."""
    passed = {f"{root}/{path}" for path in PASSED}
    deadline, left = time.monotonic() + SECONDS, FILES_CAP
    found: list[dict[str, Any]] = []
    for folder, folders, names in os.walk(f"{root}/"):
        here = folder.rstrip("/")
        folders[:] = [
            name
            for name in folders
            if f"{here}/{name}" not in passed and name not in SKIPPED and not os.path.islink(f"{here}/{name}")
        ]
        for name in names:
            left -= 1
            if left <= 0 or len(found) >= KEYS_CAP or time.monotonic() > deadline:
                return found, False
            with contextlib.suppress(OSError):
                key = _key(f"{here}/{name}")
                if key:
                    found.append({"path": f"{here}/{name}".removeprefix(root), **key})
    return found, True


def _key(path: str) -> dict[str, Any] | None:
    facts = os.lstat(path)
    if not stat.S_ISREG(facts.st_mode) or not 100 < facts.st_size <= KEY_CAP:
        return None
    with open_regular(path) as file:
        content = file.read(KEY_CAP)
    if MARK not in content:
        return None
    return {"mode": stat.S_IMODE(facts.st_mode), "uid": facts.st_uid, "content": base64.b64encode(content).decode()}


OPERATIONS: dict[str, Any] = {"find_keys": find_keys}
