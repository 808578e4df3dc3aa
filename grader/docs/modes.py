"""The ways to learn a lab that exist, as links: read from its page and the files beside it, never typed."""

from __future__ import annotations

import re
from pathlib import Path

from grader.catalog import page_folder
from grader.model import Lab

HEADING = re.compile(r"^#{2,3} (?P<title>.*?)(?: *\{ *#(?P<id>[\w.-]+) *\})?$", re.MULTILINE)
CONCEPT = re.compile(r"\.\./concepts/[a-z-]+\.md(?:#[\w-]+)?")
PICTURE = "_diagrams/"
LADDER = 'class="course-ladder"'
INCIDENTS = 'class="course-incidents"'


def modes(base: Path, lab: Lab) -> str:
    """A list of links in the order of the course's nine ways, without those that this lab does not have."""
    path = base / "docs" / page_folder(lab) / f"{lab.id}.md"
    page = (
        path.read_text(encoding="utf-8") if path.is_file() else ""
    )  # a copy of the project may come without its pages
    concept = CONCEPT.search(page)
    sheet = base / "docs/cheatsheets" / f"{lab.id}.md"
    found = {
        "Read": concept.group() if concept else None,
        "See": _above(page, PICTURE),
        "Predict": _section(page, "Predict"),
        "Build": _section(page, "Build"),
        "Break": _section(page, "Break it yourself"),
        "Measure": _above(page, LADDER),
        "Fix": _above(page, INCIDENTS) or _incidents(base),
        "Recall": _section(page, "Recall"),
        "Cheat sheet": f"../cheatsheets/{lab.id}.md" if sheet.is_file() else None,
    }
    links = [f"- [{name}]({target})" for name, target in found.items() if target]
    return "\n".join(
        [
            f'<div class="course-modes" data-lab="{lab.id}" markdown>',
            "",
            "Ways to learn this:",
            "",
            *links,
            "",
            "</div>",
        ]
    )


def _section(page: str, title: str) -> str | None:
    return next((_anchor(heading) for heading in HEADING.finditer(page) if heading["title"] == title), None)


def _above(page: str, mark: str) -> str | None:
    """The nearest heading above the first place of a mark."""
    place = page.find(mark)
    above = [heading for heading in HEADING.finditer(page) if heading.start() < place]
    return _anchor(above[-1]) if above else None


def _anchor(heading: re.Match[str]) -> str:
    return "#" + (heading["id"] or re.sub(r"[^\w]+", "-", heading["title"].lower()).strip("-"))


def _incidents(base: Path) -> str | None:
    return "../incidents.md" if (base / "docs/incidents.md").is_file() else None
