"""Finds labs and checks, and refuses at start what does not fit together."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from grader.model import AnyCheck, Check, Lab, Step
from grader.text import line_of, nearest

PLUGINS = "grader.checks"  # entry points: modules that declare checks of their own
ID = re.compile(r"[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*")
LAB_KEYS = {"schema", "title", "after", "minutes", "stack", "roles", "starter_fails", "steps"}
STEP_KEYS = {"id", "title", "checks", "hints"}
SCHEMA = 1
NUMBERED = re.compile(r"lab(\d+)-")  # a lab of the path


class CourseError(Exception):
    """The course's own files do not fit together, or something was asked for that is not in it; says where."""


def root() -> Path:
    """The folder that holds labs/ and solutions/: beside this package, or below the current folder."""
    for folder in (Path(__file__).resolve().parents[1], Path.cwd(), *Path.cwd().parents):
        if (folder / "labs" / "app").is_dir():
            return folder
    raise CourseError("no labs/app here or above: run the grader inside the project's folder, or use --stack")


@dataclass(frozen=True)
class Catalog:
    """All labs, in the order of the path and then the electives, and all checks by id."""

    labs: tuple[Lab, ...]
    checks: Mapping[str, AnyCheck]

    def lab(self, word: str) -> Lab:
        """A lab by full name, `lab3`, `3` or the word after its number (`nginx`)."""
        asked = word.lower().strip("/")
        for lab in self.labs:
            if asked in _names(lab):
                return lab
        names = [name for lab in self.labs for name in _names(lab)]
        raise CourseError(f"no lab '{word}'{nearest(asked, names)} (`grader list` shows them all)")

    def check(self, word: str) -> AnyCheck:
        """A check by its id, or by the part after the dot."""
        found = [check for name, check in self.checks.items() if word in (name, name.partition(".")[2])]
        if len(found) == 1:
            return found[0]
        names = [part for name in self.checks for part in (name, name.partition(".")[2])]
        raise CourseError(f"no check '{word}'{nearest(word, names)} (`grader list --checks` shows them all)")

    def chosen(self, words: Iterable[str], lab: Lab) -> tuple[str, ...]:
        """For each word the ids of the checks of a topic (`alerts`) that `lab` and those before it teach, or else of
        all of it; or the id of the one check that it names."""
        return tuple(name for word in words for name in self._chosen(word, lab))

    def _chosen(self, word: str, lab: Lab) -> tuple[str, ...]:
        topic = tuple(name for name in self.checks if name.partition(".")[0] == word)
        taught = {name for one in (*self.before(lab), lab) for name in one.checks}
        return tuple(name for name in topic if name in taught) or topic or (self.check(word).id,)

    def before(self, lab: Lab) -> tuple[Lab, ...]:
        """The labs that `lab` builds on, first one first."""
        chain: list[Lab] = []
        after = lab.after
        while after:
            previous = self.by_id[after]
            chain.insert(0, previous)
            after = previous.after
        return tuple(chain)

    def owner(self, check_id: str) -> tuple[Lab, Step] | None:
        """The lab and step that teach a check."""
        for lab in self.labs:
            for step in lab.steps:
                if check_id in step.checks:
                    return lab, step
        return None

    @cached_property
    def by_id(self) -> dict[str, Lab]:
        return {lab.id: lab for lab in self.labs}

    def page(self, check_id: str) -> str:
        """The page and anchor where the course explains a check, relative to the site."""
        owner = self.owner(check_id)
        return f"{page_folder(owner[0])}/{owner[0].id}/#{check_id}" if owner else f"reference/checks/#{check_id}"


def load(folder: Path | None = None) -> Catalog:
    """The whole catalog. CourseError names file, key and line of the first thing that does not fit."""
    checks = find_checks()
    base = folder or root()
    labs = read_labs(base)
    for lab in labs:
        _refuse_dangling(base / "labs" / lab.id / "lab.toml", lab, checks)
    return Catalog(labs, checks)


def read_labs(base: Path) -> tuple[Lab, ...]:
    """All labs in their order, without looking for their checks: that takes far longer. CourseError as load()."""
    labs = [read_lab(path) for path in sorted((base / "labs").glob("*/lab.toml"))]
    by_id = {lab.id: lab for lab in labs}
    for lab in labs:
        if lab.after and lab.after not in by_id:
            path = base / "labs" / lab.id / "lab.toml"
            raise CourseError(f"{path}: after = '{lab.after}': no such lab{nearest(lab.after, by_id)}")
    ordered = tuple(sorted(labs, key=lambda lab: (is_elective(lab), _depth(lab, by_id), lab.id)))
    _refuse_twice(ordered)
    return ordered


def find_checks() -> dict[str, AnyCheck]:
    """Every check of grader/checks and of plug-ins, by id. CourseError for an id twice, or a need that is nowhere."""
    package = importlib.import_module("grader.checks")
    modules = [importlib.import_module(f"grader.checks.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    modules += [point.load() for point in entry_points(group=PLUGINS)]
    found: dict[str, AnyCheck] = {}
    for module in modules:
        for check in vars(module).values():
            if not isinstance(check, Check) or found.get(check.id) is check:
                continue
            if check.id in found:
                raise CourseError(f"{module.__name__}: the check id '{check.id}' is taken; ids are unique")
            if not ID.fullmatch(check.id):
                raise CourseError(f"{module.__name__}: '{check.id}' is no check id: topic.what-must-hold, lower case")
            found[check.id] = check
    for check in found.values():
        for need in check.needs:
            if need not in found:
                raise CourseError(f"check {check.id} needs '{need}': no such check{nearest(need, found)}")
    return found


def read_lab(path: Path) -> Lab:
    """One lab.toml. Unknown keys are errors that name file, key and line."""
    text = path.read_text(encoding="utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        raise CourseError(f"{path}: not valid TOML: {trouble}") from trouble
    _known(path, text, data, LAB_KEYS)
    if data.get("schema") != SCHEMA:
        raise CourseError(f"{path}: schema = {data.get('schema')!r}; this grader reads schema = {SCHEMA}")
    steps = []
    for raw in data.get("steps", []):
        _known(path, text, raw, STEP_KEYS)
        steps.append(Step(raw["id"], raw["title"], tuple(raw.get("checks", ())), tuple(raw.get("hints", ()))))
    for key in ("title", "minutes", "stack"):
        if key not in data:
            raise CourseError(f"{path}: the key '{key}' is missing")
    return Lab(
        id=path.parent.name,
        title=data["title"],
        after=data.get("after"),
        minutes=data["minutes"],
        stack=data["stack"],
        roles=tuple(sorted(data.get("roles", {}).items())),
        steps=tuple(steps),
        starter_fails=frozenset(data.get("starter_fails", ())),
    )


def _known(path: Path, text: str, data: dict[str, Any], keys: set[str]) -> None:
    for key in data:
        if key not in keys:
            raise CourseError(f"{path}, line {line_of(text, key)}: no key '{key}'{nearest(key, keys)}")


def _refuse_dangling(path: Path, lab: Lab, checks: Mapping[str, AnyCheck]) -> None:
    for step in lab.steps:
        for name in step.checks:
            if name not in checks:
                raise CourseError(f"{path}, step {step.id}: no check '{name}'{nearest(name, checks)}")
    for name in lab.starter_fails:
        if name not in checks:
            raise CourseError(f"{path}, starter_fails: no check '{name}'{nearest(name, checks)}")


def _refuse_twice(labs: tuple[Lab, ...]) -> None:
    taken: dict[str, str] = {}
    for lab in labs:
        for name in lab.checks:
            if name in taken:
                raise CourseError(f"labs/{lab.id}/lab.toml: check '{name}' belongs to {taken[name]} already")
            taken[name] = lab.id


def is_elective(lab: Lab) -> bool:
    """Whether a lab stands beside the path: another way to do what a lab of the path did."""
    return NUMBERED.match(lab.id) is None


def page_folder(lab: Lab) -> str:
    """Where the page of a lab is, below docs/."""
    return "electives" if is_elective(lab) else "labs"


def _names(lab: Lab) -> tuple[str, ...]:
    """What a lab answers to. A word of an elective's name may be the topic of a lab on the path."""
    numbered = NUMBERED.match(lab.id)
    return (lab.id, f"lab{numbered[1]}", numbered[1], lab.id[numbered.end() :]) if numbered else (lab.id,)


def _depth(lab: Lab, by_id: Mapping[str, Lab]) -> int:
    depth, seen = 0, {lab.id}
    while lab.after:
        if lab.after in seen:
            raise CourseError(f"labs/{lab.id}/lab.toml: after = '{lab.after}' goes round in a circle")
        lab = by_id[lab.after]
        seen.add(lab.id)
        depth += 1
    return depth
