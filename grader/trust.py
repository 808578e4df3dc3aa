"""`grader trust`: lets this machine's browsers and programs believe the root of a lab's own certificate authority."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.catalog import CourseError
from grader.checking import Target, open_target, state_folder
from grader.model import Reason
from grader.probes.tls.anchors import Anchors, TrustAnchors, pem_blocks
from grader.stacks import trust_stores
from grader.stacks.base import CouldNotLook
from grader.stacks.trust_stores import Command, Store
from grader.text import clean

FOLDER = "trusted"  # in the state folder: a PEM file for each root that the stores were asked to take
PREFIX = "pinboard-lab-"  # of the names that the roots get in the stores


@dataclass(frozen=True, slots=True)
class Change:
    """What happened at one store: it was changed, or `problem` says why not, or `by_hand` what is still to be run."""

    readers: str
    place: str
    problem: str = ""
    by_hand: tuple[Command, ...] = ()


def shown(target: Target) -> str:
    """The roots as PEM, for `curl --cacert` and for programs that keep their own list of roots."""
    return _roots(target).pem


def trusted(target: Target) -> str:
    """Adds the lab's roots to the stores of this machine, in place of earlier ones; says what it did."""
    roots = _roots(target)
    folder = state_folder(target) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        folder / f"{PREFIX}{root.sha256[:16]}.pem": pem
        for pem, root in zip(pem_blocks(roots.pem), roots.certificates, strict=True)
    }
    gone = _removed(path for path in _kept(folder) if path not in wanted)
    added = []
    for path, pem in wanted.items():
        path.write_text(pem, encoding="ascii")
        added += [_changed(store, store.add) for store in trust_stores.stores(path, path.stem)]
    lines = [f"The root of the certificate authority of {target.lab.id}:"]
    lines += [f"  {clean(root.called)}\n  SHA-256 {root.sha256}" for root in roots.certificates]
    lines += ["", *_lines(gone, "An earlier root is no longer believed by"), *_lines(added, "It is now believed by")]
    if missing := trust_stores.missing_tool():
        lines.append(f"not done for your browser: {missing}")
    return "\n".join([*lines, "", *_meaning(roots, target)]) + "\n"


def withdrawn(target: Target) -> str:
    """Takes the roots that `trusted` added out of every store that has them. The stack need not run."""
    kept = _kept(state_folder(target) / FOLDER)
    if not kept:
        return f"Nothing to undo: this machine was not asked to trust {target.lab.id}.\n"
    return (
        "\n".join(_lines(_removed(kept), "The lab's root is no longer believed by") or ["No store has it any more."])
        + "\n"
    )


def _roots(target: Target) -> Anchors:
    stack = open_target(target)
    try:
        roots = stack.ask(TrustAnchors())
    finally:
        stack.close()
    if roots.trouble:
        raise CouldNotLook(
            Reason.UNREACHABLE, f"no root: {roots.trouble}", hint="docker compose ps, and `ca` in grader.toml"
        )
    if not roots.pem:
        raise CourseError(f"{target.lab.id}: grader.toml of the workspace names no certificate authority (`ca`)")
    return roots


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*.pem"))


def _changed(store: Store, commands: tuple[Command, ...]) -> Change:
    if not store.allowed:
        return Change(store.readers, store.place, by_hand=tuple(("sudo", *command) for command in commands))
    return Change(store.readers, store.place, problem=trust_stores.run(commands))


def _removed(paths: Iterable[Path]) -> list[Change]:
    """Out of every store that has it; the file that remembers a root goes when no store has it any more."""
    changes: list[Change] = []
    for path in paths:
        having = [store for store in trust_stores.stores(path, path.stem) if trust_stores.present(store)]
        done = [_changed(store, store.remove) for store in having]
        changes += done
        if not any(change.problem or change.by_hand for change in done):
            path.unlink()
    return changes


def _lines(changes: list[Change], done: str) -> list[str]:
    lines = []
    for change in changes:
        if change.by_hand:
            lines.append(f"to do, with root's rights, for {change.readers}:")
            lines += [f"  {shlex.join(command)}" for command in change.by_hand]
        elif change.problem:
            lines.append(f"not done for {change.readers} ({change.place}): {clean(change.problem, 400)}")
        else:
            lines.append(f"{done} {change.readers} ({change.place})")
    return lines


def _meaning(roots: Anchors, target: Target) -> list[str]:
    lines = [
        "Whoever has this authority's key can now pretend to this machine to be any site. Undo it when you are done:",
        f"  grader trust {target.lab.id} --undo",
    ]
    if "://" in roots.where:
        lines += [
            "Inside the stack everybody can get that key: as a test server, the lab's ACME server hands it out.",
            "It makes a new root whenever it starts. Then run `grader trust` again.",
        ]
    return lines
