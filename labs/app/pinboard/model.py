"""What a note is."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

COLOURS = ("butter", "sky", "blush", "sage", "lilac", "paper")
MAX_TEXT = 280  # characters


@dataclass(frozen=True, slots=True)
class Note:
    """One card on the board."""

    id: int
    author: str
    text: str
    colour: str
    picture: str | None  # file name in the pictures folder
    created: datetime  # UTC

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> "Note":
        """A row of the table `notes`."""
        return cls(
            row["id"],
            row["author"],
            row["text"],
            row["colour"],
            row["picture"],
            datetime.fromisoformat(row["created"]),
        )
