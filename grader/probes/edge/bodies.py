"""Request bodies: too large ones, announced or simply sent, and large ones that the site should take."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe
from grader.probes.http import Entry, HttpAnswer, answer, json_of, request, send, site
from grader.probes.topology import Named, needs_bench, require_bench
from grader.stacks.base import Stack
from grader.stacks.dealings import HOST

MIB = 1024 * 1024
LIMIT = 10 * MIB  # bytes of a body that the labs allow
TOO_LARGE = 11 * MIB
ALLOWED = 9 * MIB
PROMPT = 3.0  # seconds in which a refusal comes that does not wait for the body
SENDING = 20.0  # seconds that a whole body may take
CHUNK = 64 * 1024
UPLOAD = "/bench/upload"
OCTETS = ("Content-Type", "application/octet-stream")


def chunked(body: bytes) -> bytes:
    """`body` in chunked transfer coding (RFC 9112 §7.1)."""
    parts = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What came back; status 0 and an error when nothing did."""

    status: int
    error: str
    seconds: float


@dataclass(frozen=True, slots=True)
class OverLimit:
    """An upload of TOO_LARGE bytes to `path`: announced without being sent, announced with `Expect`, sent in chunks.

    `after` is the status of an ordinary request afterwards.
    """

    path: str
    announced: Refusal
    expected: Refusal
    streamed: Refusal
    after: int
    site: str


@dataclass(frozen=True)
class OversizedUpload(Probe[OverLimit]):
    """What becomes of an upload over the limit. Without the bench only a proxy's own limit shows, and `/` is asked."""

    seconds: ClassVar[float] = 8.0

    def ask(self, stack: Stack, /) -> OverLimit:
        path = UPLOAD if stack.ask(Named()) else "/"
        length = ("Content-Length", str(TOO_LARGE))
        with ThreadPoolExecutor() as pool:  # side by side: a server without a limit waits for each as long as we let it
            heads = ((length,), (length, ("Expect", "100-continue")))
            announced, expected = pool.map(lambda head: _refusal(_post(stack, path, head, b"", PROMPT)), heads)
        _refuse_closed(path, announced)
        bounded = announced.status == 413  # by its length: whether by what arrives, too, that page may not show
        body = chunked(bytes(TOO_LARGE))
        streamed = _refusal(_post(stack, path, (("Transfer-Encoding", "chunked"),), body, SENDING))
        if bounded:
            _refuse_closed(path, streamed)
        return OverLimit(
            path,
            announced,
            expected,
            streamed,
            send(stack, stack.ask(Entry()), "/healthz" if stack.ask(Named()) else "/").status,
            site(stack, stack.ask(Entry())),
        )


def _refuse_closed(path: str, refusal: Refusal) -> None:
    """NotApplicable when the first page takes no upload of any size: that says nothing of a limit."""
    if path == "/" and refusal.status in (404, 405):
        raise needs_bench("an endpoint that takes uploads")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the app says it got of an upload of ALLOWED bytes; `length` is -1 when it did not say."""

    how: str
    status: int
    error: str
    length: int
    intact: bool  # the app's SHA-256 is that of what was sent


@dataclass(frozen=True, slots=True)
class Uploads:
    uploads: tuple[Uploaded, ...]
    site: str


@dataclass(frozen=True)
class NormalUpload(Probe[Uploads]):
    """Two uploads of random bytes, a little under the limit: with their length announced, and in chunks."""

    seconds: ClassVar[float] = 10.0

    def ask(self, stack: Stack, /) -> Uploads:
        require_bench(stack, "an endpoint that says what it was sent")
        body = os.urandom(ALLOWED)
        known = _post(stack, UPLOAD, (("Content-Length", str(len(body))),), body, SENDING)
        parts = _post(stack, UPLOAD, (("Transfer-Encoding", "chunked"),), chunked(body), SENDING)
        digest = hashlib.sha256(body).hexdigest()
        uploads = (uploaded("with Content-Length", known, digest), uploaded("in chunks", parts, digest))
        return Uploads(uploads, site(stack, stack.ask(Entry())))


def uploaded(how: str, answered: HttpAnswer, digest: str) -> Uploaded:
    said = json_of(answered)
    length = said.get("length")
    return Uploaded(
        how,
        answered.status,
        answered.error,
        length if isinstance(length, int) else -1,
        said.get("sha256") == digest,
    )


def _post(stack: Stack, path: str, headers: tuple[tuple[str, str], ...], body: bytes, seconds: float) -> HttpAnswer:
    data = request(path, method="POST", host=stack.settings.hosts[0], headers=(*headers, OCTETS), body=body)
    return answer(stack.exchange(HOST, stack.ask(Entry()), data, seconds=seconds))


def _refusal(answered: HttpAnswer) -> Refusal:
    return Refusal(answered.status, answered.error, answered.seconds)
