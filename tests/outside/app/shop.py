"""A small Flask app as many are: no bench, no health page, a slow report, and an error that a visitor can provoke."""

import os
import time

from flask import Flask, Response, abort, request, session

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "changeme")
NAME = os.environ.get("SITE_NAME", "a shop")
ITEMS = {1: "kettle", 2: "lamp", 3: "chair"}


@app.get("/")
def index() -> str:
    session["visits"] = session.get("visits", 0) + 1
    links = "".join(f'<li><a href="/items/{number}">{name}</a>' for number, name in ITEMS.items())
    return f"<!doctype html><title>{NAME}</title><h1>{NAME}</h1><ul>{links}</ul>"


@app.get("/items/<int:number>")
def item(number: int) -> str:
    return f"<h1>{ITEMS[number]}</h1>" if number in ITEMS else abort(404)


@app.get("/share")
def share() -> str:
    return str(100 // int(request.args["between"]))  # by nobody, it fails


@app.get("/report")
def report() -> Response:
    time.sleep(1)
    return Response("sold: 3\n", content_type="text/plain")
