"""The key that signs session cookies, for deployments that bring none of their own."""

import os
import secrets
import tempfile
from pathlib import Path


def deployment_key(data: Path) -> str:
    """A random key, made once for each data folder and then kept there.

    It is in no image and no repository, all workers share it, and it survives restarts.
    """
    file = data / "secret_key"
    if not file.exists():
        write_once(file, secrets.token_hex(32))
    return file.read_text()


def write_once(file: Path, text: str) -> None:
    """Write `file`, for its owner alone, unless another process was first."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        os.link(draft, file)  # the finished file gets its name in one step, and only once
    except FileExistsError:
        pass  # the other process's key is as good
    finally:
        os.unlink(draft)
