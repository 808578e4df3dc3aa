"""Commands that a learner can paste to see a fault: what a stack says gets into them as words of a shell, no more."""

from __future__ import annotations

import re
from shlex import quote
from urllib.parse import urlsplit

WHOAMI = "/bench/whoami"
ADDRESSES = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"  # of a container, for `docker inspect -f`
FORM = "-d 'user=ada&password=pinboard'"  # who everybody may be in the course's app


def curl(url: str, *options: str) -> str:
    """Asks for a page of the stack; `options` are words of a shell. Over TLS any certificate will do."""
    return " ".join((f"curl -s{'k' if url.startswith('https:') else ''}", *options, quote(url)))


def status(url: str, *options: str) -> str:
    """Asks for a page, and prints the status of the answer in a line of its own; 000 where there is none."""
    return curl(url, "-o /dev/null", "-w '%{http_code}\\n'", *options)


def sent_with(headers: tuple[tuple[str, str], ...]) -> str:
    """curl's words for some headers."""
    return " ".join(f"-H {quote(f'{name}: {value}')}" for name, value in headers)


def told(site: str, field: str, options: str = "") -> str:
    """Shows one thing that the bench says of a request."""
    return f"{curl(site + WHOAMI, *([options] if options else []))} | tr , '\\n' | grep {field}"


def timed(url: str, limit: float) -> str:
    """Shows the status of a page and how long it took; gives up 5 s after `limit`."""
    return curl(url, f"-m {limit + 5:.0f} -o /dev/null -w '%{{http_code}} after %{{time_total}} s\\n'")


def words(text: str) -> str:
    """Names with spaces between them, each a word of its own for a shell."""
    return " ".join(map(quote, text.split()))


def inside(service: str, command: str, options: str = "") -> str:
    """Runs `command`, as a shell would read it, in a service."""
    return f"docker compose exec {options}{' ' if options else ''}{quote(service)} {command}"


def python(service: str, code: str) -> str:
    """Runs a line of Python in a service. What it has from the stack must be in it as a literal (`repr`)."""
    return inside(service, f"python -c {_word(code)}")


def containers(service: str = "", *, stopped: bool = False) -> str:
    """The ids of a service's containers, for a command that wants ids."""
    return f"$(docker compose ps -{'a' if stopped else ''}q{' ' + quote(service) if service else ''})"


def _word(text: str) -> str:
    """One word of a shell, in double quotes: Python prefers single ones. A `!` would be history there."""
    return quote(text) if "!" in text else '"' + re.sub(r'([$`"]|\\(?=[$`"\\]|$))', r"\\\1", text) + '"'


def written_by_hand(request: str, site: str, wait: int = 1) -> str:
    """A shell command that sends `request` (with `\\r\\n` for the ends of lines) to `site` and prints what comes back.

    The connection is kept open for `wait` seconds, until the answers are there.
    """
    return f"(printf {quote(request)}; sleep {wait}) | {pipe(site)}"


def pipe(site: str) -> str:
    """A program that passes its input on to `site` as it is, over TLS where the site speaks TLS."""
    parts = urlsplit(site)
    if parts.scheme == "http":
        return f"curl -s -m 3 {quote(f'telnet://{parts.netloc}')}"
    # Not every system knows that names below localhost are this machine; the server is asked for the name all the same.
    return f"{tls_pipe(site)} 2>/dev/null"


def tls_pipe(site: str) -> str:
    parts = urlsplit(site)
    name = quote(parts.hostname or "")
    return f"openssl s_client -quiet -no_ign_eof -connect localhost:{parts.port} -servername {name}"


def fetched_inside(service: str, url: str) -> str:
    """Fetches a URL of the stack's own network from inside a service that has Python, and prints what comes back."""
    return python(service, f"import urllib.request as u; print(u.urlopen({url!r}).read().decode())")


def ask_server(from_service: str, service: str, port: int, host_port: int, path: str) -> str:
    """Asks a server of the stack for a path: at its published port, or from inside another service."""
    if host_port:
        return curl(f"http://localhost:{host_port}{path}")
    return fetched_inside(from_service, f"http://{service}:{port}{path}")
