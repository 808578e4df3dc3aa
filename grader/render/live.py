"""The terminal report while it grows: each check's line as soon as its step can be shown, steps never torn apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from grader.model import AnyCheck, Change, Outcome, Reason, Result, not_owed
from grader.render import terminal
from grader.render.since import since
from grader.render.style import Style
from grader.render.tally import waiting_for


@dataclass(frozen=True, slots=True)
class Group:
    """The checks under one heading. Those of earlier labs are one group, and only what does not hold is shown."""

    title: str
    checks: tuple[str, ...]
    earlier: bool = False


class LiveReport:
    """Takes results in any order and returns the text that can be shown so far."""

    def __init__(
        self,
        groups: Sequence[Group],
        checks: Mapping[str, AnyCheck],
        page: Callable[[str], str],
        style: Style,
        *,
        folded: bool = False,
    ):
        """With `folded`, what does not apply is left to terminal.unjudged."""
        self._open = list(groups)
        self._checks = checks
        self._page = page
        self._style = style
        self._folded = folded
        self._results: dict[str, Result] = {}
        self._shown: set[str] = set()
        self._told: dict[tuple[Change, ...], str] = {}  # changes, and the check under which they stand
        self._current: Group | None = None

    def add(self, result: Result) -> str:
        """The text that this result makes ready; "" while its step has to wait."""
        self._results[result.check.id] = result
        text = ""
        while True:
            if self._current is None:
                self._current = self._next_group()
                if self._current is None:
                    return text
                text += terminal.heading(self._current.title, self._style)
            text += self._lines(self._current)
            if not self._complete(self._current):
                return text
            if not any(self._tells(self._current, self._results[name]) for name in self._current.checks):
                text += "" if self._current.earlier else terminal.all_waits(self._style)
            if self._current.earlier:
                text += terminal.earlier([self._results[name] for name in self._current.checks], self._style)
            self._open.remove(self._current)
            self._current = None

    def rest(self) -> str:
        """What is left when a run was cut off."""
        text = "" if self._current is None else self._lines(self._current)
        for group in self._open:
            if group is not self._current and any(name in self._results for name in group.checks):
                text += terminal.heading(group.title, self._style) + self._lines(group)
        return text

    def _next_group(self) -> Group | None:
        """A step that is complete, else the first that waits for nothing timed or disturbing, else the first begun."""
        begun = [group for group in self._open if any(name in self._results for name in group.checks)]
        for group in begun:
            if self._complete(group):
                return group
        for group in begun:
            waiting = [self._checks[name] for name in group.checks if name not in self._results]
            if not any(check.disturbs or check.probe.alone or check.needs for check in waiting):
                return group
        return None

    def _lines(self, group: Group) -> str:
        text = ""
        for name in group.checks:
            result = self._results.get(name)
            if result is None or name in self._shown or not self._tells(group, result):
                continue
            self._shown.add(name)
            text += terminal.line(result, self._page(name), waiting_for(name, self._checks.values()), self._style)
            text += self._since(result)
        return text

    def _since(self, result: Result) -> str:
        """Until when a check passed; changes that were shown already are only named."""
        if result.since is None:
            return ""
        under = self._told.setdefault(result.since.changes or (), result.check.id)
        return since(result.since, "" if under == result.check.id else under, self._style)

    def _tells(self, group: Group, result: Result) -> bool:
        if result.outcome is Outcome.SKIP and result.verdict.reason in (Reason.BLOCKED, Reason.LEFT_OUT):
            return False  # folded under what blocks it; counted in the last line
        if self._folded and not_owed(result):
            return False
        return not group.earlier or result.outcome in (Outcome.FAIL, Outcome.UNKNOWN)

    def _complete(self, group: Group) -> bool:
        return all(name in self._results for name in group.checks)
