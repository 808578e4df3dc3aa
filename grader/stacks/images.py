"""What is inside an image, layer by layer, read as a stream and never extracted to disk."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

import docker

from grader.stacks.values import ImageFacts, ImageFile

FILE_CAP = 1024 * 1024  # bytes of one file
FILES_CAP = 200_000  # entries of one image


class _Stream:
    """The chunks of an HTTP response as the file object that tarfile wants."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, count: int) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while have < count:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self._rest = data[count:]
        return data[:count]


def image_facts(api: docker.APIClient, image: str) -> ImageFacts:
    raw = api.inspect_image(image)
    config: dict[str, Any] = raw.get("Config") or {}
    history = [entry.get("CreatedBy", "") for entry in api.history(image)]
    strings = [
        *(text.partition("=")[2] for text in config.get("Env") or []),
        *(config.get("Labels") or {}).values(),
        *(config.get("Entrypoint") or []),
        *(config.get("Cmd") or []),
        *history,
    ]
    return ImageFacts(raw["Id"], raw.get("Size", 0), tuple(text for text in strings if text))


def image_files(api: docker.APIClient, image: str, wanted: Callable[[str, int], bool]) -> Iterator[ImageFile]:
    """The wanted files of every layer, in the order in which the engine sends them.

    Both layouts of `docker save` are read: one layer.tar a folder (engines before 25) and OCI blobs. A blob that is
    no archive is a manifest or a configuration, and passed over.
    """
    seen = 0
    stream = cast("IO[bytes]", _Stream(api.get_image(image, chunk_size=1024 * 1024)))
    with tarfile.open(fileobj=stream, mode="r|", bufsize=1024 * 1024) as save:
        layer = 0
        for member in save:
            if not member.isreg() or not (member.name.endswith("layer.tar") or member.name.startswith("blobs/")):
                continue
            content = save.extractfile(member)
            if content is None:
                continue
            try:
                with tarfile.open(fileobj=content, mode="r|*", bufsize=512 * 1024) as archive:
                    layer += 1
                    for entry in archive:
                        seen += 1
                        if seen > FILES_CAP:
                            return
                        if entry.isreg() and wanted(entry.name, entry.size):
                            yield ImageFile(layer, entry.name, entry.size, _reader(archive, entry))
            except tarfile.ReadError:
                continue


def _reader(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        content = archive.extractfile(entry)
        return content.read(FILE_CAP) if content else b""

    return read
