"""What visitors get to see when something goes wrong: several ways to go wrong, and what the answers give away."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.contract import BOOM
from grader.probes.base import Probe, in_role, nonce
from grader.probes.http import Entry, parse, request, send, site
from grader.probes.topology import WHOAMI
from grader.stacks.base import Stack
from grader.stacks.dealings import HOST, Address

CANARY = "canary-7f3a91c2d4"  # a local variable of the view behind /bench/boom holds it
LONG = 9000  # characters of a URL that is too long for some servers
KINDS = ("text/html", "application/json")
NAME_LENGTH = 8  # characters from which on the name of an environment variable is no ordinary word

MARKS = (
    ("a traceback", re.compile(r"Traceback \(most recent call last\)")),
    ("a file path of the code", re.compile(r'File "/|\b(?:site|dist)-packages/|/[\w./-]+\.py\b')),
    ("a debugger page", re.compile(r"__debugger__|EVALEX")),
    ("a local variable of the code", re.compile(re.escape(CANARY))),
    ("a line of the code", re.compile(r"\braise \w+\(")),
    ("the version of a library", re.compile(r"\b(?:Werkzeug|Flask|Jinja2|Python|gunicorn|waitress|uWSGI)/\d")),
)


@dataclass(frozen=True, slots=True)
class Mishap:
    """One request that goes wrong; `name` is for people, with the words that were made up for it left out."""

    name: str
    path: str
    method: str = "GET"
    body: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What a mishap was answered with: bytes of the whole body, and what kinds of thing it gives away."""

    name: str
    path: str
    status: int
    length: int
    leaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErrorPages:
    """`boom` says that one of the mishaps was an error of the code, as only the bench can provoke it."""

    site: str
    pages: tuple[ErrorPage, ...]
    boom: bool


@dataclass(frozen=True)
class GoWrong(Probe[ErrorPages]):
    """The answers to requests that go wrong, as a visitor gets them at the edge."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> ErrorPages:
        to, word = stack.ask(Entry()), nonce()
        boom = send(stack, to, WHOAMI).status == 200
        names = {name for service in in_role(stack, "app") for name in service.environment if is_telling(name)}
        pages = tuple(_page(stack, to, mishap, kind, word, names) for mishap in mishaps(word, boom) for kind in KINDS)
        return ErrorPages(site(stack, to), pages, boom)


def is_telling(name: str) -> bool:
    return len(name) >= NAME_LENGTH and "_" in name


def mishaps(word: str, boom: bool) -> tuple[Mishap, ...]:
    """The requests. `word` is the message of the error; only a page that quotes the error can know it."""
    broken = (Mishap(BOOM, f"{BOOM}?m={word}"),) if boom else ()
    return (
        *broken,
        Mishap("an unknown page", f"/{nonce()}"),
        Mishap("a method that a page does not have", "/healthz", "DELETE"),
        Mishap("a body that is no JSON", "/login", "POST", '{"user": ', "application/json"),
        Mishap("a body that is no form", "/login", "POST", "%zz%&=&&", "application/x-www-form-urlencoded"),
        Mishap("a very long URL", "/" + "x" * LONG),
        Mishap("a URL with broken escapes", "/%zz%e0%80%"),
    )


def _page(stack: Stack, to: Address, mishap: Mishap, kind: str, word: str, names: set[str]) -> ErrorPage:
    headers = (("Accept", kind), *((("Content-Type", mishap.kind),) if mishap.kind else ()))
    data = request(
        mishap.path, method=mishap.method, host=stack.settings.hosts[0], headers=headers, body=mishap.body.encode()
    )
    status, _, body, _ = parse(stack.exchange(HOST, to, data).raw)
    path = mishap.path if len(mishap.path) < 100 else mishap.path[:20] + "…"
    return ErrorPage(mishap.name, path, status, len(body), leaks(body.decode("utf-8", "replace"), word, names))


def leaks(page: str, word: str, names: set[str]) -> tuple[str, ...]:
    """The kinds of thing that a page gives away. A page that quotes the whole URL does not quote the error."""
    text = html.unescape(page).replace('\\"', '"').replace("\\n", "\n")
    found = [kind for kind, mark in MARKS if mark.search(text)]
    if word in text.replace(f"m={word}", ""):
        found.append("the message of the error")
    if any(re.search(rf"\b{re.escape(name)}\b", text) for name in names):
        found.append("names of environment variables")
    return tuple(found)
