"""What every test starts from."""

import contextlib
import signal

# Whoever starts the tests in the background of a shell has them ignore Ctrl-C, and all that they start as well: then a
# test of what Ctrl-C does would wait for ever. (ValueError: only the main thread may say so.)
with contextlib.suppress(ValueError):
    signal.signal(signal.SIGINT, signal.default_int_handler)
