"""One exchange on a new connection: used by the grader and by its sidecars, with Python alone."""

from __future__ import annotations

import re
import selectors
import ssl
import time
from typing import Any

from grader.stacks.connection import PIECE, Connection, HandshakeFailed, connect, reason


def exchange(
    address: str, port: int, data: bytes, seconds: float, cap: int, head_only: bool, tls: str = ""
) -> dict[str, Any]:
    """Sends `data` on a new connection and reads until the response ends, the peer closes, or a bound is reached.

    Seconds and bytes bound the whole exchange. `head_only` says that the response has no body (HEAD).
    Returns raw (bytes), error (text or ""), cut (a bound was reached), closed (by the peer), first and total seconds,
    and tls, the version that was agreed on ("" without TLS, or when the handshake failed).
    """
    start = time.monotonic()
    talk = _Talk(data, start, start + seconds, cap, head_only)
    error, version = "", ""
    try:
        with connect(address, port, talk.deadline, tls=tls) as connection:
            version = connection.version
            error = talk.go(connection)
    except TimeoutError:
        talk.cut, error = True, "timed out"
    except ConnectionRefusedError:
        error = "connection refused"
    except ConnectionResetError:
        talk.closed, error = True, "connection reset"
    except HandshakeFailed as trouble:
        error = str(trouble)
    except ssl.SSLError as trouble:  # after the handshake: TLS 1.3 lets a server refuse its client that late
        talk.closed, error = True, f"TLS failed: {reason(trouble)}"
    except OSError as trouble:
        error = trouble.strerror or type(trouble).__name__
    return {
        "raw": bytes(talk.raw),
        "error": error,
        "cut": talk.cut,
        "closed": talk.closed,
        "first": talk.first,
        "total": time.monotonic() - start,
        "tls": version,
    }


class _Talk:
    """One request and its response. A refusal may arrive while the request is still being sent: both go on at once."""

    def __init__(self, data: bytes, start: float, deadline: float, cap: int, head_only: bool) -> None:
        self.raw = bytearray()
        self.cut = self.closed = False
        self.first = 0.0
        self.deadline = deadline
        self._unsent = memoryview(data)
        self._start, self._cap, self._head_only = start, cap, head_only
        self._from = 0  # where in `raw` the final response begins: interim ones come before it
        self._hung_up = False  # the peer takes nothing more; what it said before may still be there to read

    def go(self, connection: Connection) -> str:
        """Until the end; returns the error, "" when there is none."""
        connection.settimeout(0)
        with selectors.DefaultSelector() as ready:
            ready.register(connection, selectors.EVENT_READ)
            while True:
                # Reading comes first: an answer that has arrived is not lost when sending fails.
                came = self._read(connection)
                self._from = final_from(self.raw, self._from)
                if self.closed or response_ends(self.raw, self._head_only, self._from):
                    return "connection reset" if self._hung_up and not self.raw else ""
                if len(self.raw) >= self._cap:
                    self.cut = True
                    return ""
                went = self._write(connection)
                left = self.deadline - time.monotonic()
                if left <= 0:
                    self.cut = True
                    return "timed out"
                if not (came or went):
                    waits = not self._hung_up and (bool(self._unsent) or connection.unsent)
                    ready.modify(connection, selectors.EVENT_READ | (selectors.EVENT_WRITE if waits else 0))
                    ready.select(left)

    def _read(self, connection: Connection) -> bool:
        """Takes what is there, at most a piece; whether anything was."""
        chunk = connection.recv(min(PIECE, self._cap - len(self.raw)))
        if chunk is None:
            return False
        if not chunk:
            self.closed = True
        elif not self.raw:
            self.first = time.monotonic() - self._start
        self.raw += chunk
        return True

    def _write(self, connection: Connection) -> bool:
        """Hands over at most a piece of what is unsent; whether any of it was taken."""
        if self._hung_up or not (self._unsent or connection.unsent):
            return False
        try:
            sent = connection.send(self._unsent)
        except (ConnectionError, ssl.SSLError):  # the reader finds out what the peer had to say
            self._hung_up = True
            return True
        self._unsent = self._unsent[sent:]
        return sent > 0


def final_from(raw: bytes | bytearray, start: int = 0) -> int:
    """Where the final HTTP/1 response begins in `raw`: after all interim ones (1xx, RFC 9110 §15.2) from `start` on."""
    while raw[start : start + 5] == b"HTTP/" and raw[start + 9 : start + 10] == b"1":
        end = raw.find(b"\r\n\r\n", start)
        if end < 0 or raw[start + 9 : start + 12] == b"101":  # a switch of protocols is final
            break
        start = end + 4
    return start


def response_ends(raw: bytearray, head_only: bool, start: int = 0) -> bool:
    """Whether `raw` holds a whole final HTTP/1 response. False too for one that only ends with its connection."""
    start = final_from(raw, start)
    end = raw.find(b"\r\n\r\n", start)
    if end < 0:
        return False
    head = bytes(raw[start:end]).lower()
    status = head[9:12]
    if status[:1] == b"1" and status != b"101":
        return False
    if head_only or status in (b"204", b"304"):
        return True
    if re.search(rb"\r\ntransfer-encoding:[^\r]*chunked", head):
        return raw.endswith(b"\r\n0\r\n\r\n") or raw[end + 4 :] == b"0\r\n\r\n"
    length = re.search(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r|$)", head)
    return bool(length) and len(raw) - end - 4 >= int(length.group(1)) if length else False
