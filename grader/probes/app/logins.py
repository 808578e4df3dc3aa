"""One login, asked about until several processes have answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grader.probes.app.crew import pids_of
from grader.probes.app.server import has_bench
from grader.probes.app.session import ME, USER, live_cookie
from grader.probes.base import Probe
from grader.probes.http import Entry, json_of, site
from grader.probes.load import volley
from grader.probes.topology import WHOAMI
from grader.stacks.base import Stack

AT_ONCE = 8  # questions at a time: one after the other, the same worker may answer them all


@dataclass(frozen=True, slots=True)
class Recognised:
    """How many of `asked` replies knew the visitor, the first that did not, and how many processes were seen."""

    site: str
    asked: int
    known: int
    stranger: str
    processes: int


@dataclass(frozen=True)
class AskEverywhere(Probe[Recognised]):
    """Asks /me with one cookie, several at a time on connections of their own, at least and at most so many times."""

    least: int
    most: int
    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Recognised:
        to, cookie = stack.ask(Entry()), live_cookie(stack)
        who = [WHOAMI] * (AT_ONCE // 2) if has_bench(stack) else []
        asked, known, stranger, pids = 0, 0, "", frozenset[int]()
        while asked < self.least or (len(pids) < 2 and asked < self.most):
            answers = volley(stack, to, [ME] * AT_ONCE + who, headers=(("Cookie", cookie),))
            pids |= pids_of(answers[AT_ONCE:])
            for answered in answers[:AT_ONCE]:
                asked += 1
                if answered.status == 200 and json_of(answered).get("user") == USER:
                    known += 1
                else:
                    stranger = stranger or answered.seen
        return Recognised(site(stack, to), asked, known, stranger, len(pids))
