"""How log lines look, for the app and for Gunicorn alike: one JSON object a line, on standard output.

It stands outside the package: Gunicorn's master reads it, and must not load the app, which its workers load anew.
"""

import json
import logging
import os
from contextvars import ContextVar
from datetime import UTC, datetime

# The request that is being worked on. Every line that is written meanwhile carries its id.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What a line may say beside its message (`extra=` of a log call). A list of what is allowed, not of what is
# secret: nobody thinks of everything that is.
FIELDS = ("client", "method", "path", "status", "seconds")


class JsonLines(logging.Formatter):
    """Writes a record as a line that programs can read."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. json.dumps escapes line breaks, quotes and control characters: a line stays one line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": request_id.get(),
            "message": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,  # True, the default, silences every module that asked for its logger earlier
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"},
    },
    # One handler, at the root: what any module logs arrives there, once.
    "root": {"level": os.environ.get("LOG_LEVEL", "info").upper(), "handlers": ["stdout"]},
    "loggers": {
        "gunicorn.error": {"propagate": True},  # starts, stops, workers that hang: to the root, like all others
        "gunicorn.access": {"propagate": False},  # silent: the app writes that line itself, and knows more
    },
}
