"""One run of `grader check`: opens the stack, asks the plan, builds the report, keeps the history."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader import asking
from grader.catalog import Catalog
from grader.changes import Past
from grader.model import Lab, Outcome, Reason, Report, Result, Role, skipped
from grader.plan import Options, Plan, plan
from grader.render.live import Group
from grader.runner import Run
from grader.stacks.base import CouldNotLook, Opening, Settings, Stack
from grader.stacks.journal import InUse, Journal
from grader.stacks.opening import open_stack
from grader.stacks.reach import reaches
from grader.stacks.roles import Undecided
from grader.stacks.settings import load
from grader.text import clean

JOURNAL = "journal.jsonl"
ENDING = 30.0  # seconds that a run which is being ended may take to put the stack back itself


class OpenJournal(Exception):
    """An earlier run was cut off while the stack was disturbed; `names` says what is still to be undone."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


class Interrupted(Exception):
    """The run was ended by Ctrl-C or SIGTERM; what was disturbed has been put back."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to grade: a lab, its workspace where there is one, and how the stack is reached.

    `told` is what --role says, `given` what options say in the place of keys of grader.toml.
    """

    lab: Lab
    workspace: Path | None
    url: str
    told: tuple[tuple[str, str], ...] = ()
    given: tuple[tuple[str, Any], ...] = ()

    @property
    def word(self) -> str:
        """What it is called in a sentence: the lab's name, or that of the stack which is in no lab."""
        return self.lab.id if self.lab.checks and self.lab.stack else self.lab.title


def state_folder(target: Target) -> Path:
    """Where journal and history of a stack are kept: in its workspace, or under the user's state folder."""
    if target.workspace is not None:
        return target.workspace / ".grader"
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home / "grader" / "".join(c if c.isalnum() or c in "-_." else "_" for c in target.url)


def settings_of(target: Target) -> Settings:
    """The learner's grader.toml, and what options say instead; SettingsError when it cannot be used."""
    return replace(load(target.workspace or Path.cwd()), **dict(target.given))


def open_target(target: Target, agreed: frozenset[str] = frozenset()) -> Stack:
    """The stack of a target. CouldNotLook or SettingsError say why there is none.

    `agreed` are the texts of those commands of grader.toml that may be run.
    """
    settings = settings_of(target)
    return open_stack(
        Opening(
            url=target.url,
            settings=settings,
            state=state_folder(target),
            workspace=target.workspace,
            project=target.lab.id,
            told=target.told,
            recalled=tuple(asking.recalled(state_folder(target)).items()),
            named=target.lab.roles,
            agreed=agreed,
        )
    )


def opened(target: Target, agreed: frozenset[str], choose: Callable[[Undecided], str]) -> Stack:
    """The stack of a target with its roles told apart; `choose` answers what its behaviour leaves open, or says "".

    What was said of roles is kept for later runs. A question without an answer ends the run, unless something is down:
    then that is said first.
    """
    stack = open_target(target, agreed)
    try:
        stack.roles()
    except Undecided as question:
        answer = choose(question)
        if answer:
            stack.close()
            return opened(replace(target, told=(*target.told, (question.role, answer))), agreed, choose)
        if all(fact.running or fact.one_shot for fact in stack.services()):
            stack.close()
            raise
    except CouldNotLook:  # said by the checks that need a role
        pass
    else:
        asking.remember(state_folder(target), dict(target.told))
    return stack


@contextmanager
def alone(target: Target, seconds: float = 0.0) -> Iterator[None]:
    """Keeps other runs from the stack of a target. CouldNotLook when one is under way, and still is after `seconds`."""
    try:
        with Journal(state_folder(target) / JOURNAL).alone(seconds):
            yield
    except InUse:
        raise CouldNotLook(
            Reason.UNREACHABLE, "another grader is at work on this stack", hint="let it end, or end it with Ctrl-C"
        ) from None


def refuse_open_journal(target: Target) -> None:
    """OpenJournal when a run that was cut off left the stack disturbed."""
    entries = Journal(state_folder(target) / JOURNAL).open_entries()
    if entries:
        raise OpenJournal(tuple(dict.fromkeys(f"{entry.action} {entry.name}" for entry in entries)))


def run(
    catalog: Catalog,
    target: Target,
    options: Options,
    *,
    on_stack: Callable[[Stack], None],
    on_result: Callable[[Result], None],
    keep: Callable[[Stack, tuple[Result, ...]], None] = lambda stack, results: None,
    on_end: Callable[[], None] = lambda: None,
    agreed: frozenset[str] = frozenset(),
    choose: Callable[[Undecided], str] = lambda question: "",
    past: Past | None = None,
) -> Report:
    """Checks a stack; `on_stack` hears when it is open, `on_result` of each result at once, `keep` of all
    while the stack is still open, `on_end` of Ctrl-C before the stack is put back. `past` adds to a failure since when.

    Raises CouldNotLook when there is no stack, OpenJournal, and Interrupted after putting everything back.
    """
    refuse_open_journal(target)
    begun, started = time.monotonic(), time.time()
    chosen = plan(catalog, target.lab, options)
    stack = opened(target, agreed, choose)
    previous = signal.signal(signal.SIGTERM, as_interrupt)
    try:
        stack.repair()  # nothing was left disturbed, but a killed run leaves containers of its own behind
        on_stack(stack)
        if past is not None:
            past.look(stack)
        told = past.told if past else lambda result: result
        asked = Run(stack, chosen.asked, lambda result: on_result(told(result)), refused=refusal(stack, options))
        results = tuple(map(told, asked.go()))
        names = tuple(dict.fromkeys(clean(service.service) for service in stack.services()))
        roles = roles_or_why(stack)
        keep(stack, results)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # putting back is not to be interrupted a second time
        threading.excepthook = lambda _: None  # what a probe still tries has no answer any more, and nobody to tell
        on_end()
        raise Interrupted from None
    finally:
        signal.signal(signal.SIGTERM, previous)
        # Also after a run that came to its end: a probe that was given up may have left something disturbed.
        stack.restore()
        stack.close()
    return Report(
        lab=target.lab,
        stack=clean(stack.project),
        services=names,
        roles=roles,
        results=_ordered(catalog, chosen, results),
        started=started,
        seconds=time.monotonic() - begun,
    )


def refusal(stack: Stack, options: Options) -> str:
    """Why this stack is not disturbed; "" when it may be. A recording has nothing that could be."""
    if options.i_know or stack.url.startswith("recorded:"):
        return ""
    ways = reaches(stack.services())
    return f"not disturbed, because this stack reaches the machine that it runs on: {'; '.join(ways)}" if ways else ""


def groups(catalog: Catalog, lab: Lab, chosen: Plan) -> tuple[Group, ...]:
    """The headings of a report: what earlier labs proved first, then the lab's own steps."""
    asked = {check.id for check in chosen.asked}
    own = [Group(s.title, tuple(name for name in s.checks if name in asked)) for s in lab.steps]
    mine = {name for group in own for name in group.checks}
    rest = tuple(check.id for check in chosen.asked if check.id not in mine)
    before = {name for earlier in catalog.before(lab) for name in earlier.checks}
    others = Group("Earlier labs", rest, earlier=True) if before >= set(rest) else Group("Other labs", rest)
    everything = (others, *own)
    return tuple(group for group in everything if group.checks)


def exit_code(report: Report) -> int:
    """0 all passed, 1 something failed, 3 something could not be judged, or nothing was."""
    return {Outcome.PASS: 0, Outcome.FAIL: 1}.get(report.outcome, 3)


def _ordered(catalog: Catalog, chosen: Plan, results: tuple[Result, ...]) -> tuple[Result, ...]:
    found = {result.check.id: result for result in results}
    for check in chosen.left_out:
        why = "it disturbs the stack: ask without --quick" if check.disturbs and not check.deep else "ask with --deep"
        found[check.id] = Result(check, skipped(why, Reason.LEFT_OUT), 0.0)
    taught = [name for lab in catalog.labs for name in lab.checks if name in found]
    return tuple(found[name] for name in dict.fromkeys((*taught, *found)))


def roles_or_why(stack: Stack) -> tuple[Role, ...]:
    """The roles in words that can be shown, or one named `?` that says why they could not be told."""
    try:
        return tuple(Role(r.name, tuple(clean(name) for name in r.services), clean(r.why)) for r in stack.roles())
    except CouldNotLook as trouble:  # said by the checks that need the role, too
        return (Role("?", (), clean(str(trouble))),)


def as_interrupt(number: int, frame: object) -> None:
    """A handler for SIGTERM that ends a run as Ctrl-C does."""
    raise KeyboardInterrupt
