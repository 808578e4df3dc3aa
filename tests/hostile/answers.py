"""Answers that mean no good, to whoever asks. They run in a container, with Python alone."""

from __future__ import annotations

import gzip
import json
import os
import socket
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

ESC = "\x1b[31m\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x9b2J\r\x08"
BIDI = "\u202eexe.\u2066fdp\u2069\u200b\u200d\ufeff\u2028\U000e0041\u115f\u034f"
MARKUP = "[bold red]x[/] <script>alert(1)</script> **b** `x` {0} {stack} %s %n $(touch /tmp/owned) ';touch /tmp/owned;'"
EVERYTHING = f"{ESC}{BIDI}{MARKUP}"
ELSEWHERE = os.environ.get("ELSEWHERE", "198.51.100.1")
PIECE = b"a" * 65_536
PAGE = """<!doctype html>
<title>Pinboard</title>
<link rel="stylesheet" href="/static/app.css">
<script src="/static/app.js"></script>
<p>One line of text, and one more.
""" + "<p>filler\n" * 300  # fmt: skip


class Gone(Exception):
    """The client has hung up."""


def head(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("utf-8", "surrogateescape")


def whole(body: str | bytes, *headers: str, status: str = "200 OK") -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return head(status, f"Content-Length: {len(data)}", "Connection: close", *headers) + data


def who(path: str) -> dict[str, object]:
    nonce = parse_qs(urlsplit(path).query).get("nonce", [""])[0]
    return {"nonce": nonce, "pid": os.getpid(), "host": socket.gethostname(), "boot_id": "x"}


def usual(path: str) -> bytes:
    """What a harmless app would say."""
    bare = urlsplit(path).path
    if bare == "/bench/whoami":
        return whole(json.dumps(who(path)), "Content-Type: application/json")
    if bare == "/":
        return whole(PAGE, "Content-Type: text/html")
    if bare.startswith("/static/"):
        return whole("body{}" * 100, "Content-Type: text/css")
    return whole("ok") if bare in ("/healthz", "/readyz") else whole("no", status="404 Not Found")


Send = Callable[[bytes], None]


def for_ever(send: Send, piece: bytes, pause: float = 0.0) -> None:
    while True:
        send(piece)
        if pause:
            time.sleep(pause)


def endless_body(send: Send, path: str) -> None:
    send(head("200 OK"))
    for_ever(send, PIECE)


def dripping_body(send: Send, path: str) -> None:
    send(head("200 OK", "Content-Length: 100000"))
    for_ever(send, b"a", 0.1)


def endless_headers(send: Send, path: str) -> None:
    send(b"HTTP/1.1 200 OK\r\n")
    for_ever(send, b"X-More: " + b"a" * 50 + b"\r\n")


def dripping_headers(send: Send, path: str) -> None:
    send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for_ever(send, b"a", 0.1)


def endless_status(send: Send, path: str) -> None:
    send(b"HTTP/1.1 200 ")
    for_ever(send, PIECE)


def huge_header(send: Send, path: str) -> None:
    send(b"HTTP/1.1 200 OK\r\nX-Big: " + b"b" * 1_500_000 + b"\r\nContent-Length: 2\r\n\r\nok")


def interim_flood(send: Send, path: str) -> None:
    for_ever(send, b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n")


def hints_flood(send: Send, path: str) -> None:
    for_ever(send, b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 50)


def absurd_length(send: Send, path: str) -> None:
    send(head("200 OK", "Content-Length: 1000000000000000000") + b"only this")
    time.sleep(60)


def broken_length(send: Send, path: str) -> None:
    send(head("200 OK", "Content-Length: " + "9" * 5000, "Content-Length: -5", "Transfer-Encoding: nothing") + b"x")


def endless_chunks(send: Send, path: str) -> None:
    send(head("200 OK", "Transfer-Encoding: chunked"))
    for_ever(send, b"1;" + b"e=x;" * 100 + b"\r\na\r\n")


def lying_chunks(send: Send, path: str) -> None:
    send(head("200 OK", "Transfer-Encoding: chunked") + b"ffffffffffffffffffff\r\nabc\r\n-1\r\n\r\nzz\r\n0\r\n")


def gzip_bomb(send: Send, path: str) -> None:
    if urlsplit(path).path.startswith("/bench"):
        send(usual(path))
    else:
        send(whole(bomb(), "Content-Encoding: gzip", "Content-Type: text/html", "Vary: Accept-Encoding"))


BOMB: list[bytes] = []


def bomb() -> bytes:
    """A gigabyte of zeros, packed twice."""
    if not BOMB:
        zeros = gzip.compress(bytes(16 * 1024 * 1024), 9)
        BOMB.append(b"".join([zeros] * 64))
    return BOMB[0]


def silence(send: Send, path: str) -> None:
    time.sleep(60)


def hang_up(send: Send, path: str) -> None:
    raise Gone


def garbage(send: Send, path: str) -> None:
    send(os.urandom(300_000) + ESC.encode() + b"\r\n\r\n")


def trailing(send: Send, path: str) -> None:
    send(usual(path).replace(b"Connection: close", b"Connection: keep-alive"))
    for_ever(send, PIECE)


def upgrade(send: Send, path: str) -> None:
    send(head("101 Switching Protocols", "Upgrade: nothing", "Connection: Upgrade"))
    for_ever(send, b"\x00" * 100, 0.05)


def odd_version(send: Send, path: str) -> None:
    send(b"HTTP/9.9 999999 " + ESC.encode() + b"\r\n : empty name\r\nno colon at all\r\n\r\n")


def many_headers(send: Send, path: str) -> None:
    body = json.dumps(who(path)) if "whoami" in path else PAGE
    send(whole(body, *[f"Set-Cookie: c{n}={'v' * 900}; Path=/{n}; {EVERYTHING[-40:]}" for n in range(95)]))


def json_bomb(send: Send, path: str) -> None:
    deep = "[" * 200_000 if len(path) % 2 else '{"a":' * 600 + "1e9999" + "}" * 600
    send(whole(deep, "Content-Type: application/json"))


def wrong_json(send: Send, path: str) -> None:
    odd = {"nonce": who(path)["nonce"], "pid": -(10**30), "host": ["x"] * 9, "boot_id": {"a": EVERYTHING}}
    send(whole(json.dumps(odd) if "whoami" in path else json.dumps([None] * 3), "Content-Type: application/json"))


def html_bomb(send: Send, path: str) -> None:
    if urlsplit(path).path not in ("/", "/x"):
        send(usual(path))
        return
    links = (
        "http://[",
        "/static/a\r\nHost: evil",
        f"//{ELSEWHERE}/x.css",
        "/static/\u202e\x1b[31m.css",
        "javascript:1",
        "../../..",
    )
    page = "".join(f'<link rel=stylesheet href="{link}"><script src="{link}"></script>' for link in links)
    send(whole(page + "<a href='" + "<" * 100_000 + "<div>" * 100_000, "Content-Type: text/html"))


def open_tags(send: Send, path: str) -> None:
    send(whole('<a href="' * 200_000, "Content-Type: text/html") if urlsplit(path).path == "/" else usual(path))


ANSWERS: dict[str, Callable[[Send, str], None]] = {
    "endless-body": endless_body,
    "dripping-body": dripping_body,
    "endless-headers": endless_headers,
    "dripping-headers": dripping_headers,
    "endless-status": endless_status,
    "huge-header": huge_header,
    "interim-flood": interim_flood,
    "hints-flood": hints_flood,
    "absurd-length": absurd_length,
    "broken-length": broken_length,
    "endless-chunks": endless_chunks,
    "lying-chunks": lying_chunks,
    "gzip-bomb": gzip_bomb,
    "silence": silence,
    "hang-up": hang_up,
    "garbage": garbage,
    "trailing": trailing,
    "upgrade": upgrade,
    "odd-version": odd_version,
    "many-headers": many_headers,
    "json-bomb": json_bomb,
    "wrong-json": wrong_json,
    "html-bomb": html_bomb,
    "open-tags": open_tags,
    "endless-metrics": lambda send, path: endless_body(send, path) if "metrics" in path else send(usual(path)),
    "odd-metrics": lambda send, path: send(
        whole(f'# TYPE x_total counter\nx_total{{a="{BIDI}\x1b[31m"}} 1e999\n' * 20_000, "Content-Type: text/plain")
        if "metrics" in path
        else usual(path)
    ),
}
