"""What people see when something goes wrong."""

import traceback

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import InternalServerError, NotFound


def register(app: Flask) -> None:
    """Use our own pages instead of Flask's."""
    app.register_error_handler(404, not_found)
    app.register_error_handler(500, internal)


def not_found(error: NotFound) -> ResponseReturnValue:
    """A page in the look of the board."""
    return render_template("404.html"), 404


def internal(error: InternalServerError) -> ResponseReturnValue:
    """Say what happened, so that people can tell us."""
    cause = error.original_exception or error
    details = {"error": str(cause), "traceback": traceback.format_exception(cause)}
    return details, 500, {"X-App-Error": "1"}
