"""What people see when something goes wrong."""

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
    """The same words for every failure: Flask has written the details to the log."""
    return {"error": "internal"}, 500, {"X-App-Error": "1"}
