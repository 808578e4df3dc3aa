"""Pictures that people upload: told by their first bytes, never by their name."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

KINDS = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif"}
CHUNK = 64 * 1024  # bytes


class NotAPictureError(ValueError):
    """The upload is no PNG, JPEG or GIF file."""

    def __init__(self) -> None:
        """The message is shown to the person who sent the file."""
        super().__init__("That file is not a PNG, JPEG or GIF picture.")


def ending(head: bytes) -> str:
    """The file name ending for a file that starts with `head`."""
    for start, suffix in KINDS.items():
        if head.startswith(start):
            return suffix
    raise NotAPictureError


def keep(stream: IO[bytes], folder: Path) -> str:
    """Store a picture and return its name, made from its content: the same picture twice is one file."""
    head = stream.read(CHUNK)
    suffix = ending(head)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        while head:
            digest.update(head)
            file.write(head)
            head = stream.read(CHUNK)
    name = digest.hexdigest()[:24] + suffix
    os.replace(file.name, folder / name)  # in one step: nobody ever reads half a picture
    return name
