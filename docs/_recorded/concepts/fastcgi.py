"""Pinboard as a FastCGI program: it stays, and speaks a binary form of CGI on a socket."""

from flup.server.fcgi_fork import WSGIServer

from wsgi import app

WSGIServer(app, bindAddress=("0.0.0.0", 9000), minSpare=2, maxSpare=2, maxChildren=2).run()
