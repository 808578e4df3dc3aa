"""Signing in: one account, kept in a signed session cookie."""

import hmac
import logging

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from redis import RedisError

from . import throttle
from .metrics import SIGN_INS

bp = Blueprint("auth", __name__)
log = logging.getLogger(__name__)

NO_MATCH = "That user and password do not match."
TOO_MANY = "Too many wrong passwords for that name. Please wait a minute."
CLOSED = "Signing in is not possible at the moment. You can read the board."


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


def page(problem: str | None = None) -> str:
    """The sign-in form, with what went wrong."""
    return render_template("login.html", demo=is_demo(), problem=problem)


@bp.get("/login")
def form() -> ResponseReturnValue:
    """The sign-in form."""
    return page()


@bp.post("/login")
def login() -> ResponseReturnValue:
    """Sign in with the form fields `user` and `password`.

    401 when they are wrong, 429 after too many wrong ones, 503 while nobody can count them: an open
    door would be worse than a closed one.
    """
    try:
        return attempt(request.form.get("user", ""), request.form.get("password", ""))
    except RedisError as error:
        SIGN_INS.labels("unavailable").inc()
        log.error("cannot count sign-ins: %s", error)
        return page(CLOSED), 503, {"Retry-After": "5"}


def attempt(name: str, password: str) -> ResponseReturnValue:
    """Let `name` in, if the password is right and there were not too many wrong ones before."""
    wait = throttle.seconds_to_wait(name)
    if wait:
        SIGN_INS.labels("throttled").inc()
        log.warning("no sign-in of %s for %d s", name, wait)
        return page(TOO_MANY), 429, {"Retry-After": str(wait)}
    expected = credentials()
    if not (same(name, expected[0]) & same(password, expected[1])):  # `and` would stop early
        throttle.count(name)
        SIGN_INS.labels("wrong").inc()
        log.warning("failed sign-in of %s", name)  # never the password: it may be right but for a letter
        return page(NO_MATCH), 401
    session.clear()
    session["user"] = name
    SIGN_INS.labels("ok").inc()
    log.info("signed in: %s", name)
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
