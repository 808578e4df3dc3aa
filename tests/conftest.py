"""What every test starts from."""

import contextlib
import os
import signal

from grader.stacks import throwaway

# Whoever starts the tests in the background of a shell has them ignore Ctrl-C, and all that they start as well: then a
# test of what Ctrl-C does would wait for ever. (ValueError: only the main thread may say so.)
with contextlib.suppress(ValueError):
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Workers of pytest-xdist know nothing of one another: each gives its stacks every n-th port.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
throwaway.PORTS = throwaway.PORTS[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) :: WORKERS]
