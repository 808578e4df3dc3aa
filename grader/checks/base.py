"""The decorator that makes a judge a check."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import TypeVar

from grader.model import Check, Probe, Verdict, Weight

E = TypeVar("E")


def check(
    id: str,  # noqa: A002 - the word that people use for it everywhere else
    *,
    title: str,
    rule: str,
    weight: Weight,
    probe: Probe[E],
    source: str,
    fix: str,
    needs: tuple[str, ...] = (),
    deep: bool = False,
) -> Callable[[Callable[[E], Verdict]], Check[E]]:
    """Declares a check: the function is its judge, and the function's docstring is the *why*.

    `title` says what must hold, in a line; `rule` says when it passes, built from the constants that the judge
    compares with; `fix` names the mechanism to look at, never the whole answer.
    """

    def declare(judge: Callable[[E], Verdict]) -> Check[E]:
        why = inspect.getdoc(judge) or ""
        return Check(id, title, rule, textwrap.dedent(why), weight, probe, judge, needs, source, fix, deep)

    return declare
