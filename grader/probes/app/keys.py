"""Which key signed the session cookie? Flask signs with itsdangerous: whoever finds the key can sign in as anybody.

A cookie is `payload.timestamp.signature`; the signature is an HMAC-SHA1 with a key that is itself the HMAC-SHA1 of the
salt "cookie-session" with SECRET_KEY (itsdangerous, URLSafeTimedSerializer; flask.sessions). It is computed here by
hand, because the library's objects cost twenty times as much for every key that is tried.
"""

from __future__ import annotations

import ast
import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from grader.probes.app.session import entered, jar_of, log_in
from grader.probes.base import COURSE_APP, Probe, in_role
from grader.probes.http import Entry, HttpAnswer, send
from grader.stacks.base import NotApplicable, Stack

SALT = b"cookie-session"
SIGNATURE = 20  # bytes of SHA-1
SHOWN = 4  # characters of a key that was found

# What people write for the time being, and what tutorials and documentation show. A lone byte that is no UTF-8 stands
# here as Python's surrogateescape writes it.
WORDS = (
    "dev", "devel", "development", "secret", "secret key", "secret-key", "secret_key", "secretkey", "SECRET_KEY",
    "mysecret", "my-secret", "my_secret", "mysecretkey", "my-secret-key", "my_secret_key", "my secret key",
    "my precious", "my_precious", "supersecret", "super-secret", "super_secret", "super secret", "supersecretkey",
    "super-secret-key", "super secret key", "topsecret", "top-secret", "top secret", "very-secret", "verysecret",
    "not-so-secret", "notsecret", "changeme", "change-me", "change_me", "change me", "CHANGEME", "CHANGE_ME",
    "changethis", "change-this", "replace-me", "replaceme", "please-change-me", "default",
    "placeholder", "example", "sample", "test", "testing", "test-key", "testkey", "test_secret", "test-secret",
    "debug", "local", "localhost", "production", "prod", "staging", "flask", "Flask", "flask-secret",
    "flask-secret-key", "flask_secret_key", "app", "application", "myapp", "my-app", "web", "website", "session",
    "cookie", "key", "mykey", "my-key", "my_key", "token", "signing-key", "password", "passw0rd", "Password1",
    "p@ssw0rd", "admin", "administrator", "root", "user", "guest", "letmein", "qwerty", "qwertyuiop", "abc", "abc123",
    "abcdef", "asdf", "asdfgh", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890",
    "0", "1", "a", "x", "xxx", "foo", "bar", "foobar", "foo bar baz", "hello", "hello world", "hard to guess string",
    "hard-to-guess", "you-will-never-guess", "never-guess", "this is a secret", "thisisasecret", "this-is-a-secret",
    "thisisasecretkey", "this is my secret", "a secret", "asecret", "random", "random string", "some random string",
    "s3cr3t", "s3cret", "secret123", "secret!", "secret_key_here", "your-secret-key", "your_secret_key",
    "your-secret-key-here", "your_secret_key_here", "yoursecretkey", "your secret key", "<your-secret-key>",
    "insecure", "insecure-key", "unsafe", "none", "None", "null", "undefined", "true", "True", "False", "SECRET", " ",
    "''", '""', "$SECRET_KEY", "${SECRET_KEY}", "os.urandom(24)", "os.urandom(32)", "A0Zr98j/3yX R~XHH!jmN]LWX/,?RT",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", "_5#y2L\"F4Q8z\n\udcec]/",
    "_5#y2L\"F4Q8z\n\xec]/", "BAD_SECRET_KEY",
    "pinboard", "Pinboard", "pinboard-secret", "bench",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Seal:
    """The signature of a cookie, and what it signs."""

    signed: bytes
    signature: bytes

    def opens_with(self, key: str) -> bool:
        """Whether `key` made this signature."""
        derived = hmac.digest(key.encode("utf-8", "surrogateescape"), SALT, "sha1")
        return hmac.digest(derived, self.signed, "sha1") == self.signature


def seal_of(value: str) -> Seal | None:
    """The seal of a cookie that Flask signed; None for any other (an opaque id of a session kept elsewhere)."""
    signed, _, tail = value.strip('"').rpartition(".")
    if "." not in signed.lstrip(".") or not re.fullmatch(r"[A-Za-z0-9_-]+", tail):
        return None
    try:
        signature = base64.urlsafe_b64decode(tail + "=" * (-len(tail) % 4))
    except binascii.Error:
        return None
    return Seal(signed.encode(), signature) if len(signature) == SIGNATURE else None


def live_seals(stack: Stack) -> tuple[Seal, ...]:
    """The seals of the cookies of a fresh login, for probes, never for evidence; empty when Flask signed none.

    Where nobody can sign in, a visitor's first page may come with a signed cookie, too: it is the same key.
    """
    to = stack.ask(Entry())
    try:
        return _seals(entered(log_in(stack, to)).answer)
    except NotApplicable:
        seals = _seals(send(stack, to, "/"))
        if seals:
            return seals
        raise


def _seals(answered: HttpAnswer) -> tuple[Seal, ...]:
    return tuple(seal for _, value in jar_of(answered) if (seal := seal_of(value)))


def key_among(keys: Iterable[str], seals: Iterable[Seal]) -> str | None:
    """The first of `keys` that made one of the seals."""
    held = tuple(seals)
    return next((key for key in keys if any(seal.opens_with(key) for seal in held)), None)


def strings_of(folder: Path) -> Iterator[str]:
    """Every string that is written in the Python files below a folder."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                yield node.value if isinstance(node.value, str) else node.value.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Guess:
    """`signed`: the session cookie carries Flask's signature. `found` is the start of the key when a guess made it.

    `tried` keys; `length` of the found one in characters.
    """

    service: str  # that runs the app
    signed: bool
    tried: int
    found: str | None
    length: int


@dataclass(frozen=True)
class GuessKey(Probe[Guess]):
    """Tries the keys that everybody would try on the cookie of a fresh login."""

    seconds: ClassVar[float] = 1.0

    def ask(self, stack: Stack, /) -> Guess:
        seals = live_seals(stack)
        services = stack.services()
        names = {name for fact in services for name in (fact.service, fact.name, fact.hostname, fact.image_name)}
        starter = strings_of(COURSE_APP) if COURSE_APP.is_dir() else ()
        keys = tuple(dict.fromkeys((*WORDS, stack.project, *names, *stack.settings.hosts, *starter)))
        found = key_among(keys, seals) if seals else None
        return Guess(
            service=in_role(stack, "app")[0].service,
            signed=bool(seals),
            tried=len(keys) if seals else 0,
            found=None if found is None else found[:SHOWN],
            length=len(found or ""),
        )
