"""What the app needs to serve a visitor, and whether it is there. Each is given about a second."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from flask import current_app
from redis import RedisError

from . import db, throttle

PING_WAIT = 1.0  # seconds


def database() -> bool:
    """Can the notes be read? The file is opened anew: a connection of a moment ago would prove nothing."""
    try:
        with closing(db.connect(db.path(current_app), "rw", wait=PING_WAIT)) as connection:
            connection.execute("SELECT id FROM notes LIMIT 1")
    except sqlite3.Error:
        return False
    return True


def redis() -> bool:
    """Can wrong passwords be counted? Without that nobody gets in."""
    try:
        throttle.redis().ping()
    except RedisError:
        return False
    return True


NEEDED: dict[str, Callable[[], bool]] = {"database": database, "redis": redis}


def state() -> dict[str, bool]:
    """Name of each dependency, and whether it answered."""
    return {name: answers() for name, answers in NEEDED.items()}
