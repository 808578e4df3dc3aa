"""Dependencies point one way. Ruff bans names (pyproject.toml); this holds what its per-file ignores cannot say."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

GRADER = Path(__file__).parents[2] / "grader"

# What every layer may use: words as values, and text made safe to print.
WORDS = ("grader.model", "grader.text", "grader.ladder")
# What a question may know of a stack: facts and their reading, never how a backend came by them.
FACTS = tuple(
    f"grader.stacks.{name}" for name in ("base", "dealings", "values", "roles", "arrivals", "redaction", "meanwhile")
)
# How bytes travel, for those who send their own: a connection, where an answer begins and ends, and no backend.
TRANSPORT = ("grader.stacks.connection", "grader.stacks.exchange")

# A layer, and what of ours it may import. What is not named here stands above and may import all of these.
LAYERS = {
    "grader.text": (),
    "grader.model": ("grader.text",),
    "grader.ladder": ("grader.text",),
    "grader.stacks": (*WORDS, "grader.stacks"),
    "grader.probes": (*WORDS, *FACTS, *TRANSPORT, "grader.probes"),
    "grader.checks": (*WORDS, *FACTS, "grader.probes", "grader.checks"),
    "grader.render": (*WORDS, "grader.render"),
}


def name_of(path: Path) -> str:
    parts = path.relative_to(GRADER.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache  # and not when the tests are collected, which each worker does
def modules() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(GRADER.rglob("*.py"))}


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def imports_of(module: str) -> Iterator[str]:
    """Full names; `from grader.stacks import base` counts as grader.stacks.base when that is a module."""
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules() else node.module


def test_there_is_a_grader_to_look_at() -> None:
    assert {"grader.model", "grader.stacks.base"} <= set(modules())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_from_below(layer: str) -> None:
    upward = {
        f"{module} imports {imported}"
        for module in modules()
        if is_in(module, layer)
        for imported in imports_of(module)
        if imported.startswith("grader.") and not any(is_in(imported, below) for below in LAYERS[layer])
    }
    assert upward == set()


def test_a_backend_is_imported_by_nobody_but_loaded_by_its_scheme() -> None:
    backends = {"grader.stacks.compose", "grader.stacks.recorded"} & set(modules())
    importers = {
        f"{module} imports {imported}"
        for module in modules()
        if not is_in(module, "grader.stacks")
        for imported in imports_of(module)
        if imported in backends
    }
    assert importers == set()


def test_facts_know_no_backend() -> None:
    below = (*FACTS, *TRANSPORT)
    known = {imported for module in below for imported in imports_of(module) if imported.startswith("grader.")}
    assert known <= {*WORDS, *FACTS, *TRANSPORT}


def test_only_stacks_know_docker() -> None:
    knowing = {module for module in modules() if any(is_in(imported, "docker") for imported in imports_of(module))}
    assert {module for module in knowing if not is_in(module, "grader.stacks")} == set()


def test_only_the_command_line_and_renderers_end_the_program() -> None:
    def ends(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.exit"

    ending = {module for module, tree in modules().items() if any(ends(node) for node in ast.walk(tree))}
    allowed = ("grader.cli", "grader.commands", "grader.render")
    assert {module for module in ending if not any(is_in(module, place) for place in allowed)} == set()
