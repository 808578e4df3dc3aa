"""How Gunicorn serves Pinboard. `gunicorn --config gunicorn.conf.py --print-config wsgi:app` shows the rest."""

import os

from prometheus_client import multiprocess, values

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

# The numbers for Prometheus. Each worker counts in files of its own, named after its process id unless told
# otherwise. The files of the dead must stay, or counters would go backwards. But with max_requests workers die all day:
# after three thousand of them a scrape took more than a second, and the files were larger than /dev/shm.
# So a file belongs to a seat, not to a process: who takes a free seat goes on counting where the last one stopped.


def pre_fork(server, worker):
    """Give the new worker the lowest free seat."""
    taken = {other.seat for other in server.WORKERS.values()}
    worker.seat = next(seat for seat in range(len(taken) + 1) if seat not in taken)


def post_fork(server, worker):
    """In the worker, before it imports the app: name the files after the seat."""
    values.ValueClass = values.MultiProcessValue(lambda: worker.seat)


def child_exit(server, worker):
    """Forget what the dead worker said about "now", such as requests under way."""
    multiprocess.mark_process_dead(worker.seat)
