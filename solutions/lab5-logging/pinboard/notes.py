"""The board: read the notes, pin a new one."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from flask import (
    Blueprint,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask.typing import ResponseReturnValue

from . import db, pictures
from .auth import current_user
from .model import COLOURS, MAX_TEXT, Note

bp = Blueprint("notes", __name__)
log = logging.getLogger(__name__)
SHOWN = 60  # notes on the board


def folder() -> Path:
    """Where pictures are kept."""
    data: Path = current_app.config["DATA"]
    return data / "pictures"


def newest() -> list[Note]:
    """The notes on the board, newest first."""
    rows = db.get().execute("SELECT * FROM notes ORDER BY created DESC, id DESC LIMIT ?", (SHOWN,))
    return [Note.from_row(row) for row in rows]


def page(problem: str | None = None, text: str = "") -> str:
    """The board, with what was wrong with a note that could not be pinned."""
    return render_template(
        "board.html",
        notes=newest(),
        colours=COLOURS,
        max_text=MAX_TEXT,
        user=current_user(),
        problem=problem,
        text=text,
    )


@bp.get("/")
def board() -> ResponseReturnValue:
    """All notes."""
    return page()


@bp.post("/notes")
def pin() -> ResponseReturnValue:
    """Pin a note from the form fields `text`, `colour` and `picture` (optional)."""
    user = current_user()
    if user is None:
        return redirect(url_for("auth.form"), 303)
    text = request.form.get("text", "").strip()
    colour = request.form.get("colour", COLOURS[0])
    if not 1 <= len(text) <= MAX_TEXT or colour not in COLOURS:
        return page(f"A note has 1 to {MAX_TEXT} characters and one of our colours.", text), 400
    picture = request.files.get("picture")
    try:
        name = pictures.keep(picture.stream, folder()) if picture and picture.filename else None
    except pictures.NotAPictureError as error:
        return page(str(error), text), 400
    db.get().execute(
        "INSERT INTO notes (author, text, colour, picture, created) VALUES (?, ?, ?, ?, ?)",
        (user, text, colour, name, datetime.now(UTC).isoformat(timespec="seconds")),
    )
    log.info("new note by %s", user)
    return redirect(url_for("notes.board"), 303)


@bp.get("/pictures/<name>")
def picture(name: str) -> ResponseReturnValue:
    """A picture that somebody pinned. Its name never changes its content."""
    return send_from_directory(folder(), name, max_age=31_536_000)
