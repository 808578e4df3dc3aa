"""Colours that read on light and on dark terminals, and lines that fit."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from dataclasses import dataclass

from grader.model import Outcome

WIDTH = 80  # columns when the terminal does not say; never wider than MAX_WIDTH, for the sake of reading
MAX_WIDTH = 100

CODE = re.compile(r"`[^`]+`")
GLUE = "\x00"  # stands for a space that must not become the end of a line

# Words first: a report is read aloud by screen readers and on monochrome projectors too.
WORDS = {Outcome.PASS: "pass   ", Outcome.FAIL: "FAIL   ", Outcome.SKIP: "skip   ", Outcome.UNKNOWN: "unknown"}
_CODES = {"green": "32", "red": "1;31", "bold": "1", "dim": "2", "cyan": "36"}
_COLOURS = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.SKIP: "dim", Outcome.UNKNOWN: "bold"}


@dataclass(frozen=True, slots=True)
class Style:
    """How to write: `colour` off gives plain text; `width` is in columns, `live` allows a passing line."""

    colour: bool = False
    width: int = WIDTH
    live: bool = False  # a terminal, where a line may be written over

    def paint(self, text: str, name: str) -> str:
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.colour else text

    def word(self, outcome: Outcome) -> str:
        return self.paint(WORDS[outcome], _COLOURS[outcome])

    def wrap(self, text: str, indent: str, first: str | None = None) -> str:
        """`text` in lines of at most `width`; a long word or a command in backquotes stays whole, to be copied."""
        whole = CODE.sub(lambda code: code.group().replace(" ", GLUE), text)
        return textwrap.fill(
            whole,
            width=min(self.width, MAX_WIDTH),
            initial_indent=indent if first is None else first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ).replace(GLUE, " ")


def current(*, colour: bool) -> Style:
    """The style for standard output as it is: plain lines when it is no terminal, or a dumb one."""
    terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return Style(colour and terminal, shutil.get_terminal_size((WIDTH, 24)).columns, terminal)
