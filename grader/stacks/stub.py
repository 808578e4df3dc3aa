"""The agent's stub: the grader's own server in a sidecar, to compare a stack with. Runs there, with Python alone.

When even this one is slow to answer, it is the machine that is slow and not the stack.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http.server
import socket
import socketserver
import threading
import time
import urllib.parse
from typing import Any

LONGEST = 10.0  # seconds that an answer may be made to wait
LINE_CAP = 8192  # bytes of one line of a request
ASKED_CAP = 20  # requests whose first line is kept


class _Stub(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        time.sleep(min(float(query.get("seconds", ["0"])[0]), LONGEST))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Standard error is for an agent that cannot start."""


@functools.cache
def stub() -> int:
    """The port, on the sidecar's loopback address, of a server that answers 200 after `?seconds=` (default 0)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Stub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


ASKED: list[str] = []  # the first lines of the requests that `reply` was sent for


class _Reply(socketserver.StreamRequestHandler):
    timeout = LONGEST
    reply = b""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            first = self.rfile.readline(LINE_CAP).decode("latin-1").strip()
            while self.rfile.readline(LINE_CAP).strip():
                pass
            if first and len(ASKED) < ASKED_CAP:
                ASKED.append(first)
            self.wfile.write(type(self).reply)


class _ReplyServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class _ReplyServer6(_ReplyServer):
    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


def reply(ports: list[int], data: str) -> list[int]:
    """Gives the same bytes (`data`, base64) to every request on `ports`, whoever asks; returns the ports that it got.

    Asked again, it changes the answer.
    """
    _Reply.reply = base64.b64decode(data)
    return [port for port in ports if _serving(port)]


@functools.cache
def _serving(port: int) -> bool:
    got = []
    for server, anywhere in ((_ReplyServer, "0.0.0.0"), (_ReplyServer6, "::")):
        with contextlib.suppress(OSError):
            got.append(server((anywhere, port), _Reply))
            threading.Thread(target=got[-1].serve_forever, daemon=True).start()
    return bool(got)


OPERATIONS: dict[str, Any] = {"stub": stub, "reply": reply, "asked": lambda: ASKED}
