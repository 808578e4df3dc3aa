"""Systematic breaks of a configuration file: drop a statement, swap a value, remove a flag. Text in, edits out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

FACTOR = 100  # by which a number is made too large
OPPOSITES = {"on": "off", "off": "on", "true": "false", "false": "true", "True": "False", "False": "True"}
NO_VALUE = (
    "listen",
    "bind",
    "ports",
    "image",
    "EXPOSE",
    "FROM",
    "server_name",
)  # another number there is no other rule
WORD = re.compile(r"\b(?:on|off|true|false|True|False)\b")
NUMBER = re.compile(r"(?<![\w.:/-])([1-9]\d{0,5})(?=(?:ms|s|m|h|d|k|K|M|r/s)?\b(?![.:/-]))")
FLAG = re.compile(r'"?(?<![\w-])--[a-z][\w-]*(?:=[^\s,"\]]+)?"?,? ?')
NGINX = re.compile(r"\s*[a-z_]+\s[^{}#]*;\s*(?:#.*)?")
BLOCK = re.compile(r"\s*[a-z_]+[^{};#]*\{\s*(?:#.*)?")
SETTING = re.compile(r"[a-z_]+ = \S.*")
KEY = re.compile(r"(\s+)(?:- )?[\w.-]+:(?:\s.*)?")
ITEM = re.compile(r"(\s+)- .*")
INSTRUCTION = re.compile(r"(?:ARG|ENV|RUN|COPY|USER|WORKDIR|HEALTHCHECK|STOPSIGNAL|CMD|ENTRYPOINT|VOLUME)\b.*")


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines `start` to `end` (0-based, `end` not included) of a file become `new`."""

    file: str
    kind: str  # drop, swap, flag
    start: int
    end: int
    old: str
    new: str
    number: int = 0  # of those that read the same in this file

    @property
    def name(self) -> str:
        """What it does, in one line that stays the same while other lines of the file change."""
        said = " ".join(self.old.split())
        made = " ".join(self.new.split())
        again = f" ({self.number + 1})" if self.number else ""
        if self.kind == "drop":
            return f"{self.file}: without `{said}`{again}"
        return f"{self.file}: `{said}` as `{made}`{again}"

    @property
    def code(self) -> tuple[str, str, str]:
        """What it does, whatever the comments say and wherever in the file it stands; of a block only how it begins."""
        lines = self.old.splitlines()
        return self.kind, _code(lines[0] if len(lines) > 1 and self.kind == "drop" else self.old), _code(self.new)

    def applied(self, text: str) -> str:
        """The file with this edit; ValueError when the lines are not those that it was made for."""
        lines = text.splitlines(keepends=True)
        if "".join(lines[self.start : self.end]) != self.old:
            raise ValueError(f"{self.file}, line {self.start + 1}: not the text that this edit was made for")
        return "".join([*lines[: self.start], self.new, *lines[self.end :]])


def _code(text: str) -> str:
    """A statement in one line, without its comments."""
    return " ".join(word for line in text.splitlines() for word in line.partition(" #")[0].split())


def edits(file: str, text: str, before: str = "") -> tuple[Edit, ...]:
    """Every edit of one file; () for a kind of file that none is known for.

    What an earlier lab's version of the file (`before`) says in the same words is that lab's to break.
    """
    found: list[Edit] = []
    lines = text.splitlines(keepends=True)
    known = before.splitlines(keepends=True)
    earlier = {"".join(known[start:end]) for start, end in statements(file, known)}
    for start, end in statements(file, lines):
        old = "".join(lines[start:end])
        if old in earlier:
            continue
        made = [("drop", ""), *(("swap", new) for new in swapped(old)), *(("flag", new) for new in flags(old))]
        for kind, new in made if end - start == 1 or _is_instruction(file) else made[:1]:
            edit = Edit(file, kind, start, end, old, new)
            found.append(replace(edit, number=sum(replace(other, number=0).name == edit.name for other in found)))
    return tuple(found)


def statements(file: str, lines: list[str]) -> Iterator[tuple[int, int]]:
    """First line and the line after the last of each statement that can be left out."""
    name = file.rpartition("/")[2]
    if name.endswith(".conf.py"):
        yield from ((n, n + 1) for n, line in enumerate(lines) if SETTING.fullmatch(line.rstrip()))
    elif name.endswith(".conf"):
        yield from _directives(lines)
    elif name.endswith((".yaml", ".yml")):
        yield from _keys(lines)
    elif name == "Dockerfile":
        yield from _instructions(lines)


def _is_instruction(file: str) -> bool:
    return file.endswith("Dockerfile")


def _directives(lines: list[str]) -> Iterator[tuple[int, int]]:
    for number, line in enumerate(lines):
        if NGINX.fullmatch(line.rstrip()):
            yield number, number + 1
        elif BLOCK.fullmatch(line.rstrip()) and line.strip() != "server {":
            depth = 0
            for end in range(number, len(lines)):
                depth += lines[end].count("{") - lines[end].count("}")
                if depth == 0:
                    yield number, end + 1
                    break


def _keys(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Keys and items below the first level, each with what is indented below it."""
    for number, line in enumerate(lines):
        text = line.rstrip()
        if not (KEY.fullmatch(text) or ITEM.fullmatch(text)):
            continue
        indent = len(text) - len(text.lstrip())
        end = number + 1
        while end < len(lines) and _below(lines[end], indent):
            end += 1
        yield number, end


def _below(line: str, indent: int) -> bool:
    return bool(line.strip()) and len(line) - len(line.lstrip()) > indent


def _instructions(lines: list[str]) -> Iterator[tuple[int, int]]:
    for number, line in enumerate(lines):
        if INSTRUCTION.fullmatch(line.rstrip()):
            end = number + 1
            while lines[end - 1].rstrip().endswith("\\") and end < len(lines):
                end += 1
            yield number, end


def swapped(statement: str) -> Iterator[str]:
    """The statement with one value turned round or made far too large; what is said in a comment is no value."""
    code, mark, comment = statement.partition("#")
    if any(word in code for word in NO_VALUE):
        return
    for found in WORD.finditer(code):
        yield code[: found.start()] + OPPOSITES[found.group()] + code[found.end() :] + mark + comment
    for found in NUMBER.finditer(code):
        yield code[: found.start()] + str(int(found.group()) * FACTOR) + code[found.end() :] + mark + comment


def flags(statement: str) -> Iterator[str]:
    """The statement without one of its `--flags`."""
    for found in FLAG.finditer(statement):
        yield statement[: found.start()] + statement[found.end() :]
