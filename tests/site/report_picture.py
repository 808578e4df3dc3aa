"""Draws a terminal report as SVG, for the README.

    script -qec "grader check lab1" report.ansi; python -m tests.site.report_picture < report.ansi > report.svg

Reads text with the few colour codes that the grader writes, and writes one picture to standard output.
"""

import re
import sys
from html import escape

COLUMNS, LINE, CHARACTER, MARGIN = 84, 19, 8.43, 18  # characters, then pixels
COLOURS = {"1": "#ffffff", "2": "#8b98a5", "32": "#7ee2a8", "1;31": "#ff8d80", "36": "#7cc7ff"}
CODE = re.compile(r"\x1b\[([0-9;]*)m")


def write(line: str) -> None:
    sys.stdout.write(line + "\n")


def spans(line: str) -> str:
    """One line as <tspan> elements, a colour each."""
    parts, colour = [], ""
    for number, piece in enumerate(CODE.split(line)):
        if number % 2:
            colour = COLOURS.get(piece, "")
        elif piece:
            fill = f' fill="{colour}"' if colour else ""
            weight = ' font-weight="700"' if colour in (COLOURS["1"], COLOURS["1;31"]) else ""
            parts.append(f"<tspan{fill}{weight}>{escape(piece)}</tspan>")
    return "".join(parts)


def visible(text: str) -> list[str]:
    """The lines as they stand in the end: what was written over is gone, what is too long goes on below."""
    lines: list[str] = []
    for raw in text.replace("\r\n", "\n").split("\n"):
        line = raw.rpartition("\r\x1b[K")[2]
        line = re.sub(r"\x1b\[(?![0-9;]*m)[0-9;?]*[A-Za-z]", "", line)
        if len(CODE.sub("", line)) > COLUMNS:
            line = line[: COLUMNS + len("".join(CODE.findall(line)))] + "…\x1b[0m"
        lines.append(line)
    return lines


def main() -> None:
    lines = [line for line in visible(sys.stdin.read()) if not line.startswith("Script ")]
    while lines and not lines[-1].strip():
        lines.pop()
    width, height = round(COLUMNS * CHARACTER + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN
    write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">')
    write("<title>A report of the grader in a terminal</title>")
    write(f'<rect width="{width}" height="{height}" rx="10" fill="#10171e"/>')
    font = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
    write(f'<g font-family="{font}" font-size="14" fill="#d7dee5" style="white-space:pre">')
    for number, line in enumerate(lines):
        if line.strip():
            write(f'<text x="{MARGIN}" y="{MARGIN + 14 + number * LINE}">{spans(line)}</text>')
    write("</g>\n</svg>")


if __name__ == "__main__":
    main()
