"""A service that means no good. It runs in a container, with Python alone; its one argument says what it does.

It answers like the course's app where its behaviour says nothing else, so that the grader looks closer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable

from tests.hostile.answers import ANSWERS, Gone, Send, usual
from tests.hostile.beside import ASKED, BESIDE, FIRST, HOLD, OWN
from tests.hostile.words import WORDS


def tls_drip(raw: socket.socket) -> None:
    """A handshake that goes on: one byte of a long message after the other."""
    raw.recv(4096)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    hello = b"\x02\x00\x00\x2d\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00\x00\x05\xff\x01\x00\x01\x00"
    raw.sendall(b"\x16\x03\x03\x00\x31" + hello + b"\x16\x03\x03\x40\x00\x0b\x01\x00\x00")
    while True:
        raw.sendall(b"\x00")
        time.sleep(0.0005)


def tls_noise(raw: socket.socket) -> None:
    """Records of TLS without end."""
    raw.recv(4096)
    while True:
        raw.sendall(b"\x16\x03\x03\x40\x00" + b"\x0e\x00\x00\x00" * 4096)


def tls_alerts(raw: socket.socket) -> None:
    raw.recv(4096)
    while True:
        raw.sendall(b"\x15\x03\x03\x00\x02\x01\x5a" * 1000)


RAW = {"tls-drip": tls_drip, "tls-noise": tls_noise, "tls-alerts": tls_alerts}


def serve(client: socket.socket, answer: Callable[[Send, str], None]) -> None:
    with contextlib.suppress(OSError, Gone, ValueError), client:
        if MODE in RAW:
            RAW[MODE](client)
            return
        client.settimeout(30)
        if CONTEXT is not None:
            client = CONTEXT.wrap_socket(client, server_side=True)
        raw = b""
        while b"\r\n\r\n" not in raw and len(raw) < 1_000_000:
            piece = client.recv(65_536)
            if not piece:
                return
            raw += piece
        words = raw.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if HOLD.is_set():
            time.sleep(600)
        answer(client.sendall, words[1] if len(words) > 1 else "/")
        client.shutdown(socket.SHUT_WR)
        ASKED.release()


def certificate() -> ssl.SSLContext | None:
    """From the variable CERTIFICATE, a key and a chain."""
    if not os.environ.get("CERTIFICATE"):
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(os.environ["CERTIFICATE"])
        file.flush()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file.name)
    return context


MODE = sys.argv[1]
CONTEXT = certificate()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = socket.create_server(("", int(os.environ.get("LISTEN", "8000"))), backlog=200)
    OWN.update(int(name) for name in os.listdir("/proc") if name.isdigit())
    beside = BESIDE.get(MODE)
    if beside is not None and MODE in FIRST:
        beside()
    elif beside is not None:
        threading.Thread(target=beside, daemon=True).start()
    os.write(1, b"ready\n")
    answer = (ANSWERS | WORDS).get(MODE, lambda send, path: send(usual(path)))
    while True:
        with contextlib.suppress(OSError, RuntimeError):  # no more threads, or descriptors
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client, answer), daemon=True).start()


main()
