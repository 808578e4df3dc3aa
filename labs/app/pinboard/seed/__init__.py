"""The notes that a new board starts with."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..pictures import keep


@dataclass(frozen=True, slots=True)
class First:
    """A note, and how many days before today it was pinned."""

    days_ago: int
    author: str
    colour: str
    text: str
    picture: str | None = None  # file in this folder


NOTES = (
    First(0, "ada", "butter", "Welcome! Sign in, write something kind, add a picture if you like."),
    First(2, "grace", "sky", "The ferry is back. First boat 6:40, and the light is worth it.", "lighthouse.png"),
    First(9, "linus", "sage", "Tomato seedlings on the stairs. Take one, name it, send news."),
    First(24, "margaret", "paper", "Found: one red mitten, left hand, near the bakery. It misses its twin."),
    First(41, "ada", "lilac", "Tuesday kitchen: soup for twelve. We are nine. Bring a spoon."),
    First(66, "edsger", "blush", "Whoever fixed the squeaky gate: the whole street slept better. Thank you."),
    First(103, "grace", "butter", "The coffee corner has a plant now. Her name is Kernel.", "coffee.png"),
    First(150, "katherine", "sky", "Star night on the roof, Friday at nine. Blankets, no torches."),
    First(151, "linus", "paper", "Lending shelf: a drill, two tents, a bread tin, one accordion (loud)."),
    First(218, "margaret", "sage", "Swap: two jars of plum jam for one good story."),
    First(290, "edsger", "lilac", "Chess in the park on Sundays. Losing is allowed and often funnier."),
)


def plant(db: sqlite3.Connection, pictures: Path) -> None:
    """Insert the first notes and store their pictures. The caller holds the write lock."""
    now = datetime.now(UTC)
    for note in reversed(NOTES):
        picture = None
        if note.picture:
            with Path(__file__).with_name(note.picture).open("rb") as file:
                picture = keep(file, pictures)
        created = (now - timedelta(days=note.days_ago)).isoformat(timespec="seconds")
        db.execute(
            "INSERT INTO notes (author, text, colour, picture, created) VALUES (?, ?, ?, ?, ?)",
            (note.author, note.text, note.colour, picture, created),
        )
