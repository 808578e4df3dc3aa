"""What is known of every workspace: read from the files that runs write, and told to every open page."""

from __future__ import annotations

import hashlib
import json
import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import course, events
from grader.catalog import CourseError
from grader.text import clean

EVERY = 0.15  # seconds between two looks at the files
EVERY_SO_OFTEN = 10  # looks between two searches for workspaces, and for runs that were killed
LINE_CAP = 2_000_000  # bytes of a line; a longer one is nothing that a run writes
WAITING = 500  # messages that an open page may be behind before it has to ask anew
LEFT_OUT = "left out of this run"

Message = dict[str, Any]  # what goes to a page as JSON


@dataclass
class Seen:
    """A workspace, or a stack without one, and what its runs have said. Times are seconds since the epoch."""

    key: str
    lab: str
    name: str
    folder: Path | None
    by_button: bool = False  # whether a page started what runs here
    running: bool = False
    began: float = 0.0  # the last run that asked something
    at: float = 0.0  # of the last event
    asked: tuple[str, ...] = ()
    results: dict[str, Message] = field(default_factory=dict)  # the last of each check, by id
    report: Message | None = None
    said: str = ""  # why a run has no report
    hint: str = ""

    def message(self) -> Message:
        return {
            "kind": "workspace",
            "key": self.key,
            "lab": self.lab,
            "name": self.name,
            "startable": self.folder is not None,
            "by_button": self.by_button,
            "running": self.running,
            "began": self.began,
            "at": self.at,
            "asked": self.asked,
            "results": self.results,
            "report": self.report,
            "said": self.said,
            "hint": self.hint,
        }


@dataclass
class Tail:
    """How far a file has been read, and whose run it tells."""

    path: Path
    offset: int = 0
    rest: bytes = b""
    key: str = ""  # of what is running; "" before the run began and after its end

    def lines(self) -> list[bytes]:
        """The whole lines that have come since the last look."""
        try:
            if self.path.stat().st_size <= self.offset:
                return []
            with self.path.open("rb") as file:
                file.seek(self.offset)
                new = file.read(LINE_CAP)
        except OSError:
            return []
        self.offset += len(new)
        *whole, self.rest = (self.rest + new).split(b"\n")
        self.rest = self.rest if len(self.rest) < LINE_CAP else b""
        return whole


class Board:
    """All that is seen, for any number of readers. `base` is the project, `where` the folder of the runs' files."""

    def __init__(self, base: Path, where: Path, labs: Iterable[str]) -> None:
        self._base, self._where, self._labs = base, where, frozenset(labs)
        self._seen: dict[str, Seen] = {}
        self._tails: dict[Path, Tail] = {}
        self._readers: set[queue.Queue[Message]] = set()
        self._lock = threading.Lock()

    def watch(self, stop: threading.Event) -> None:
        """Looks again and again until `stop` is set."""
        looks = 0
        while not stop.wait(EVERY):
            looks += 1
            self.look(thorough=looks % EVERY_SO_OFTEN == 0)

    def look(self, *, thorough: bool = True) -> None:
        """Reads what has come; with `thorough`, also finds workspaces, and runs that were killed."""
        with self._lock:
            if thorough:
                self._find_workspaces()
            for tail in self._all_tails():
                running = bool(tail.key)
                alive = not (thorough and running) or events.goes_on(tail.path)
                for line in tail.lines():  # after the question whether it lives: its last words come before its end
                    self._take(tail, line)
                if tail.key and not alive:
                    self._cut_off(tail)

    def open(self, greeting: Message) -> queue.Queue[Message]:
        """A queue for one page: first `greeting` with all that is known, then every change."""
        messages: queue.Queue[Message] = queue.Queue(WAITING)
        with self._lock:
            messages.put({**greeting, "kind": "all", "workspaces": [seen.message() for seen in self._seen.values()]})
            self._readers.add(messages)
        return messages

    def close(self, messages: queue.Queue[Message]) -> None:
        with self._lock:
            self._readers.discard(messages)

    def follows(self, messages: queue.Queue[Message]) -> bool:
        """Whether the page still gets everything; one that fell too far behind does not."""
        return messages in self._readers

    def startable(self, key: str) -> tuple[str, Path] | None:
        """Lab and folder of a workspace that was found; None for any other key."""
        with self._lock:
            seen = self._seen.get(key)
        return (seen.lab, seen.folder) if seen and seen.folder else None

    def pressed(self, key: str, *, runs: bool, said: str = "") -> None:
        """A page's button has started a check, or that check has ended; `said` is why it has no report."""
        with self._lock:
            seen = self._seen.get(key)
            if seen is None:
                return
            seen.by_button = runs
            if said and not seen.running:
                seen.said, seen.hint, seen.at = clean(said, 1000), "", time.time()
            self._tell(seen.message())

    def _all_tails(self) -> list[Tail]:
        """In the order in which the runs began."""
        try:
            paths = sorted(self._where.glob("*" + events.ENDING))
        except OSError:
            paths = []
        self._tails = {path: self._tails.get(path) or Tail(path) for path in paths}
        return list(self._tails.values())

    def _take(self, tail: Tail, line: bytes) -> None:
        """One line of a run. What is not of the form that runs write is passed over."""
        try:
            said = json.loads(line)
            event, at = said["event"], float(said["at"])
            if event in (events.BEGAN, events.STOPPED, events.REFUSED):
                seen = self._of(str(said["lab"]), str(said["workspace"]), str(said["url"]))
                if seen is None:
                    return
            elif tail.key:
                seen = self._seen[tail.key]
            else:
                return
            if event == events.BEGAN:
                tail.key, seen.running = seen.key, True
                seen.began = seen.at = at
                seen.said, seen.hint, seen.asked = "", "", tuple(map(str, said["asked"]))
            elif event == events.RESULT:
                self._judge(seen, said["result"], at)
                self._tell({"kind": "result", "key": seen.key, "result": said["result"], "at": at})
                return
            elif event == events.ENDED:
                tail.key, seen.running = "", False
                seen.at, seen.report = at, dict(said["report"])
                for result in said["report"]["results"]:
                    if result["id"] not in seen.asked:
                        self._judge(seen, result, at)
            elif event in (events.STOPPED, events.REFUSED):
                if event == events.STOPPED:
                    tail.key, seen.running = "", False
                seen.at, seen.said, seen.hint = at, clean(str(said["why"]), 1000), clean(str(said["hint"]), 400)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        self._tell(seen.message())

    @staticmethod
    def _judge(seen: Seen, result: Message, at: float) -> None:
        """Keeps a result, unless it only says that a check was not asked this time and an earlier run had asked it."""
        if result["reason"] != LEFT_OUT or result["id"] not in seen.results:
            seen.results[result["id"]] = {**result, "at": at}

    def _cut_off(self, tail: Tail) -> None:
        seen = self._seen[tail.key]
        tail.key, seen.running, seen.at = "", False, time.time()
        seen.said, seen.hint = "The check was killed before its end.", f"grader repair {seen.lab}"
        self._tell(seen.message())

    def _find_workspaces(self) -> None:
        work = self._base / "work"
        for folder in sorted(work.iterdir()) if work.is_dir() else ():
            lab = _lab_of(folder)
            if lab in self._labs and _key(lab, str(folder)) not in self._seen:
                seen = self._of(lab, str(folder), "")
                if seen:
                    self._tell(seen.message())
        for key in [key for key, seen in self._seen.items() if seen.folder and not _lab_of(seen.folder)]:
            del self._seen[key]
            self._tell({"kind": "gone", "key": key})

    def _of(self, lab: str, workspace: str, url: str) -> Seen | None:
        """What a run speaks of; None when that is no lab of this course, or its workspace is gone."""
        folder = Path(workspace) if workspace and _lab_of(Path(workspace)) == lab else None
        if lab not in self._labs or (workspace and folder is None and not Path(workspace).is_dir()):
            return None
        key = _key(lab, workspace or url)
        return self._seen.setdefault(key, Seen(key, lab, self._name(workspace or url), folder))

    def _name(self, place: str) -> str:
        """A folder as one would call it: in the project, else from home, else whole."""
        for start, word in ((self._base, ""), (Path.home(), "~/")):
            if place.startswith(f"{start}/"):
                return clean(word + place[len(str(start)) + 1 :])
        return clean(place)

    def _tell(self, message: Message) -> None:
        for reader in list(self._readers):
            try:
                reader.put_nowait(message)
            except queue.Full:
                self._readers.discard(reader)


def _key(lab: str, place: str) -> str:
    return hashlib.sha256(f"{lab} {place}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _lab_of(folder: Path) -> str:
    try:
        return course.lab_of(folder)
    except (CourseError, OSError):
        return ""
