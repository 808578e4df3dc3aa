"""What a WSGI server loads: `flask run` finds this file by its name."""

from pinboard import create_app

app = create_app()
