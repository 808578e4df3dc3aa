"""Broken releases, made with boot-time variables: never over HTTP."""

import os
import time

from flask import Flask, abort, request


def obey(app: Flask) -> None:
    """Do what APP_START_DELAY (seconds) and APP_BREAK ask for.

    APP_BREAK: none, boot-exit (the process ends), boot-hang (it never gets ready),
    ready-500 (it runs, and /readyz answers 500).
    """
    time.sleep(float(os.environ.get("APP_START_DELAY", "0")))
    match os.environ.get("APP_BREAK", "none"):
        case "none":
            return
        case "boot-exit":
            raise RuntimeError("APP_BREAK=boot-exit: this release does not start")
        case "boot-hang":
            while True:
                time.sleep(60)
        case "ready-500":
            app.before_request(never_ready)
        case other:
            raise ValueError(f"APP_BREAK={other}: use none, boot-exit, boot-hang or ready-500")


def never_ready() -> None:
    """Runs before each request."""
    if request.path == "/readyz":
        abort(500)
