"""The requests of one burst: each carries a word of its own, by which its lines are found in every log.

One burst serves all checks on logs: ordinary requests, an error, a slow one, secrets that must not be logged, and what
somebody sends who wants to forge lines.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from grader.probes.app.session import FORM, LOGIN
from grader.probes.base import nonce
from grader.probes.edge.clients import FAKE

ID_HEADERS = ("X-Request-ID", "X-Correlation-ID", "Request-ID", "X-Trace-ID", "traceparent")
SLEPT = (0.3, 0.35)  # seconds that the slow request takes, on the bench
CLEAR = "\x1b[2J"  # clears a terminal on which somebody reads the log
SECRET = 8  # characters from which on a cookie can be one
LONG, WIDE = 10_240, 2_048  # characters of an id that no log should repeat
# Requests that try to break lines, by name.
PATH, QUOTES, ESCAPES = "a line break in a path", "quotes in headers", "escape sequences in headers"
USER_NAME, FILE_NAME = "a line break in a user name", "a line break in the name of a static file"
MESSAGE = "a line break in a message"
MALICIOUS = (PATH, QUOTES, ESCAPES, USER_NAME, FILE_NAME, MESSAGE)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of the burst. `word` is in its path, its query or its body."""

    name: str
    word: str
    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    least: float = 0.0  # seconds that the answer takes, if all is well

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What the burst sends that nobody should find in a log; `cookie` is the Cookie header of a real login, or ""."""

    password: str
    bearer: str
    query: str
    cookie: str

    @property
    def values(self) -> tuple[str, ...]:
        """Everything that must not be shown."""
        return (self.password, self.bearer, self.query, *self.cookies)

    @property
    def cookies(self) -> tuple[str, ...]:
        """The values of the cookies, but for those too short to be a secret."""
        values = (pair.partition("=")[2] for pair in self.cookie.split("; "))
        return tuple(value for value in values if len(value) >= SECRET)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        cookie = (("Cookie", self.cookie),) if self.cookie else ()
        return (("Authorization", f"Bearer {self.bearer}"), *cookie)


def forged(word: str) -> str:
    """A line that only the app should be able to write."""
    return f'{{"level":"CRITICAL","message":"FORGED-{word}"}}'


def slow(target: str, least: float) -> Ask:
    """`target` is the slow path, with or without a query; it takes at least so many seconds."""
    return Ask("slow", word := nonce(), _with(target, word), least=least)


def _with(target: str, word: str) -> str:
    return f"{target}{'&' if '?' in target else '?'}m={word}"


def slow_seconds() -> float:
    """An odd duration: not one that other numbers of a line have."""
    return round(random.uniform(*SLEPT), 3)  # noqa: S311 - nobody has to guess it


def ordinary(bench: bool, static: str) -> Iterator[Ask]:
    """GET, POST, 404 and, where there is one, a static file."""
    yield Ask("missing", word := nonce(), f"/nope-{word}")
    if static:
        yield Ask("static", word := nonce(), _with(static, word))
    if bench:
        yield Ask("GET", word := nonce(), f"/bench/echo/{word}")
        yield Ask("POST", word := nonce(), f"/bench/echo/{word}", "POST", body=b"x" * 100)
    else:
        yield Ask("GET", word := nonce(), _with("/", word))


def secret(bench: bool, secrets: Secrets) -> Iterator[Ask]:
    """A failed sign-in, an error of the code and a page, with secrets where they belong, and one where it does not."""
    form = urlencode({"user": (word := nonce()), "password": secrets.password}).encode()
    yield Ask("login", word, LOGIN, "POST", (*FORM, *secrets.headers), form)
    if bench:
        yield Ask("boom", word := nonce(), _with("/bench/boom", word), headers=secrets.headers)
    yield Ask("token", word := nonce(), f"/nope-{word}?token={secrets.query}", headers=secrets.headers)


def malicious(bench: bool, folder: str) -> Iterator[Ask]:
    """What would end a line and begin another, end a string within JSON, or take over the reader's terminal."""
    word = nonce()
    yield Ask(PATH, word, "/" + _coded(f'{word}","level":"CRITICAL","x":"{word}\n{forged(word)}'))
    odd = f'{(word := nonce())}"\t\\\xff\xfe{word}'
    yield Ask(QUOTES, word, f"/nope-{word}", headers=(("User-Agent", odd), ("Referer", odd)))
    odd = f"{(word := nonce())}{CLEAR}{word}"
    yield Ask(ESCAPES, word, f"/nope-{word}", headers=(("User-Agent", odd), ("Referer", odd)))
    form = urlencode({"user": f"{(word := nonce())}\n{forged(word)}", "password": nonce()}).encode()
    yield Ask(USER_NAME, word, LOGIN, "POST", FORM, form)
    if folder:
        name, referer = _coded(f"{(word := nonce())}\n{forged(word)}"), (("Referer", f"{word}{CLEAR}"),)
        yield Ask(FILE_NAME, word, folder + name, headers=referer)
    if bench:
        yield Ask(MESSAGE, word := nonce(), f"/bench/log?level=warning&m={_coded(message(word))}")


def message(word: str) -> str:
    """What the bench is told to log, with a line break and an escape sequence in it."""
    return f"{word}\n{forged(word)}{CLEAR}{word}"


def _coded(text: str) -> str:
    return quote(text, safe="")


def identified(bench: bool) -> Iterator[Ask]:
    """Requests that bring an id of their own: a proper one, and three that nobody should repeat."""
    yield _log("given", str(uuid.uuid4())) if bench else _nope("given", str(uuid.uuid4()))
    yield _nope("an id of 10 KB", "a" * LONG)
    yield _nope("an id of 2 KB", "b" * WIDE)
    yield _nope("an id with quotes and an escape sequence", f'{nonce()}"}}{CLEAR}')


def from_clients() -> Iterator[Ask]:
    """An honest request, and one of somebody who claims to be another."""
    for name, headers in (("client", ()), ("spoofing client", (("X-Forwarded-For", FAKE),))):
        yield Ask(name, word := nonce(), f"/nope-{word}", headers=headers)


def awaited(bench: bool) -> Iterator[Ask]:
    """What the bench logs and prints, and a last request: where that one is, all others are."""
    if bench:
        yield from (_log("again"), _log("info", level="info"), _log("warning"))
    yield Ask("last", word := nonce(), f"/nope-{word}")


def _nope(name: str, given: str) -> Ask:
    return Ask(name, word := nonce(), f"/nope-{word}", headers=((ID_HEADERS[0], given),))


def _log(name: str, given: str = "", level: str = "warning") -> Ask:
    """Makes the bench log a line, and print one."""
    headers = ((ID_HEADERS[0], given),) if given else ()
    return Ask(name, word := nonce(), f"/bench/log?m={word}&level={level}", headers=headers)
