"""Only for this course: keeps certbot's memory in step with Pebble's.

Let's Encrypt knows your account for years, and its root stays the same. Pebble makes a new root each time it starts,
and remembers nobody. What certbot got from an earlier Pebble is worthless then: this forgets it, and starts the
command that obtains a certificate once more.

Usage: forget.py COMMAND...
"""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

ROOT = "https://acme:15000/roots/0"  # Pebble shows its root here
HOME = Path("/etc/letsencrypt")
KNOWN = HOME / "pebble-root.pem"  # the root that everything in HOME is from
FROM_PEBBLE = ("accounts", "archive", "live", "renewal")
LOOK_EVERY = 1  # second
PATIENCE = 10  # seconds to wait for Pebble, before the command has to see for itself


def current_root() -> bytes:
    """Pebble's root certificate as PEM; empty while Pebble does not answer."""
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    try:
        with urlopen(ROOT, timeout=2, context=context) as answer:
            return answer.read()
    except OSError:
        return b""


def forget() -> None:
    """Remove accounts and certificates."""
    for name in FROM_PEBBLE:
        shutil.rmtree(HOME / name, ignore_errors=True)


def end(process: subprocess.Popen) -> None:
    """End a command and whatever it has started."""
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def main(command: list[str]) -> int:
    """Run `command`, and run it anew whenever Pebble has a new root; returns its exit code when it ends."""
    running = None
    begun = time.monotonic()
    while running is None or running.poll() is None:
        root = current_root()
        known = KNOWN.read_bytes() if KNOWN.exists() else b""
        if root and root != known:
            if known:
                if running:
                    end(running)
                    running = None
                forget()
            KNOWN.write_bytes(root)
        if running is None and (root or time.monotonic() - begun > PATIENCE):
            running = subprocess.Popen(command, start_new_session=True)
        time.sleep(LOOK_EVERY)
    return running.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
