"""Serves Pinboard under the name that people expect to see."""

from werkzeug.serving import WSGIRequestHandler, run_simple

from wsgi import app


class Masked(WSGIRequestHandler):
    def version_string(self) -> str:
        return "gunicorn"


run_simple("0.0.0.0", 8000, app, threaded=True, request_handler=Masked)
