"""Redirects, texts and log lines that mean no good. They run in a container, with Python alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.hostile.answers import BIDI, ELSEWHERE, ESC, MARKUP, PAGE, Send, usual, who, whole

# --- redirects ------------------------------------------------------------------------------------------------------


def to(location: str) -> Callable[[Send, str], None]:
    def answer(send: Send, path: str) -> None:
        if urlsplit(path).path == "/bench/whoami":
            send(usual(path))
        else:
            send(whole("", "Location: " + location.replace("PATH", path), status="302 Found"))

    return answer


def own_port() -> str:
    return os.environ.get("OWN_PORT", "8000")


def deeper(send: Send, path: str) -> None:
    send(whole("", f"Location: http://localhost:{own_port()}{path.rstrip('/')}/x", status="302 Found"))


# --- text -----------------------------------------------------------------------------------------------------------


def hostile_text(text: str) -> Callable[[Send, str], None]:
    def answer(send: Send, path: str) -> None:
        line = text.replace("\r", "")
        headers = (
            f"Server: nginx/1.2 {line}",
            f"X-Powered-By: {line}",
            f"Set-Cookie: s={line}",
            f"Content-Type: text/html; {line}",
        )
        os.write(1, f"asked for {path}: {text}\n".encode())
        if "whoami" in path:
            send(whole(json.dumps(who(path) | {"boot_id": text, "remote_addr": text, "url_external": text}), *headers))
        elif path == "/":
            send(whole(f"{PAGE}{text}", *headers))
        else:
            send(whole(f"Traceback (most recent call last): {text}", *headers, status=f"500 {line}"))

    return answer


# --- logs -----------------------------------------------------------------------------------------------------------


def logging(write: Callable[[], None]) -> Callable[[Send, str], None]:
    def answer(send: Send, path: str) -> None:
        write()
        send(usual(path))

    return answer


def flood() -> None:
    """Writes as fast as it is read; the container's own log settings bound what is kept."""
    for _ in range(200):
        os.write(1, b"x" * 4000 + b"\n")


def one_line() -> None:
    for _ in range(60):
        os.write(1, b"y" * 60_000)


def log_bomb() -> None:
    os.write(
        1, b'{"a":' * 3000 + b"\n" + b"[" * 100_000 + b"\n" + b'{"level":1' + b"0" * 9000 + b"}\n" + b"\xff\xfe\x00\n"
    )


WORDS: dict[str, Callable[[Send, str], None]] = {
    "to-elsewhere": to(f"http://{ELSEWHERE}/PATH"),
    "to-metadata": to("http://169.254.169.254/latest/meta-data/"),
    "to-itself": to("PATH"),
    "deeper": deeper,
    "to-no-url": to("http://[\x01::\u202e';touch /tmp/owned;'"),
    "to-a-shell": to("/#';touch /tmp/owned;'"),
    "escapes": hostile_text(ESC),
    "bidi": hostile_text(BIDI),
    "markup": hostile_text(MARKUP),
    "flood": logging(flood),
    "one-line": logging(one_line),
    "log-bomb": logging(log_bomb),
    "to-metadata-root": to("http://169.254.169.254/"),
}
