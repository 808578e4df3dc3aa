"""The database: one SQLite file, short transactions, no server.

Each process opens its own connection for each request. A writer that finds the
file locked waits up to `WAIT` seconds, so several workers can share the file.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from flask import Flask, current_app, g

from . import seed

WAIT = 5.0  # seconds
SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE notes (
    id      INTEGER PRIMARY KEY,
    author  TEXT NOT NULL,
    text    TEXT NOT NULL,
    colour  TEXT NOT NULL,
    picture TEXT,
    created TEXT NOT NULL
)
"""


def path(app: Flask) -> Path:
    """Where the file is: in the data folder, beside the uploaded pictures."""
    data: Path = app.config["DATA"]
    return data / "pinboard.sqlite"


def connect(file: Path, mode: str, wait: float = WAIT) -> sqlite3.Connection:
    """Open `file`. Mode `rwc` creates it; mode `rw` refuses when it is missing."""
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def prepare(app: Flask) -> None:
    """Create the tables and the first notes, once, however many processes start together."""
    file = path(app)
    with closing(connect(file, "rwc", wait=30.0)) as db:
        db.execute("BEGIN IMMEDIATE")  # one process goes on, the others wait here
        if db.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            db.execute(SCHEMA)
            seed.plant(db, file.parent / "pictures")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    app.teardown_appcontext(close)


def get() -> sqlite3.Connection:
    """The connection of this request, opened when first asked for."""
    if "db" not in g:
        g.db = connect(path(current_app), "rw")
    db: sqlite3.Connection = g.db
    return db


def close(error: BaseException | None) -> None:
    """Flask calls this after each request."""
    db: sqlite3.Connection | None = g.pop("db", None)
    if db is not None:
        db.close()
