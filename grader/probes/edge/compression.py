"""Compression: what a browser gets, and whether it is the same file once it is unpacked."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.base import Probe
from grader.probes.edge.static import Kind, StaticFiles, StaticFound, whole
from grader.probes.http import Entry, send, site
from grader.probes.pages import same_page
from grader.stacks.base import NotApplicable, Stack

UNPACKED_CAP = 5 * 1024 * 1024  # bytes of a decompressed body


@dataclass(frozen=True, slots=True)
class Packed:
    """One resource asked for with and without compression.

    `intact` says whether the decompressed bytes are the plain ones; None when nothing was compressed, or with an
    encoding that the grader cannot undo (br, zstd).
    """

    path: str
    kind: Kind
    status: int
    length: int  # bytes, plain
    encoding: str  # Content-Encoding of the answer to a browser's Accept-Encoding
    vary: str
    packed_length: int
    intact: bool | None
    plain_encoding: str  # Content-Encoding of the answer to `Accept-Encoding: identity`


@dataclass(frozen=True, slots=True)
class Compression:
    answers: tuple[Packed, ...]
    site: str


@dataclass(frozen=True)
class Compressed(Probe[Compression]):
    """The home page, a style sheet, a script, a picture and a JSON answer, each with and without compression."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Compression:
        to = stack.ask(Entry())
        try:
            found = stack.ask(StaticFiles())
        except NotApplicable:
            found = StaticFound(())
        wanted = [("/", Kind.PAGE)]
        wanted += [(f.path, f.kind) for k in (Kind.STYLE, Kind.SCRIPT, Kind.PICTURE) if (f := found.of(k))]
        if send(stack, to, "/bench/version").status == 200:
            wanted.append((f"/bench/echo/json?pad={'p' * 2000}", Kind.JSON))
        return Compression(tuple(_packed(stack, path, kind) for path, kind in wanted), site(stack, to))


def _packed(stack: Stack, path: str, kind: Kind) -> Packed:
    plain, body = whole(stack, path, {"Accept-Encoding": "identity"})
    packed, sent = whole(stack, path, {"Accept-Encoding": "gzip, br, zstd"})
    encoding = packed.header("Content-Encoding").lower()
    undone: bool | None = None
    if encoding in ("br", "zstd"):  # nothing in the standard library undoes these: look at its gzip instead
        other, other_sent = whole(stack, path, {"Accept-Encoding": "gzip"})
        if other.header("Content-Encoding").lower() == "gzip":
            undone = undoes(other_sent, body, kind)
    elif encoding not in ("", "identity"):
        undone = undoes(sent, body, kind)
    return Packed(
        path.partition("?pad=")[0],
        kind,
        plain.status,
        plain.length,
        encoding,
        packed.header("Vary"),
        packed.length,
        undone,
        plain.header("Content-Encoding").lower(),
    )


def undoes(sent: bytes, plain: bytes, kind: Kind) -> bool:
    """Whether `sent` decompresses to `plain`; a page or JSON, which may differ between two requests, to its like."""
    try:
        unpacked = zlib.decompressobj(wbits=47).decompress(sent, UNPACKED_CAP)  # 47: gzip or zlib, told by its header
    except zlib.error:
        return False
    if kind in (Kind.PAGE, Kind.JSON):
        return same_page(unpacked.decode("utf-8", "replace"), plain.decode("utf-8", "replace"))
    return unpacked == plain
