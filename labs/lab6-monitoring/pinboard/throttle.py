"""Guessing passwords is made slow: after too many wrong ones, a name has to wait.

The counters are in Redis, not in the app. Workers share no memory: with a counter in each of four
workers, a guesser had four times as many tries, and a restart would forget them all. In SQLite every
guess would be a write to the disk. Redis counts for all workers in one step, and forgets by itself.

Every function here raises `redis.RedisError` when Redis does not answer within `PATIENCE`.
"""

import hashlib

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

LIMIT = 10  # wrong passwords that a name may have ...
WINDOW = 60  # ... in so many seconds
PATIENCE = 1.0  # seconds, to connect and for each answer


def register(app: Flask) -> None:
    """Prepare the client. It connects when it is first used: the app starts without Redis, too."""
    app.extensions["redis"] = Redis.from_url(
        app.config["REDIS_URL"],
        socket_connect_timeout=PATIENCE,
        socket_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),  # its own habit is to try again for many seconds, while the visitor waits
    )


def redis() -> Redis:
    """The client of this app."""
    client: Redis = current_app.extensions["redis"]
    return client


def key(name: str) -> str:
    """Where the wrong passwords of `name` are counted. Visitors choose the name; a digest is always short."""
    return "wrong-passwords:" + hashlib.sha256(name.encode()).hexdigest()[:32]


def seconds_to_wait(name: str) -> int:
    """How long nobody may sign in as `name`; 0 when there is no need to wait."""
    count, left = redis().pipeline().get(key(name)).ttl(key(name)).execute()
    return max(left, 1) if int(count or 0) >= LIMIT else 0


def count(name: str) -> None:
    """One more wrong password for `name`. The first one starts the clock."""
    redis().pipeline().incr(key(name)).expire(key(name), WINDOW, nx=True).execute()
