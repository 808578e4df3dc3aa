"""Settings: what differs from one deployment to the next comes from the environment."""

import logging
import os

from flask import Flask

from .secret import deployment_key
from .storage import data_folder

log = logging.getLogger(__name__)


def configure(app: Flask) -> None:
    """Fill `app.config`."""
    data = data_folder(app.instance_path)
    app.config.update(
        SECRET_KEY=os.environ.get("SECRET_KEY") or deployment_key(data),
        SESSION_COOKIE_SAMESITE="Lax",  # a form on another site cannot post in your name
        SESSION_COOKIE_SECURE=True,  # the cookie travels over HTTPS only
        GREETING=os.environ.get("APP_GREETING", "What made you smile today?"),
        DATA=data,
        DEMO_USER=os.environ.get("PINBOARD_USER", "ada"),
        DEMO_PASSWORD=os.environ.get("PINBOARD_PASSWORD", "pinboard"),
        REDIS_URL=os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
        REPORT_PAUSE=0.25,  # seconds that the report takes for each month
    )
    log.info("data in %s", app.config["DATA"])
