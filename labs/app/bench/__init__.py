"""The instrument panel: lets you watch how the app is served.

What a test bench is to an engine. It is on only with PINBOARD_BENCH=1, everything
is under /bench/, nothing here changes the app's data. You do not edit this package:
`grader check` compares its hash with the original.
"""

from flask import Blueprint, Flask

from . import boot, identity, wire, work


def register(app: Flask) -> None:
    """Add the panel to `app`, after what the boot-time variables ask for."""
    boot.obey(app)
    bp = Blueprint("bench", __name__, url_prefix="/bench")
    identity.add(bp)
    work.add(bp)
    wire.add(bp)
    app.register_blueprint(bp)
