#!/venv/bin/python3
"""Pinboard as a CGI program: one start, one answer, and the end."""

from wsgiref.handlers import CGIHandler

from wsgi import app

CGIHandler().run(app)
