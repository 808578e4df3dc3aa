"""Under a check that fails and has passed before: until when, and the few lines of the configuration that differ."""

from __future__ import annotations

import time

from grader.model import Part, Since
from grader.render.style import MAX_WIDTH, Style
from grader.text import clean

MARGIN = " " * 11  # as the rest of what stands under a check's title
LINES = 8  # that are shown of all changes together
LEAST = (Part.PACKAGES, Part.IMAGE)  # shown when there is room: they say that something is new, not what
COLOURS = {"-": "red", "+": "green", "~": "bold", " ": "dim"}
NOTHING = "nothing in the configuration that is kept: then it is the app's code or data, or what is around the stack"
UNKNOWN = "how the stack was configured then is not known"


def since(found: Since, shown_under: str, style: Style) -> str:
    """`shown_under` is the check under which the same changes have been shown already, or ""."""
    out = style.wrap(f"passed: until {when(found.at)}, {ago(found.runs)}", MARGIN + " " * 8, MARGIN) + "\n"
    label = MARGIN + "changed since: "
    if found.changes and shown_under:
        return out + f"{label}the lines under {shown_under}\n"
    if found.changes:
        return out + label.rstrip() + "\n" + _few(found, style)
    return out + style.wrap(UNKNOWN if found.changes is None else NOTHING, MARGIN + " " * 8, label) + "\n"


def when(at: float) -> str:
    """A time as on the reader's own clock; with the year when it is not this one."""
    then, now = time.localtime(at), time.localtime(time.time())
    year = "" if then.tm_year == now.tm_year else f" {then.tm_year}"
    return f"{then.tm_mday} {time.strftime('%b', then)}{year} {time.strftime('%H:%M', then)}"


def ago(runs: int) -> str:
    return "in the run before this one" if runs == 1 else f"{runs} runs ago"


def _few(found: Since, style: Style) -> str:
    """At most LINES lines, of each text some: the first ones say most."""
    out, left = "", LINES
    changes = found.changes or ()
    hidden = sum(len(change.lines) for change in changes)
    for number, change in enumerate(changes):
        if left <= 0:
            break
        waiting = [later for later in changes[number + 1 : number + 3] if later.part not in LEAST]
        lines = list(change.lines[: min(left, max(2, left - 2 * len(waiting)))])
        while lines and lines[-1].startswith(" "):  # the block of a line that has no room any more
            lines.pop()
        out += MARGIN + "  " + clean(change.name) + "\n" + "".join(_line(line, style) for line in lines)
        left -= len(lines)
        hidden -= len(lines)
    if hidden:
        out += f"{MARGIN}  … and {hidden} more {'line' if hidden == 1 else 'lines'}: {found.whole}\n"
    return out


def _line(line: str, style: Style) -> str:
    room = min(style.width, MAX_WIDTH) - len(MARGIN) - 4
    text = line[:1] + " " + clean(line[1:], room - 2)
    return f"{MARGIN}    {style.paint(text, COLOURS.get(line[:1], 'dim'))}\n"
