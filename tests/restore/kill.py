"""One kill: a check is begun, killed at a moment of its probe, and repaired; what is not as it was then, in words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from grader.catalog import root
from grader.model import AnyCheck
from grader.stacks.journal import Journal
from grader.stacks.throwaway import Throwaway
from tests.restore.inspected import differences, stack_of

BEGUN = 90.0  # seconds until a probe must have begun: what its check needs is asked first
LONGEST = 200.0  # seconds that a whole run may take
ENDED = 90.0  # seconds until a grader that was told to end must have put the stack back and ended
SETTLED = 180.0  # seconds until everything is as it was, health included, after the repair
LOOKS = 3  # attempts, at most, where a busy machine may be in the way
AFTERWARDS = ("check", "--quick", "--only", "stack", "--format", "json")
LOOK = 0.005  # seconds between two looks for a mark


@dataclass(frozen=True, slots=True)
class Killed:
    """How one kill went. `open` says that the journal held something then, `landed` that the probe was under way.

    `moment` is seconds after the probe began, `took` seconds from the signal to the grader's end. `again` says that
    the repair was killed, too, before it was run to its end. `settled` is seconds from the end of that until all was as
    before. `wrong` is what was not, in words.
    """

    signal: str
    moment: float
    landed: bool
    open: bool
    again: bool
    took: float
    settled: float
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Graded:
    """A solution that runs, and the check of one disturbing probe of it."""

    stack: Throwaway
    lab: str
    check: AnyCheck

    @property
    def anew(self) -> bool:
        """Whether the probe makes new containers, by its very question."""
        return type(self.check.probe).__name__ == "Recreate"

    @property
    def journal(self) -> Journal:
        return Journal(self.stack.workspace / ".grader" / "journal.jsonl")

    def usual(self) -> float:
        """Seconds that the probe takes when nobody kills it."""
        self._at_rest()
        with tempfile.TemporaryDirectory() as folder:
            run, begun = self._begun(Path(folder))
            try:
                return _mark(run, Path(folder) / "answered", LONGEST) - begun
            finally:
                _end(run, signal.SIGTERM)

    def kill(self, number: signal.Signals, moment: float, *, again: Callable[[float], float] | None = None) -> Killed:
        """Kills the grader `moment` seconds after its probe began. `again` chooses when to kill the repair as well."""
        before = self._at_rest()
        with tempfile.TemporaryDirectory() as folder:
            run, begun = self._begun(Path(folder))
            try:
                time.sleep(max(begun + moment - time.monotonic(), 0.0))
                landed = run.poll() is None and not (Path(folder) / "answered").exists()
                is_open = bool(self.journal.open_entries())
                since = time.monotonic()
                said = _end(run, number)
                took = time.monotonic() - since
            finally:
                _end(run, signal.SIGKILL)
        wrong = [] if "Traceback" not in said else [f"the grader ended with a traceback: {said[-600:]}"]
        if number is not signal.SIGKILL and landed and self.journal.open_entries():
            wrong.append(f"the grader ended without putting the stack back: {said[-300:]}")
        if again:
            self._kill_repair(again)
        wrong += self._repair()
        since = time.monotonic()
        wrong += self._not_as(before)
        settled = time.monotonic() - since
        wrong += self._judged()
        return Killed(number.name, round(moment, 3), landed, is_open, again is not None, round(took, 2),
                      round(settled, 1), wrong)  # fmt: skip

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _grader(self, *words: str) -> subprocess.Popen[str]:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background: it would be inherited
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=self.stack.workspace,
            # A learner who moves a lab to another port has the variables for it in this shell, too.
            env={**os.environ, **self.stack.variables, "PYTHONPATH": str(root()), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a group of its own, as a shell makes one: Ctrl-C reaches all of it
        )

    def _check(self, marks: Path) -> subprocess.Popen[str]:
        words = ("check", self.lab, "--only", self.check.id, "--yes")
        return self._grader("tests.restore.command", self.check.id, str(marks), *words)

    def _begun(self, marks: Path) -> tuple[subprocess.Popen[str], float]:
        """A check whose probe has begun, and when. What it needs is asked again where a busy machine was in the way."""
        for left in reversed(range(LOOKS)):
            run = self._check(marks)
            try:
                return run, _mark(run, marks / "asked", BEGUN)
            except AssertionError:
                if not left:
                    raise
                self._at_rest()
        raise AssertionError("nobody looked")

    def _kill_repair(self, again: Callable[[float], float]) -> None:
        begun = time.monotonic()
        self._grader("grader", "plan", self.lab, "--quick").communicate(timeout=60)  # as long as reading the program
        moment = again(time.monotonic() - begun)
        run = self._grader("grader", "repair", self.lab)
        time.sleep(moment)
        _end(run, signal.SIGKILL)

    def _repair(self) -> list[str]:
        run = self._grader("grader", "repair", self.lab)
        try:
            said, _ = run.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            return [f"the repair did not end: {_end(run, signal.SIGKILL)[-300:]}"]
        wrong = [f"the repair ended with {run.returncode}: {said[-600:]}"] if run.returncode else []
        left = self.journal.open_entries()
        return wrong + [f"still in the journal: {undo.action} {undo.name}" for undo in left]

    def _as_now(self) -> dict[str, str]:
        return stack_of(self.stack.project, self.stack.workspace, anew=self.anew)

    def _at_rest(self) -> dict[str, str]:
        """The stack once every health check is content: what it is compared with has to be well."""
        deadline = time.monotonic() + SETTLED
        while True:
            now = self._as_now()
            if {value for name, value in now.items() if name.endswith("State.Health.Status")} <= {'"healthy"'}:
                return now
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.stack.project} does not become healthy")
            time.sleep(0.5)

    def _not_as(self, before: dict[str, str]) -> list[str]:
        deadline = time.monotonic() + SETTLED
        while True:
            try:
                wrong = differences(before, self._as_now())
            except RuntimeError as trouble:  # a container that ended between the list and the look
                wrong = [str(trouble)]
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(0.5)

    def _judged(self) -> list[str]:
        """What the grader itself says of the stack afterwards; it looks again when the machine was too busy to tell."""
        wrong: list[str] = []
        for _ in range(LOOKS):
            said, _ = self._grader("grader", *AFTERWARDS, self.lab).communicate(timeout=LONGEST)
            try:
                results = json.loads(said)["results"]
            except ValueError:
                return [f"the next check said: {said[-300:]}"]
            # Other work on this machine is nobody's fault here: that is what `noisy host` says.
            bad = [r for r in results if r["outcome"] in ("fail", "unknown") and r["reason"] != "noisy host"]
            wrong = [f"the next check: {r['id']} is {r['outcome']}: {r['because']}" for r in bad]
            if all(r["reason"] != "timed out" for r in bad):
                break
        return wrong


def _mark(run: subprocess.Popen[str], path: Path, seconds: float) -> float:
    """When the mark was there. AssertionError with what was said when it does not come."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        if run.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no mark {path.name}: {_end(run, signal.SIGKILL)[-800:]}")
        time.sleep(LOOK)
    return time.monotonic()


def _end(run: subprocess.Popen[str], number: signal.Signals) -> str:
    """Sends a signal as people do (Ctrl-C to the whole group, others to the one process); what was printed."""
    if run.poll() is None:
        if number is signal.SIGINT:
            os.killpg(run.pid, number)
        else:
            run.send_signal(number)
    try:
        said, _ = run.communicate(timeout=ENDED)
    except subprocess.TimeoutExpired:
        run.kill()
        said = f"Traceback: no end within {ENDED:.0f} s after {number.name}"
    except ValueError:  # it was read to its end before
        said = ""
    return said
