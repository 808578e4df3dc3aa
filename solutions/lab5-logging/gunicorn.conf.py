"""How Gunicorn serves Pinboard. `gunicorn --config gunicorn.conf.py --print-config wsgi:app` shows the rest."""

import os

from logging_config import LOGGING

bind = "0.0.0.0:8000"

# A worker is a process that serves one request at a time. The rule of thumb "2 x cores + 1"
# counts the cores of the host, not those that this container may use: say a number instead.
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))

# A worker that gives no sign of life for this many seconds is killed and replaced.
# Longer than the slowest honest request, shorter than the patience of the proxy in front.
timeout = 10

# The time to finish requests after SIGTERM or SIGHUP.
# Less than stop_grace_period in compose.yaml: then Docker kills whatever is left.
graceful_timeout = 8

# Each worker ends after so many requests, before a slow leak can fill the memory.
# The jitter keeps them from ending together. Low here, so that you can watch it; 1000 and more is usual.
max_requests = 300
max_requests_jitter = 50

# Workers show that they live by touching a file. In memory: a slow disk would look like a hung worker.
worker_tmp_dir = "/dev/shm"

# Gunicorn's own lines look like the app's. It writes none for each request: the app does that.
logconfig_dict = LOGGING

# Gunicorn is steered with signals here: no need for its control socket.
control_socket_disable = True
