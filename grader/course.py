"""A lab is a layer: lays workspaces out of labs/ and solutions/, and never loses what a learner wrote."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.catalog import Catalog, CourseError
from grader.model import Lab

STATE = ".grader"  # the folder in a workspace that belongs to the grader
MANIFEST = "workspace.json"
NOT_COPIED = {"lab.toml", "__pycache__", ".git", STATE, ".pytest_cache", ".mypy_cache", ".ruff_cache", "instance"}
SET_ASIDE = re.compile(r"\.(mine|new)(-\d+)?$")  # what _free names
SOURCES = {".py", ".conf", ".yaml", ".yml", ".html", ".sh", ".ini", ".cfg"}  # beside what a lab was laid out with
SKEW = 1.0  # seconds that the engine's clock may be behind this machine's
OWN_NAME = re.compile(r"^COMPOSE_PROJECT_NAME=.*\n?", re.MULTILINE)
TEXT_CAP = 400_000  # bytes: larger or binary files are named in a diff, not shown


@dataclass(frozen=True, slots=True)
class Laid:
    """What laying out did: paths relative to the workspace."""

    workspace: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]  # the learner's own, left as they are; the course's version lies beside as *.new
    set_aside: tuple[tuple[str, str], ...]  # the learner's own, replaced: (path, where it is kept)


def layers(base: Path, catalog: Catalog, lab: Lab, *, solution: bool) -> tuple[Path, ...]:
    """The folders that make up a lab's workspace, lowest first. A layer without files has no folder and is left out."""
    folders = [base / "labs" / "app"]
    for earlier in catalog.before(lab):
        folders += [base / "labs" / earlier.id, base / "solutions" / earlier.id]
    folders.append(base / "labs" / lab.id)
    if solution:
        folders.append(base / "solutions" / lab.id)
    return tuple(folder for folder in folders if folder.is_dir())


def files(folders: Iterable[Path]) -> dict[str, Path]:
    """The file that each relative path comes from: a later folder wins."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_file() and not NOT_COPIED & set(relative.parts) and path.suffix != ".pyc":
                found[relative.as_posix()] = path
    return found


def start(workspace: Path, lab: Lab, wanted: Mapping[str, Path], *, replace: bool = False) -> Laid:
    """Lays `wanted` out in `workspace`. A file that the learner changed is kept, or with `replace` set aside.

    Safe to repeat. CourseError when the folder holds another lab, or something that is not ours.
    """
    known = _manifest(workspace, lab)
    written: list[str] = []
    kept: list[str] = []
    aside: list[tuple[str, str]] = []
    laid: dict[str, str] = dict(known)
    for name, source in wanted.items():
        target = workspace / name
        fresh = _sha(source)
        if target.is_file():
            now = _sha(target)
            theirs = now not in (fresh, known.get(name))
            if theirs and not replace:
                if known.get(name) != fresh:  # the course has a newer version than the one they started from
                    shutil.copy2(source, _free(target, "new"))
                kept.append(name)
                laid[name] = fresh
                continue
            if theirs:
                place = _free(target, "mine")
                target.rename(place)
                aside.append((name, place.relative_to(workspace).as_posix()))
        elif target.exists():
            raise CourseError(f"{target}: is a folder where the lab has a file; move it away and try again")
        if not target.is_file() or _sha(target) != fresh:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
            written.append(name)
        laid[name] = fresh
    _write_manifest(workspace, lab, laid)
    return Laid(workspace, tuple(written), tuple(kept), tuple(aside))


def go_on_from(previous: Path, workspace: Path, lab: Lab) -> tuple[str, ...]:
    """Copies a learner's own previous workspace as the ground for `lab`; returns the paths it copied.

    What they never changed is remembered as the course's, so that the next layer may replace it. What an earlier layer
    has set aside (compose.yaml.mine) stays where it is.
    """
    if not previous.is_dir():
        raise CourseError(f"--from {previous}: no such folder")
    if workspace.exists() and any(workspace.iterdir()):
        raise CourseError(f"{workspace}: has files already; --from starts in an empty folder (choose one with --into)")
    mine = {name: source for name, source in files((previous,)).items() if not SET_ASIDE.search(name)}
    for name, source in mine.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, workspace / name)
    _write_manifest(workspace, lab, _laid_out(previous) if lab_of(previous) else {})
    _edit_env(workspace, lab, lambda text: OWN_NAME.sub("", text))
    return tuple(mine)


def newer(workspace: Path, started: float) -> tuple[str, ...]:
    """The files of a lab's stack that were changed after `started` (seconds since the epoch): it may not have them."""
    laid = _laid_out(workspace)
    return tuple(
        name
        for name, path in files((workspace,)).items()
        if (name in laid or path.suffix in SOURCES) and path.stat().st_mtime > started + SKEW
    )


def call_project_by_folder(workspace: Path, lab: Lab) -> None:
    """Names the Compose project after its folder where that is not called like the lab.

    Two workspaces of one lab would else be one project: the same containers, images and notes.
    """
    name = re.sub(r"[^a-z0-9_-]", "", workspace.resolve().name.lower()).lstrip("_-")
    if name in ("", lab.id):
        return

    def named(text: str) -> str:
        gap = "" if text.endswith("\n") or not text else "\n"
        return text if OWN_NAME.search(text) else f"{text}{gap}COMPOSE_PROJECT_NAME={name}\n"

    _edit_env(workspace, lab, named)


def _edit_env(workspace: Path, lab: Lab, edit: Callable[[str], str]) -> None:
    """Changes what Compose reads beside compose.yaml. A file that is as the course laid it out stays the course's."""
    path, known = workspace / ".env", _laid_out(workspace)
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    ours = not path.is_file() or _sha(path) == known.get(path.name)
    if (text := edit(before)) != before:
        path.write_text(text, encoding="utf-8")
        _write_manifest(workspace, lab, known | ({path.name: _sha(path)} if ours else {}))


def lab_of(workspace: Path) -> str:
    """The id of the lab that a folder is the workspace of; "" when it is none."""
    path = workspace / STATE / MANIFEST
    if not path.is_file():
        return ""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["lab"])
    except (ValueError, KeyError, TypeError) as trouble:
        raise CourseError(f"{path}: cannot be read ({trouble}); `grader start` writes it again") from trouble


def find_workspace(base: Path, lab: Lab | None) -> Path | None:
    """The workspace to work in: this folder or one above it, else work/<lab> in the project."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if lab_of(folder) and (lab is None or lab_of(folder) == lab.id):
            return folder
    usual = base / "work" / lab.id if lab else None
    return usual if usual and usual.is_dir() else None


def diff(workspace: Path, wanted: Mapping[str, Path]) -> str:
    """What would turn the workspace into the reference solution, as a unified diff; "" for nothing."""
    parts: list[str] = []
    for name, source in wanted.items():
        target = workspace / name
        if target.is_file() and _sha(target) == _sha(source):
            continue
        mine, theirs = _lines(target), _lines(source)
        if mine is None or theirs is None:
            parts.append(f"{name}: differs (not shown: binary or large)\n")
            continue
        parts += difflib.unified_diff(mine, theirs, f"yours/{name}", f"reference/{name}")
    return "".join(part if part.endswith("\n") else part + "\n" for part in parts)


def _lines(path: Path) -> list[str] | None:
    """The lines of a text file, [] for one that is not there, None for one that cannot be shown."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    if len(data) > TEXT_CAP or b"\0" in data[:8000]:
        return None if data else []
    return data.decode("utf-8", "replace").splitlines(keepends=True)


def _manifest(workspace: Path, lab: Lab) -> dict[str, str]:
    """The digests of the files as they were laid out, {} for a new workspace."""
    if not workspace.exists():
        return {}
    if not workspace.is_dir():
        raise CourseError(f"{workspace}: is a file; choose another folder with --into")
    holds = lab_of(workspace)
    if holds and holds != lab.id:
        raise CourseError(f"{workspace}: is the workspace of {holds}; choose another folder with --into")
    return _laid_out(workspace) if holds else {}


def _laid_out(workspace: Path) -> dict[str, str]:
    """The digests in a workspace's manifest; {} without one."""
    path = workspace / STATE / MANIFEST
    return dict(json.loads(path.read_text(encoding="utf-8")).get("files", {})) if path.is_file() else {}


def _write_manifest(workspace: Path, lab: Lab, laid: Mapping[str, str]) -> None:
    path = workspace / STATE / MANIFEST
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"lab": lab.id, "files": dict(laid)}, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def _free(path: Path, word: str) -> Path:
    """A name beside `path` that is not taken: compose.yaml.mine, compose.yaml.mine-2, …"""
    number = 1
    while True:
        place = path.with_name(f"{path.name}.{word}" + (f"-{number}" if number > 1 else ""))
        if not place.exists():
            return place
        number += 1


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
