"""Pinboard: people pin notes, with or without a picture."""

import os

from flask import Flask

from . import assets, auth, db, errors, health, metrics, notes, report, requestlog, throttle
from .config import configure


def create_app() -> Flask:
    """Build the app and make its database ready; safe in several processes at once."""
    app = Flask(__name__)
    configure(app)
    requestlog.register(app)  # before all other hooks: its id is in their lines, too
    metrics.register(app)
    db.prepare(app)
    throttle.register(app)
    assets.register(app)
    errors.register(app)
    for part in (auth, health, notes, report):
        app.register_blueprint(part.bp)
    if os.environ.get("PINBOARD_BENCH") == "1":
        import bench

        bench.register(app)
    return app
