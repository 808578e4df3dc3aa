"""The agent's stub: the grader's own server in a sidecar, to compare a stack with. Runs there, with Python alone.

When even this one is slow to answer, it is the machine that is slow and not the stack.
"""

from __future__ import annotations

import functools
import http.server
import threading
import time
import urllib.parse
from typing import Any

LONGEST = 10.0  # seconds that an answer may be made to wait


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


OPERATIONS: dict[str, Any] = {"stub": stub}
