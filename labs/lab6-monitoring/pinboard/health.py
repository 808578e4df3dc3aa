"""Two questions that machines ask."""

import logging
import sqlite3
from contextlib import closing

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from redis import RedisError

from . import db, throttle

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)
PING_WAIT = 1.0  # seconds


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Does the process answer, and Redis?"""
    try:
        throttle.redis().ping()
    except RedisError as error:
        log.error("not healthy: %s", error)
        return {"status": "no redis"}, 503
    return {"status": "ok"}


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Could a visitor be served now? 503 when the database does not answer in time."""
    try:
        with closing(db.connect(db.path(current_app), "rw", wait=PING_WAIT)) as connection:
            connection.execute("SELECT id FROM notes LIMIT 1")
    except sqlite3.Error as error:
        log.error("not ready: %s", error)
        return {"status": "not ready"}, 503
    return {"status": "ready"}
