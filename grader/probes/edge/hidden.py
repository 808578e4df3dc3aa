"""Files that nobody means to publish: source, settings and folder listings, asked for as an attacker would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast
from urllib.parse import quote

from grader.probes.base import Probe, nonce
from grader.probes.edge.static import StaticFiles, StaticFound, whole
from grader.probes.http import Entry, site
from grader.probes.pages import anchors, same_page
from grader.probes.topology import app_of
from grader.stacks.base import CouldNotLook, NotApplicable, Stack

REAL_NAMES = 12  # names from the app's own folder that are asked for
SECRETS = (
    "/.env",
    "/.git/config",
    "/app.py",
    "/wsgi.py",
    "/config.py",
    "/__init__.py",
    "/requirements.txt",
    "/Dockerfile",
    "/compose.yaml",
    "/docker-compose.yml",
    "/nginx.conf",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
)
BESIDE = (".env", "%2e%2e/app.py", "..%2fapp.py", "%2e%2e/wsgi.py", "..%2f__init__.py", "..%2f..%2f..%2fetc%2fpasswd")
# In a folder of code these are code or settings; robots.txt, favicon.ico and the like may well be public.
PRIVATE_ENDINGS = (".py", ".toml", ".cfg", ".ini", ".conf", ".yaml", ".yml", ".lock", ".sqlite", ".db", ".sh", ".in")
# Names that often lie next to a static folder; the last two are found through the root of a file system.
NEIGHBOURS = ("app.py", "wsgi.py", "config.py", "__init__.py", "requirements.txt", "Dockerfile", ".env", "etc/passwd")
FOLDER_NAMES = ("static", "assets", "public", "www", "html", "dist")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a path that should lead nowhere answered.

    `known` says that it is a page the site shows anyway (its home page, or what it answers to any path);
    `listing` that it lists a folder.
    """

    path: str
    status: int
    length: int
    kind: str  # Content-Type
    known: bool
    listing: bool


@dataclass(frozen=True, slots=True)
class Exposed:
    fetched: tuple[Fetched, ...]
    site: str


@dataclass(frozen=True)
class HiddenFiles(Probe[Exposed]):
    """Paths that lead to source, settings or folder listings on careless servers. Nothing rewrites a path here."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> Exposed:
        to = stack.ask(Entry())
        try:
            found = stack.ask(StaticFiles())
        except NotApplicable:
            found = StaticFound(())
        folders = found.folders or ("/static/",)
        names = {file.bare.rpartition("/")[2] for file in found.files}
        paths = dict.fromkeys(
            (*SECRETS, *folders, *(folders[0] + name for name in BESIDE), *("/" + quote(n) for n in app_files(stack)))
        )
        control = _controls(stack)
        return Exposed(tuple(_fetch(stack, path, control, names) for path in paths), site(stack, to))


@dataclass(frozen=True)
class AliasEscape(Probe[Exposed]):
    """`/static../NAME` for every static folder: names that often lie beside it, and the way back into the folder."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Exposed:
        to = stack.ask(Entry())
        found = stack.ask(StaticFiles())
        control = _controls(stack)
        paths = dict.fromkeys(path for folder in found.folders for path in escapes(folder, found, app_files(stack)))
        return Exposed(tuple(_fetch(stack, path, control, set()) for path in paths), site(stack, to))


def escapes(folder: str, found: StaticFound, names: tuple[str, ...]) -> tuple[str, ...]:
    """Paths that leave `folder` when its slash was forgotten.

    The way out and back in proves the hole even where nothing lies beside the folder.
    """
    out = folder.rstrip("/") + "../"
    inside = next((file.bare[len(folder) :] for file in found.files if file.bare.startswith(folder)), "")
    own = folder.strip("/").rpartition("/")[2]
    back = [f"{name}/{inside}" for name in dict.fromkeys((own, *FOLDER_NAMES))] if inside else []
    return tuple(out + name for name in (*back, *NEIGHBOURS, *map(quote, names)))


def app_files(stack: Stack) -> tuple[str, ...]:
    """Names of code and settings in the folder where the app runs; none where the grader cannot look."""
    try:
        app = app_of(stack)
        folder = cast("str", stack.inside(app.service, "cwd", pid=app.master.pid))
        names = cast("list[str]", stack.inside(app.service, "list_dir", pid=app.master.pid, path=folder))
    except CouldNotLook:
        return ()
    return private_names(names)


def private_names(names: list[str]) -> tuple[str, ...]:
    """Of a folder's names, those of files that nobody publishes on purpose."""
    found = [n for n in names if n.endswith(PRIVATE_ENDINGS) or n.startswith(("requirements", "Dockerfile", ".env"))]
    return tuple(found[:REAL_NAMES])


def _controls(stack: Stack) -> tuple[str, ...]:
    """Bodies that the site sends anyway: its home page, and its answer to two paths that nobody has."""
    paths = ("/", f"/{nonce()}", f"/{nonce()}/{nonce()}.txt")
    return tuple(whole(stack, path)[1].decode("utf-8", "replace") for path in paths)


def _fetch(stack: Stack, path: str, control: tuple[str, ...], names: set[str]) -> Fetched:
    answered, raw = whole(stack, path)
    body = raw.decode("utf-8", "replace")
    return Fetched(
        path,
        answered.status,
        answered.length,
        answered.header("Content-Type"),
        any(same_page(body, page) for page in control),
        lists_folder(body, names),
    )


def lists_folder(body: str, names: set[str]) -> bool:
    """Whether a page lists a folder: says so as common servers do, or links two of its `names` relative to itself."""
    low = body[:65_536].lower()
    if "<title>index of /" in low or "<h1>index of /" in low or "directory listing for /" in low:
        return True
    own = {target.removeprefix("./").partition("?")[0] for target in anchors(body[:65_536])}
    return len(own & names) >= 2
