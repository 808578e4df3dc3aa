"""Secrets out of texts that are kept: what is masked leaves a mark, so that another value is noticed and never shown.

A mark is a few digits of a keyed hash. Whoever has a report, but not the key, cannot try guesses against it.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

MASKED = "[masked]"
MARK = re.compile("«[0-9a-f]{8}»")
FILE_CAP = 65_536  # characters of a .env file
SHORTEST = 4  # characters of a value that is looked for wherever it may stand
LONGEST_LINE = 400  # characters of a line that are kept …
LOOKED_AT = 2000  # … and that are looked at

# Variables that steer a server and hold no secret: their values may be read, redacted like any text.
SETTINGS = ("GUNICORN_CMD_ARGS", "WEB_CONCURRENCY")

# A name that announces a secret. Not proxy_pass, server_tokens or SESSION_COOKIE_SECURE: those say how a server works.
_NAMED = (
    r"(?:secret(?!s\b)|passw(?:or)?d|passphrase|passcode|pwd\b|requirepass|masterauth|secure_link_md5"
    r"|(?<!proxy_)(?<!fastcgi_)(?<!uwsgi_)(?<!scgi_)(?<!grpc_)(?<!memcached_)(?:(?<![a-z0-9])|pg)pass\b"
    r"|token(?!s\b)|credential|authorization|\bcookie\b|(?:\b|_)auth\b|basic_?auth|(?:\b|_)salt\b|(?:\b|_)dsn\b"
    r"|(?:api|access|private|session|signing|encryption|license|shared|master|hmac|jwt)[_-]?key)"
)
_NAME = re.compile(rf"(?i){_NAMED}")
_LINE = re.compile(
    rf"""(?ix) ^(?P<before> .*? (?<![\w./-]) [\w.-]* {_NAMED} [\w.-]* ["']? \]? (?: \s*[:=]+>?\s* | \s+ ))
    (?P<value> \S.*? ) (?P<end> \s* [;,]? \s* )$"""
)
_VARIABLE = re.compile(r"[\"']?\$(\w+|\{\w+\})[\"']?")  # the name of a value that stands elsewhere
_OPENS = re.compile(r"""([{(\[|>\\]|\"\"\"|''')\s*$""")
_PEM = re.compile(r"-----BEGIN [^-\n]{1,60}-----.*?(?:-----END [^-\n]{1,60}-----|\Z)", re.DOTALL)
_USERINFO = re.compile(r"(?<=://)[^/\s@\"']+(?=@)")
_RUN = re.compile(r"[A-Za-z0-9+/_=-]{16,}")
_WORD = re.compile(r"[A-Za-z]+|[0-9]{1,5}|/[\w./-]*|true|false")  # values that say nothing when they are seen elsewhere
TURNS = 0.25  # of the places between two characters: above this a run of letters and digits is no word


class Redactor:
    """Knows the values of a stack's environment (by instance) and `further` ones; nothing gives them back."""

    def __init__(self, key: bytes, values: Mapping[str, Mapping[str, str]], further: Iterable[str] = ()) -> None:
        self._key = key
        self._values = values
        known = {value for found in values.values() for value in secrets_in(found)}
        forms = {form for value in (*known, *further) if _tells(value) for form in _forms(value)}
        ordered = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def mark(self, value: str) -> str:
        return f"«{hmac.new(self._key, value.encode('utf-8', 'surrogatepass'), 'sha256').hexdigest()[:8]}»"

    def masked(self, value: str) -> str:
        return MASKED + self.mark(value)

    def text(self, text: str) -> str:
        """`text` without private keys, known values, what stands after the name of a secret, and random words."""
        text = _PEM.sub(lambda found: self.masked(found.group()), text)
        if self._known:
            text = self._known.sub(lambda found: self.masked(found.group()), text)
        return "\n".join(self._lines(text.splitlines()))

    def words(self, argv: Sequence[str]) -> str:
        """A command line: also without the word after an option that is called like a secret."""
        kept, hide = [], False
        for word in argv:
            kept.append(self.masked(word) if hide and not word.startswith("-") else self.text(word))
            hide = word.startswith("-") and "=" not in word and bool(_NAME.search(word))
        return " ".join(kept).replace("\n", " ")[:LONGEST_LINE]

    def environment(self, instance: str) -> tuple[str, ...]:
        """One line a variable of an instance: its name and the mark of its value."""
        return tuple(self.variable(name, value) for name, value in sorted(self._values.get(instance, {}).items()))

    def variable(self, name: str, value: str) -> str:
        return f"{name}: {self.text(value)}" if name in SETTINGS else f"{name}: {self.masked(name + '=' + value)}"

    def _lines(self, lines: Iterable[str]) -> Iterable[str]:
        block: int | None = None  # the depth of a line that opened a block of secrets
        for whole in lines:
            line = whole[:LOOKED_AT]
            depth = len(line) - len(line.lstrip())
            if block is not None and (depth > block or not line.strip()):
                yield " " * depth + self.masked(line)
                continue
            block = None
            found = _LINE.match(line)
            if found and not _VARIABLE.fullmatch(found["value"]):
                if _OPENS.search(found["value"]):
                    block = depth
                line = found["before"] + self.masked(found["value"]) + found["end"]
            yield self._plain(line)[:LONGEST_LINE]

    def _plain(self, line: str) -> str:
        line = _USERINFO.sub(lambda found: self.masked(found.group()), line)
        return _RUN.sub(lambda found: self.masked(found.group()) if is_random(found.group()) else found.group(), line)


def is_secret(name: str, value: str) -> bool:
    """Whether a variable holds what must not be seen anywhere."""
    return bool(_NAME.search(name) or re.search(r"(?i)key\b|key_|_pw\b", name) or _USERINFO.search(value)) or any(
        is_random(run) for run in _RUN.findall(value)
    )


def secrets_in(variables: Mapping[str, str]) -> frozenset[str]:
    """The values among `variables` that must not be seen anywhere, and the passwords of URLs among them."""
    found = {value for name, value in variables.items() if is_secret(name, value)}
    return frozenset(found | {part.rpartition(":")[2] for value in found for part in _USERINFO.findall(value)})


def env_file(path: Path) -> dict[str, str]:
    """The variables of a Compose project's .env file, with which it fills in its Compose file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[:FILE_CAP]
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip().removeprefix("export "): value.strip().strip("\"'") for name, _, value in pairs}


def is_random(run: str) -> bool:
    """Whether letters and digits change so often that somebody must have thrown dice: a key, not a word or a path."""
    kinds = ["d" if char.isdigit() else "u" if char.isupper() else "l" for char in run if char.isalnum()]
    turns = sum(1 for one, two in pairwise(kinds) if one != two)
    return len(kinds) >= 16 and "d" in kinds and turns > TURNS * len(kinds)


def _tells(value: str) -> bool:
    """Whether seeing a value elsewhere would give it away: a plain word or a port cannot be told from any other."""
    return len(value) >= SHORTEST and not _WORD.fullmatch(value)


def _forms(value: str) -> Iterable[str]:
    """A value as it may be written: as it is, quoted for JSON, a URL or Compose, and in base64."""
    yield value
    yield json.dumps(value)[1:-1]
    yield quote(value, safe="")
    yield value.replace("$", "$$")
    yield base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
