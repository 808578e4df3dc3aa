"""Requests that take time, fail, or answer much."""

import os
import time
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from .identity import boot_id

CANARY = "canary-7f3a91c2d4"  # must never be seen outside the process
KB = bytes(i % 251 for i in range(1024))
BLOCK_KB = 64


def number(name: str, default: float, low: float, high: float) -> float:
    """A number from the query; 400 when it is none or outside `low`..`high`."""
    try:
        value = float(request.args.get(name, default))
    except ValueError:
        abort(400, f"{name} must be a number")
    if not low <= value <= high:
        abort(400, f"{name} must be {low:g} to {high:g}")
    return value


def slow() -> ResponseReturnValue:
    """Sleep `seconds` (0..60). POST too, because proxies may repeat a GET."""
    begin = time.monotonic()
    time.sleep(number("seconds", 1, 0, 60))
    return {"pid": os.getpid(), "boot_id": boot_id(), "slept": time.monotonic() - begin}


def cpu() -> ResponseReturnValue:
    """Compute for `ms` milliseconds (0..2000) without giving way."""
    begin = time.monotonic()
    end = begin + number("ms", 100, 0, 2000) / 1000
    while time.monotonic() < end:
        pass
    return {"pid": os.getpid(), "boot_id": boot_id(), "busy": time.monotonic() - begin}


def boom() -> ResponseReturnValue:
    """Fail with the message `m`; what a local variable holds must not reach the client."""
    held = CANARY  # noqa: F841  a debugger shows local variables, and this one is the proof
    raise RuntimeError(request.args.get("m", "boom"))


def status(code: int) -> ResponseReturnValue:
    """Answer with any status from 200 to 599."""
    if not 200 <= code <= 599:
        abort(400, "code must be 200 to 599")
    return {"status": code}, code


def big() -> ResponseReturnValue:
    """`kb` (1..32768) times the same 1024 bytes, with Content-Length."""
    kb = int(number("kb", 1, 1, 32768))

    def blocks() -> Iterator[bytes]:
        for done in range(0, kb, BLOCK_KB):
            yield KB * min(BLOCK_KB, kb - done)

    return Response(
        blocks(),
        mimetype="application/octet-stream",
        headers={"Content-Length": str(kb * len(KB))},
    )


def add(bp: Blueprint) -> None:
    """Add /slow, /cpu, /boom, /status and /big."""
    bp.add_url_rule("/slow", view_func=slow, methods=["GET", "POST"])
    bp.add_url_rule("/cpu", view_func=cpu)
    bp.add_url_rule("/boom", view_func=boom)
    bp.add_url_rule("/status/<int:code>", view_func=status)
    bp.add_url_rule("/big", view_func=big)
