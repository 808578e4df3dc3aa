"""Commands that a learner can paste, for requests that curl would tidy up before it sends them."""

from __future__ import annotations

from urllib.parse import urlsplit


def written_by_hand(request: str, site: str, wait: int = 1) -> str:
    """A shell command that sends `request` (with `\\r\\n` for the ends of lines) to `site` and prints what comes back.

    The connection is kept open for `wait` seconds, until the answers are there.
    """
    return f"(printf '{request}'; sleep {wait}) | {_pipe(site)}"


def _pipe(site: str) -> str:
    """A program that passes its input on to `site` as it is, over TLS where the site speaks TLS."""
    parts = urlsplit(site)
    if parts.scheme == "http":
        return f"curl -s -m 3 telnet://{parts.netloc}"
    # Not every system knows that names below localhost are this machine; the server is asked for the name all the same.
    return f"{tls_pipe(site)} 2>/dev/null"


def tls_pipe(site: str) -> str:
    parts = urlsplit(site)
    return f"openssl s_client -quiet -no_ign_eof -connect localhost:{parts.port} -servername {parts.hostname}"


def fetched_inside(service: str, url: str) -> str:
    """Fetches a URL of the stack's own network from inside a service that has Python, and prints what comes back."""
    code = f"import urllib.request as u; print(u.urlopen('{url}').read().decode())"
    return f'docker compose exec {service} python -c "{code}"'


def ask_server(from_service: str, service: str, port: int, host_port: int, path: str) -> str:
    """Asks a server of the stack for a path: at its published port, or from inside another service."""
    if host_port:
        return f"curl -s 'http://localhost:{host_port}{path}'"
    return fetched_inside(from_service, f"http://{service}:{port}{path}")
