"""`grader check` as one sees it: the header at once, each line when its step is ready, the last line, the files."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from grader import agreement, asking, checking
from grader.catalog import Catalog
from grader.changes import Past
from grader.checking import Target
from grader.course import newer
from grader.events import Telling
from grader.model import Report, Result
from grader.plan import Options, plan
from grader.progress import remember
from grader.render import terminal
from grader.render.data import as_data, result_data, to_json
from grader.render.html import to_html
from grader.render.junit import to_junit
from grader.render.live import LiveReport
from grader.render.markdown import to_markdown
from grader.render.style import Style
from grader.render.tally import plural
from grader.stacks.base import CouldNotLook, Stack
from grader.text import clean

NOT_GRADED = 3
RECORDING = "recording"  # the form of a file that keeps every answer; no report
PLAIN = Style(colour=False)
SETTLE = 1.0  # seconds of quiet after a change, before --watch looks again


@dataclass(frozen=True)
class Show:
    """One invocation of `check` (or `record`). `write` prints; nothing else here does.

    `form` is that of standard output, "" for none; `files` are forms and places.
    With `grows`, each check's line is there as soon as its step is ready; else the whole report at the end.
    """

    grows: ClassVar[bool] = True

    catalog: Catalog
    target: Target
    options: Options
    form: str
    files: tuple[tuple[str, Path], ...]
    style: Style
    write: Callable[[str], None]
    site: str = ""
    yes: bool = False

    def once(self) -> int:
        """Runs the checks and writes the report; returns the exit code."""
        live = self.form == "terminal"
        chosen = plan(self.catalog, self.target.lab, self.options)
        checks = {check.id: check for check in chosen.asked}
        sections = checking.groups(self.catalog, self.target.lab, chosen)
        growing = LiveReport(sections, checks, self._page, self.style)
        done: list[Result] = []
        past = None if self._records else Past(checking.state_folder(self.target))
        told = Telling(self.target.lab.id, str(self.target.workspace or ""), self.target.url, heard=self._heard)
        changed: list[str] = []

        def on_stack(stack: Stack) -> None:
            if live and self.grows:
                changed.extend(self._newer(stack))
                names = tuple(dict.fromkeys(fact.service for fact in stack.services() if fact.running))
                roles = checking.roles_or_why(stack)
                self.write(terminal.header(self.target.lab, stack.project, roles, names, self.style))
            told.began(stack.project, checks)

        def on_end() -> None:
            if live and self.grows:
                self._grow(growing.rest(), 0, 0)
            self.write("\nPutting the stack back …\n")

        def on_result(result: Result) -> None:
            done.append(result)
            told.result(result_data(result, self.catalog.page(result.check.id), *self._owner(result.check.id)))
            if live:
                self._grow(growing.add(result) if self.grows else "", len(done), len(checks))

        try:
            report = self._run(on_stack, on_result, on_end, past)
        except checking.Interrupted:
            told.gave_up("Ended before it was finished. What was disturbed has been put back.")
            self.write("Ended. What was disturbed has been put back.\n")
            return NOT_GRADED
        except CouldNotLook as trouble:
            told.gave_up(str(trouble), trouble.hint)
            raise
        if past is not None:
            remember(checking.state_folder(self.target), report)
            past.keep(report)
        told.ended(as_data(report, self.catalog.page, self._owner))
        self._finish(report, changed)
        return checking.exit_code(report)

    def watch(self) -> int:
        """Runs again on every change, until Ctrl-C; returns the last exit code."""
        from grader.watching import changes

        code = NOT_GRADED
        try:
            while True:
                try:
                    code = self.once()
                except CouldNotLook as trouble:
                    self.write(terminal.trouble(str(trouble), trouble.hint, self.style))
                self.write(self.style.paint("\nWatching files and containers; Ctrl-C ends.\n", "dim"))
                what = changes(self.target.workspace, self.target.url.partition("://")[2], SETTLE)
                self.write(f"\n{clean(what)} changed at {time.strftime('%H:%M:%S')}.\n\n")
        except KeyboardInterrupt:
            return code

    def _run(
        self,
        on_stack: Callable[[Stack], None],
        on_result: Callable[[Result], None],
        on_end: Callable[[], None],
        past: Past | None,
    ) -> Report:
        from grader.advice import offer_repair

        with checking.alone(self.target):
            try:
                checking.refuse_open_journal(self.target)
            except checking.OpenJournal as left:
                self.write(offer_repair(self.target, left.names, yes=self.yes))
            return checking.run(
                self.catalog,
                self.target,
                self.options,
                on_stack=on_stack,
                on_result=on_result,
                keep=self._keep,
                on_end=on_end,
                agreed=self._agreed(),
                choose=asking.ask,
                past=past,
            )

    def _agreed(self) -> frozenset[str]:
        """The commands of grader.toml that this run may use; asked about before anything else happens."""
        if self.target.workspace is None:  # then there is nowhere to run them
            return frozenset()
        asked = plan(self.catalog, self.target.lab, self.options).asked
        commands = agreement.commands_of(asked, checking.settings_of(self.target))
        return agreement.agree(checking.state_folder(self.target), commands, yes=self.yes)

    def _keep(self, stack: Stack, results: tuple[Result, ...]) -> None:
        if self._records:
            from grader.recording import recording

            text = recording(stack.project, stack.services(), checking.roles_or_why(stack), results)
            self.files[0][1].write_text(text, encoding="utf-8")

    @property
    def _heard(self) -> bool:
        """Whether pages hear of this run: a check of a lab does, an audit or a recording does not."""
        return self.grows and not self._records

    @property
    def _records(self) -> bool:
        return any(form == RECORDING for form, _ in self.files)

    def _newer(self, stack: Stack) -> tuple[str, ...]:
        """The files of the workspace that were changed after everything that runs was started."""
        started = max((fact.started for fact in stack.services() if fact.running), default=0.0)
        return newer(self.target.workspace, started) if self.target.workspace and started else ()

    def _finish(self, report: Report, changed: Sequence[str]) -> None:
        for form, path in self.files:
            if form == RECORDING:
                self.write(f"{path}: {plural(len(report.results), 'answer')} recorded.\n")
            else:
                path.write_text(self._rendered(form, report), encoding="utf-8")
                self.write(f"{path}: written.\n")
        if not self.form or (self.form == "terminal" and self.grows):
            self.write(terminal.summary(report, self._next_step(report), self.style, changed))
        else:
            self.write(self._rendered(self.form, report, self.style))

    def _rendered(self, form: str, report: Report, style: Style = PLAIN) -> str:
        if form == "json":
            return to_json(report, self.catalog.page, self._owner)
        if form == "junit":
            return to_junit(report)
        if form == "html":
            return to_html(report, self._page, self._commands_note(report))
        if form == "markdown":
            return to_markdown(report, self._page, self._commands_note(report))
        return self._whole(report, style)

    def _commands_note(self, report: Report) -> str:
        """What one must do before the commands of a report do what they say."""
        return "Run the commands in the workspace of the lab."

    def _whole(self, report: Report, style: Style = PLAIN) -> str:
        """The terminal report in one piece; where it does not grow, what does not apply stands together at the end."""
        chosen = plan(self.catalog, self.target.lab, self.options)
        sections = checking.groups(self.catalog, self.target.lab, chosen)
        asked = {check.id: check for check in chosen.asked}
        rows = LiveReport(sections, asked, self._page, style, folded=not self.grows)
        text = terminal.header(report.lab, report.stack, report.roles, report.services, style)
        text += self._under_header(report)
        text += "".join(rows.add(result) for result in report.results if result.check.id in asked)
        text += "" if self.grows else terminal.unjudged(report.results, style)
        return text + terminal.summary(report, self._next_step(report), style)

    def _under_header(self, report: Report) -> str:
        """What a reader has to know before the first line; nothing where the workspace says it."""
        return ""

    def _next_step(self, report: Report) -> str:
        return terminal.next_step(report, self._follow_up())

    def _grow(self, text: str, done: int, total: int) -> None:
        erase = "\r\x1b[K" if self.style.live else ""
        line = terminal.progress(done, total, self.style) if self.style.live and done < total else ""
        if text or line or erase:
            self.write(erase + text + line)

    def _page(self, check_id: str) -> str:
        return self.site + self.catalog.page(check_id)

    def _owner(self, check_id: str) -> tuple[str, str]:
        owner = self.catalog.owner(check_id)
        return (owner[0].id, owner[1].id) if owner else ("", "")

    def _follow_up(self) -> str:
        """What comes after a complete lab: the next one, with what the learner built."""
        after = next((lab for lab in self.catalog.labs if lab.after == self.target.lab.id), None)
        if after is None:
            return "The path ends here; `grader list` shows the electives."
        if self.target.workspace is None:
            return f"`grader start {after.id}` goes on."
        mine = shlex.quote(os.path.relpath(self.target.workspace))
        return f"`docker compose down`, then `grader start {after.id} --from {mine}` goes on with what you built."
