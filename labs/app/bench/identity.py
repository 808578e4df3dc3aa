"""Who answers, and what does it know about the request?"""

import hashlib
import os
import secrets
import socket
from pathlib import Path

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

CONTRACT = 1  # version of the list of endpoints and of their JSON keys
_boot_ids: dict[int, str] = {}


def boot_id() -> str:
    """Random, one for each process: a worker forked from a loaded app gets its own."""
    return _boot_ids.setdefault(os.getpid(), secrets.token_hex(8))


def version() -> str:
    """The release that runs, as the deployment calls it."""
    return os.environ.get("APP_VERSION", "dev")


def package_hash(folder: Path) -> str:
    """SHA-256 over the name and bytes of each Python file in `folder`, in order of name; 64 hex digits."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def whoami() -> ResponseReturnValue:
    """The process and the request, as the app sees them. `nonce` comes back unchanged."""
    environ = request.environ
    return {
        "nonce": request.args.get("nonce"),
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "version": version(),
        "remote_addr": request.remote_addr,
        "scheme": request.scheme,
        "host_header": request.headers.get("Host"),
        "script_root": request.script_root,
        "url_external": url_for("bench.whoami", _external=True),
        "server_software": environ.get("SERVER_SOFTWARE"),
        "mod_wsgi.process_group": environ.get("mod_wsgi.process_group"),
        "multithread": environ["wsgi.multithread"],
        "multiprocess": environ["wsgi.multiprocess"],
        "request_id": request.headers.get("X-Request-ID"),
    }


def release() -> ResponseReturnValue:
    """Which release runs, and is this package the original?"""
    return {
        "version": version(),
        "contract": CONTRACT,
        "bench": package_hash(Path(__file__).parent),
    }


def add(bp: Blueprint) -> None:
    """Add /whoami and /version."""
    bp.add_url_rule("/whoami", view_func=whoami)
    bp.add_url_rule("/version", view_func=release)
