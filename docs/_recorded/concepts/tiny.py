"""A WSGI server in its smallest form: one request after the other, and nothing that production needs."""

import io
import socket
import sys

from wsgi import app

said = []


def start_response(status, headers, exc_info=None):
    said.extend((status, headers))


listening = socket.create_server(("0.0.0.0", 8000))
while True:
    connection, _ = listening.accept()  # 1. take a connection
    request = connection.recv(65536).decode("latin-1")  # 2. read HTTP
    method, target, protocol = request.split("\r\n")[0].split(" ")
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": protocol,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    said.clear()
    body = b"".join(app(environ, start_response))  # 3. call the app
    lines = [f"HTTP/1.1 {said[0]}", *(f"{name}: {value}" for name, value in said[1]), "Connection: close", "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1") + body)  # 4. write HTTP
    connection.close()
