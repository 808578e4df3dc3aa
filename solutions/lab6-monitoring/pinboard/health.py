"""Two questions that machines ask."""

import logging

from flask import Blueprint
from flask.typing import ResponseReturnValue

from . import dependencies

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Does the process answer? "No" means: restart it. So it asks nobody else: a restart here heals no Redis there."""
    return {"status": "ok"}


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Could a visitor be served now? "No" (503) means: send visitors elsewhere, and look at what is missing."""
    missing = [name for name, answers in dependencies.state().items() if not answers]
    if missing:
        log.error("not ready: no %s", ", ".join(missing))
        return {"status": "not ready"}, 503
    return {"status": "ready"}
