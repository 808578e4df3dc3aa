"""The folder that outlives the process: the database and the uploaded pictures."""

import os
from contextlib import suppress
from pathlib import Path


def data_folder(default: str) -> Path:
    """The folder that PINBOARD_DATA names, made if needed; PermissionError when it cannot be written to."""
    folder = Path(os.environ.get("PINBOARD_DATA", default)).absolute()
    pictures = folder / "pictures"
    with suppress(PermissionError):  # said better below
        pictures.mkdir(parents=True, exist_ok=True)
    if not os.access(pictures, os.W_OK):
        raise PermissionError(
            f"Pinboard runs as user {os.getuid()}, who cannot write to {folder}. "
            "Give the folder to this user (chown --recursive), or name another one in PINBOARD_DATA."
        )
    return folder
