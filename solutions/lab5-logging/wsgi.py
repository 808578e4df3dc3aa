"""What a WSGI server loads."""

from logging.config import dictConfig

from werkzeug.middleware.proxy_fix import ProxyFix

from logging_config import LOGGING
from pinboard import create_app

dictConfig(LOGGING)  # before there is an app: Flask brings a handler of its own where it finds none

app = create_app()

# Exactly one proxy stands in front, and these two headers are the ones that it sets.
# Trusting a header that it does not set would mean trusting the client.
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]  # Flask's way
