"""Starts the server and keeps the container alive."""

import subprocess
import time

subprocess.Popen(["gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"])
while True:
    time.sleep(60)
