"""Settings."""

import os

from flask import Flask

from .storage import data_folder


def configure(app: Flask) -> None:
    """Fill `app.config`."""
    app.config.update(
        SECRET_KEY="dev",
        GREETING="What made you smile today?",
        DATA=data_folder(app.instance_path),
        DEMO_USER=os.environ.get("PINBOARD_USER", "ada"),
        DEMO_PASSWORD=os.environ.get("PINBOARD_PASSWORD", "pinboard"),
        REPORT_PAUSE=0.25,  # seconds that the report takes for each month
    )
    print("Pinboard keeps its data in", app.config["DATA"])
