"""Keeps the cores of this machine busy for a while."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOOP = """
import os, sys
parent = int(sys.argv[1])
while os.getppid() == parent:  # also when nobody is left to end it
    pass
"""


@contextmanager
def busy(loops: int) -> Iterator[tuple[int, ...]]:
    """So many processes that never rest, while the block runs; yields their ids."""
    words = [sys.executable, "-c", LOOP, str(os.getpid())]
    running = [subprocess.Popen(words, stdin=subprocess.DEVNULL) for _ in range(loops)]
    try:
        yield tuple(loop.pid for loop in running)
    finally:
        for loop in running:
            loop.kill()
        for loop in running:
            loop.wait(10)
