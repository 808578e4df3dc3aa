"""The command of a red line, run: it shows the fault on the stack that has it, and not on the lab's solution.

A verdict that nobody can see for themselves is a claim. So the gate types what the report says, in the workspace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.model import Outcome, Result, Verdict
from grader.stacks.dealings import Ran
from grader.stacks.settings import load
from grader.stacks.throwaway import Throwaway

SECONDS = 20.0  # for a command that only looks …
LONGEST = 90.0  # … and for one that stops, kills or waits, as its check does
SAID = 160  # characters of an output that a problem quotes
# A command that could not ask has shown nothing, whatever the expression says.
COULD_NOT = re.compile(
    r"command not found|no such service|No such container|syntax error|unexpected EOF|is not running$|^Usage:"
    r"|no configuration file provided|curl: option|curl: \(3\)|Cannot connect to the Docker daemon"
    r"|Error response from daemon|^docker: ",
    re.MULTILINE | re.IGNORECASE,
)


# What a command has in it that leaves a stack other than it was: somebody stopped or killed, alerts set off by a load.
CHANGES = re.compile(r"compose (stop|start|restart|kill|pause|up)|kill -|docker run -d|for i in")

SYMPTOM = "the incident's symptom"  # stands where the name of a check would, for what is met and not judged

TELLS_ITSELF = re.compile("Error|exit code")  # that something could not be done is what such a command is to show


@dataclass(frozen=True, slots=True)
class Red:
    """A red check of a stack of the gate. `own` are words that only this stack has: see own_words."""

    stack: str
    check: str
    verdict: Verdict
    disturbs: bool
    own: Mapping[str, str]

    @property
    def changes(self) -> bool:
        return CHANGES.search(self.verdict.reproduce) is not None


def reds(name: str, results: Iterable[Result], stack: Throwaway) -> tuple[Red, ...]:
    """The red checks of a stack, which still stands."""
    own = own_words(stack)
    return tuple(
        Red(name, result.check.id, result.verdict, result.check.disturbs, own)
        for result in results
        if result.outcome is Outcome.FAIL
    )


def own_words(stack: Throwaway) -> dict[str, str]:
    """What is written otherwise on each stack: its name, its ports, and the command that grader.toml declares."""
    renew = load(stack.workspace).renew
    return {**stack.variables, **({"renew": renew} if renew else {})}


def disagreements(stack: Throwaway, found: Iterable[Red], *, there: bool) -> list[tuple[Red, str]]:
    """Runs the commands on a stack, which has the faults (`there`) or has none, and says which of them lie, and how.

    What changes the stack goes last, and it settles after each such command: so it must be one to throw away. After
    that come the symptoms of incidents, which may leave more behind: notes, alerts, longer logs.
    """
    problems: list[tuple[Red, str]] = []
    done: dict[tuple[str, str], str] = {}
    own, unsettled = own_words(stack), False
    for red in sorted(found, key=lambda red: (red.check == SYMPTOM, red.changes, red.disturbs)):
        if red.verdict.not_shown:
            continue
        command, shows = elsewhere(red, own)
        if (command, shows) not in done:
            if unsettled:
                stack.settle()
            ran = stack.typed(command, LONGEST if red.changes or red.disturbs else SECONDS)
            done[command, shows] = disagreement(shows, ran, there=there)
            unsettled = red.changes
        if problem := done[command, shows]:
            where = "" if there else f" of {red.stack}, asked of the solution,"
            problems.append((red, f"{red.check}: the command{where} {problem}: {command}"))
    return problems


def disagreement(shows: str, ran: Ran, *, there: bool) -> str:
    """What is wrong with what a command printed; "" when it shows the fault where that is there, and only there."""
    said = " ".join(ran.output[-SAID:].split()) or "nothing"
    if ran.code is None:
        return f"had not ended after {ran.seconds:.0f} s"
    if not TELLS_ITSELF.search(shows) and (lost := COULD_NOT.search(ran.output)):
        return f"could not ask ({lost.group()})"
    if not shows:
        return "comes without what it shows"
    if bool(re.search(shows, ran.output, re.MULTILINE)) == there:
        return ""
    return f"{'does not show' if there else 'shows'} /{shows}/ but printed {said}"


def elsewhere(red: Red, own: Mapping[str, str]) -> tuple[str, str]:
    """The command of a red line and what it shows, as both read on another stack, with that one's own words."""
    words = {word: own.get(name, word) for name, word in red.own.items()}
    words |= {re.escape(word): re.escape(other) for word, other in words.items()}
    known = re.compile("(?<!\\w)(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")(?!\\d)")
    command, shows = (
        known.sub(lambda found: words[found.group()], text) for text in (red.verdict.reproduce, red.verdict.shows)
    )
    return command, shows
