"""A library writes the JSON; a filter adds the id of the request."""

import logging
import os
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class WithId(logging.Filter):
    """Adds the id to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"id": {"()": WithId}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": ["levelname", "name", "message", "request_id"],
            "timestamp": True,
        },
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
            "filters": ["id"],
        },
    },
    "root": {"level": os.environ.get("LOG_LEVEL", "info").upper(), "handlers": ["stdout"]},
    "loggers": {"gunicorn.error": {"propagate": True}, "gunicorn.access": {"propagate": False}},
}
