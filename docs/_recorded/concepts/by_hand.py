"""Be the server: call the app once, with what a server would hand to it."""

import io
import sys

from wsgi import app

environ = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/healthz",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": True,
}


def start_response(status, headers, exc_info=None):
    print("the app said:", status)
    print("the app said:", headers)


for part in app(environ, start_response):
    print("the app gave:", part)
