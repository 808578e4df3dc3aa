"""Small functions on text. What comes from a stack is hostile until it has passed through `clean`."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

DEFAULT_LIMIT = 200  # characters

# An escape sequence is dropped whole: CSI (colours, cursor), OSC (titles, links, clipboard), then any other ESC pair.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?", re.DOTALL)
_SECRETS = re.compile(
    r"(?i)\b(secret[_-]?key|password|passwd|token|api[_-]?key|authorization)(\s*[=:]\s*)(?:bearer\s+)?[^\s,;\"']{4,}"
)
# Seen by nobody although Unicode calls them letters, marks or symbols: fillers, joiners, variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def clean(text: str | bytes, limit: int = DEFAULT_LIMIT) -> str:
    """One printable line of at most `limit` characters: no control, format, bidi, zero-width or unassigned characters.

    Bytes are decoded as UTF-8 with replacement. What is cut is marked with an ellipsis.
    """
    if isinstance(text, bytes):
        text = text[: 8 * limit].decode("utf-8", "replace")
    text = _UNSEEN.sub("", _ESCAPES.sub("", text[: 8 * limit]))
    kept = "".join(_visible(char) for char in text)
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def mask(text: str) -> str:
    """`text` with the values of well-known secret names and private keys replaced."""
    return _SECRETS.sub(r"\1\2[masked]", _PEM.sub("[private key masked]", text))


def plain(expression: str) -> str:
    """What a simple regular expression finds, in words: `^HTTP/.* 200` is "HTTP/… 200"; "" when it is not simple."""
    spoken = []
    for part in expression.split("|"):
        literal = re.sub(r"\\([^A-Za-z0-9])", "\\1", re.sub(r"^\^ ?|\$$", "", part).replace(".*", "…"))
        if re.search(r"(?<!\\)[.\[\](){}?+*^$]|\\[A-Za-z0-9]", re.sub(r"^\^|\$$", "", part).replace(".*", "")):
            return ""
        spoken.append(literal.strip())
    return clean(" or ".join(spoken))


def continued(text: str) -> str:
    """A sentence that goes on after other words: without its capital, unless that belongs to a name (HTTP, 3)."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """`text` with a full stop, unless it ends like a sentence already."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def url_parts(text: str) -> SplitResult:
    """The parts of a URL; all empty where the text is none."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises, too, where it is no number
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def nearest(word: str, words: Iterable[str]) -> str:
    """'; did you mean …?' when one of `words` is close to `word`, else ''."""
    close = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def line_of(text: str, key: str) -> int:
    """The first line that sets `key` (tomllib keeps no positions)."""
    pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[\]=]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _visible(char: str) -> str:
    if char in "\n\r\t\v\f":
        return " "
    # Cc control, Cf format (bidi overrides, zero width), Cn none, Co private use, Cs surrogates, Zl and Zp separators
    return "" if unicodedata.category(char) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") else char
