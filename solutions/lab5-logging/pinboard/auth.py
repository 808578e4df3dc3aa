"""Signing in: one account, kept in a signed session cookie."""

import hmac
import logging

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("auth", __name__)
log = logging.getLogger(__name__)


def current_user() -> str | None:
    """Who is signed in, or None."""
    user: str | None = session.get("user")
    return user


def is_demo() -> bool:
    """True while the account is the one that the sign-in page prints."""
    return credentials() == ("ada", "pinboard")


def credentials() -> tuple[str, str]:
    """User name and password of the one account."""
    return current_app.config["DEMO_USER"], current_app.config["DEMO_PASSWORD"]


def same(given: str, expected: str) -> bool:
    """Compare in constant time: the duration must not tell how much was right."""
    return hmac.compare_digest(given.encode(), expected.encode())


@bp.get("/login")
def form() -> ResponseReturnValue:
    """The sign-in form."""
    return render_template("login.html", demo=is_demo())


@bp.post("/login")
def login() -> ResponseReturnValue:
    """Sign in with the form fields `user` and `password`; 401 when they are wrong."""
    user, password = credentials()
    given = request.form.get("user", ""), request.form.get("password", "")
    if not (same(given[0], user) & same(given[1], password)):  # `and` would stop early
        log.warning("failed sign-in of %s", given[0])  # never given[1]: it may be right but for a letter
        return render_template("login.html", demo=is_demo(), failed=True), 401
    session.clear()
    session["user"] = user
    log.info("signed in: %s", user)
    return redirect(url_for("notes.board"), 303)


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """Forget who was signed in."""
    session.clear()
    return redirect(url_for("notes.board"), 303)


@bp.get("/me")
def me() -> ResponseReturnValue:
    """Who is signed in, as JSON; 401 when nobody is."""
    user = current_user()
    return {"user": user}, 200 if user else 401
