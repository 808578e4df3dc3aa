"""The endpoints that the course's own app promises, each called once through the edge."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from grader.probes.base import COURSE_APP, Probe, in_role, nonce, wait_for
from grader.probes.http import Entry, json_of, send, site, text_of
from grader.probes.topology import WHOAMI, needs_bench, whoami
from grader.stacks.base import Stack
from grader.stacks.dealings import Address

BENCH_SOURCE = COURSE_APP / "bench"
LOG_SECONDS = 2.0  # until a logged line can be read back
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One promise: the question, and what a true answer has.

    `WORD` stands for a word that was made up for this question; an answer with `echo` holds it (or the SHA-256 of the
    body that was sent). `least` and `length` are seconds and bytes; 0 where they do not matter.
    """

    path: str
    statuses: tuple[int, ...] = (200,)
    keys: tuple[str, ...] = ()
    method: str = "GET"
    body: str = ""
    kind: str = ""  # Content-Type of the body
    echo: bool = False
    least: float = 0.0
    length: int = 0

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"


WHOAMI_KEYS = (
    "nonce", "pid", "host", "boot_id", "version", "remote_addr", "scheme", "host_header", "script_root", "url_external",
    "server_software", "mod_wsgi.process_group", "multithread", "multiprocess", "request_id",
)  # fmt: skip
BOOM = "/bench/boom"
ENDPOINTS = (
    Endpoint("/", length=2048),
    Endpoint("/healthz"),
    Endpoint("/readyz"),
    Endpoint("/me", statuses=(401,), keys=("user",)),
    Endpoint("/login"),
    Endpoint("/login", method="POST", statuses=(401,), body="user=ada&password=WORD", kind=FORM),
    Endpoint("/logout", method="POST", statuses=(302, 303), kind=FORM),
    Endpoint(f"{WHOAMI}?nonce=WORD", keys=WHOAMI_KEYS, echo=True),
    Endpoint("/bench/version", keys=("version", "contract", "bench")),
    Endpoint("/bench/slow?seconds=0.3", keys=("pid", "boot_id", "slept"), least=0.3),
    Endpoint("/bench/cpu?ms=10", keys=("pid", "boot_id", "busy")),
    Endpoint(f"{BOOM}?m=WORD", statuses=(500,)),
    Endpoint("/bench/status/418", statuses=(418,), keys=("status",)),
    Endpoint("/bench/big?kb=2", length=2048),
    Endpoint("/bench/upload", method="POST", keys=("length", "sha256"), body="WORD" * 64, echo=True),
    Endpoint("/bench/echo/WORD", method="PUT", keys=("method", "path", "query", "length", "sha256"), echo=True),
    Endpoint("/bench/log?m=WORD&level=warning", keys=("level", "logged", "printed"), echo=True),
    Endpoint("/bench/dir/", keys=("path",)),
    Endpoint("/bench/redirect", statuses=(302,)),
)


@dataclass(frozen=True, slots=True)
class Called:
    """What one endpoint answered, in the order of ENDPOINTS; `echoed` only where it was asked for."""

    name: str
    status: int
    error: str
    seconds: float
    length: int
    keys: tuple[str, ...]
    echoed: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """`logged`: the error that /bench/boom raised was found in the app's log.

    `original`: the bench says that it is the one of this course; None where the course's files are not at hand.
    """

    site: str
    called: tuple[Called, ...]
    logged: bool
    original: bool | None


@dataclass(frozen=True)
class CallAll(Probe[Contract]):
    """Every endpoint of the contract, once. NotApplicable on an app without the bench."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Contract:
        to, begun = stack.ask(Entry()), time.time()
        if not whoami(stack, to).seen:
            raise needs_bench("the endpoints of the course's own app")
        words = {endpoint: nonce() for endpoint in ENDPOINTS}
        called = tuple(_call(stack, to, endpoint, word) for endpoint, word in words.items())
        boom = next(word for endpoint, word in words.items() if endpoint.path.startswith(BOOM))
        bench = text_of(json_of(send(stack, to, "/bench/version")).get("bench"))
        original = bench == package_hash(BENCH_SOURCE) if BENCH_SOURCE.is_dir() else None
        logged = wait_for(lambda: _in_log(stack, boom, begun), LOG_SECONDS) is True
        return Contract(site(stack, to), called, logged, original)


def _call(stack: Stack, to: Address, endpoint: Endpoint, word: str) -> Called:
    body = endpoint.body.replace("WORD", word).encode()
    headers = (("Content-Type", endpoint.kind),) if endpoint.kind else ()
    path = endpoint.path.replace("WORD", word)
    answered = send(stack, to, path, method=endpoint.method, headers=headers, body=body)
    sent = hashlib.sha256(body).hexdigest() if endpoint.body else word
    return Called(
        name=endpoint.name,
        status=answered.status,
        error=answered.error,
        seconds=answered.seconds,
        length=answered.length,
        keys=tuple(sorted(json_of(answered))),
        echoed=endpoint.echo and sent in answered.body,
    )


def _in_log(stack: Stack, word: str, since: float) -> bool | None:
    return True if any(word.encode() in stack.logs(service, since) for service in in_role(stack, "app")) else None


def package_hash(folder: Path) -> str:
    """What /bench/version says of the original: SHA-256 over name, NUL, bytes, NUL of each Python file by name."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
