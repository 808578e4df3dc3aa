"""What the image carries along."""

from __future__ import annotations

import re
from shlex import quote

from grader.checks.base import check
from grader.model import Verdict, Weight, failed, passed
from grader.probes.app.image import Contents, Junk, Kind, LookInside

NAMED = 3  # findings that a sentence names


@check(
    "image.image-no-junk",
    title="The image ships no repository, keys or environment files",
    rule=f"no layer of the app's image holds {', '.join(Kind)}, outside of the system and installed packages",
    weight=Weight.MAJOR,
    probe=LookInside(),
    needs=("stack.stack-up",),
    source="CIS Docker Benchmark 4.10; Dockle CIS-DI-0010",
    fix="what the build context holds, and what COPY takes from it",
)
def image_no_junk(seen: Contents) -> Verdict:
    """`COPY . .` takes what lies around: the repository with its history, local settings, a database of real people.

    All of that goes wherever the image goes, and it stays in its layer even when a later one deletes it.
    """
    if seen.junk:
        first = seen.junk[0]
        return failed(
            f"the image {seen.image} holds {'; '.join(_named(junk) for junk in seen.junk[:NAMED])}",
            hint="what does the builder get to see of your folder, and what does each COPY take of that?",
            reproduce=in_layers(seen.image, first.path)
            if first.hidden
            else f"docker run --rm --entrypoint ls {quote(seen.image)} -d {quote('/' + first.path)} 2>/dev/null",
            shows=re.escape(first.path),
        )
    return passed(f"{seen.files} files of its own, none that does not belong there; {seen.size / 1e6:.0f} MB in all")


def in_layers(image: str, path: str) -> str:
    """A command that finds a path in every layer: `docker run` only shows what no later layer hides."""
    names = f"find . -type f -exec tar -tf {{}} \\; 2>/dev/null | grep -xF {quote(path)}"
    unpack = f"docker save {quote(image)} | tar -x && {names}"
    return f'(d=$(mktemp -d); cd "$d" && {unpack}; rm -rf "$d")'


def _named(junk: Junk) -> str:
    hidden = ", hidden by a later layer" if junk.hidden else ""
    return f"{junk.kind}: /{junk.path}{hidden}"
