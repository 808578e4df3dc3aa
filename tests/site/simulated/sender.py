"""Sends requests at fixed moments and writes down when each was answered. Runs in a container of the stack's network.

Reads {"host", "port", "requests": [[at, seconds, hold], ...]} as JSON from standard input, all in seconds. Every
request starts at its own moment, whatever became of those before: an open model, as visitors do not wait for each
other. `hold` is how long a slow client takes to send its headers, one byte at a time. A latency counts from the moment
that was planned, so a sender that is late itself does not hide it. Standard library only, and no line of the model.
"""

import asyncio
import json
import sys
import time
from typing import Any

PATIENCE = 90.0  # seconds that a client waits
BYTE_EVERY = 0.25  # seconds between two bytes of a slow client
TICK = 0.05  # seconds; how late a plain sleep of this length ends says how busy the machine was


async def send(host: str, port: int, seconds: float, hold: float) -> tuple[int, int]:
    """Status and the process that answered; 0 for what did not come."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        head = f"GET /bench/slow?seconds={seconds} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        writer.write(head.encode())
        await writer.drain()
        begun = time.monotonic()
        if hold:
            writer.write(b"X-Slow: ")
        while time.monotonic() - begun < hold:
            writer.write(b"s")
            await writer.drain()
            await asyncio.sleep(min(BYTE_EVERY, max(0.0, hold - (time.monotonic() - begun))))
        writer.write(b"\r\n\r\n" if hold else b"\r\n")
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    top, _, body = answer.partition(b"\r\n\r\n")
    status = int(top.split(b" ", 2)[1]) if top else 0
    return status, int(json.loads(body)["pid"]) if status == 200 else 0


async def one(plan: dict[str, Any], begun: float, request: list[float]) -> list[float]:
    """[at, seconds, hold, latency, status, pid, late]"""
    at, seconds, hold = request
    await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
    late = time.monotonic() - begun - at
    try:
        status, pid = await asyncio.wait_for(send(plan["host"], plan["port"], seconds, hold), PATIENCE)
    except (OSError, TimeoutError):
        status, pid = 0, 0
    return [at, seconds, hold, round(time.monotonic() - begun - at, 4), status, pid, round(late, 4)]


async def watch(ticks: list[float]) -> None:
    """How late each tick came, for as long as this runs."""
    while True:
        begun = time.monotonic()
        await asyncio.sleep(TICK)
        ticks.append(time.monotonic() - begun - TICK)


async def main() -> None:
    plan = json.load(sys.stdin)
    ticks: list[float] = []
    watcher = asyncio.create_task(watch(ticks))
    begun = time.monotonic() + 0.5
    answers = await asyncio.gather(*(one(plan, begun, request) for request in plan["requests"]))
    watcher.cancel()
    ticks.sort()
    noise = {"p50": ticks[len(ticks) // 2], "p95": ticks[int(len(ticks) * 0.95)], "max": ticks[-1]}
    json.dump({"requests": answers, "noise": {name: round(late, 4) for name, late in noise.items()}}, sys.stdout)


asyncio.run(main())
