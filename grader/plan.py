"""Which checks a run asks: a lab's own, those of the labs before it as regressions, and what the options leave out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from grader.catalog import Catalog
from grader.model import AnyCheck, Lab


@dataclass(frozen=True, slots=True)
class Options:
    """`quick` disturbs nothing; `deep` adds the slow ones and the disturbing ones of earlier labs; `only` names ids.

    `i_know` disturbs a stack that reaches this machine itself, too.
    """

    quick: bool = False
    deep: bool = False
    only: tuple[str, ...] = ()
    i_know: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The checks to ask, in the order of the course, and those of this lab that the options leave out."""

    asked: tuple[AnyCheck, ...]
    left_out: tuple[AnyCheck, ...]


def plan(catalog: Catalog, lab: Lab, options: Options) -> Plan:
    """With `only`, the named checks and all they need; else the lab's and, undisturbing, those of earlier labs."""
    if options.only:
        wanted = with_needs(catalog, options.only)
        return Plan(tuple(check for name, check in _in_course_order(catalog) if name in wanted), ())
    own = [catalog.checks[name] for name in lab.checks]
    earlier = [catalog.checks[name] for before in catalog.before(lab) for name in before.checks]
    left_out = [check for check in own if _left_out(check, options)]
    asked = [check for check in earlier if not _left_out(check, options) and (options.deep or not check.disturbs)]
    # What guards every run is asked again in every lab, disturbing or not.
    asked += [check for check in earlier if check.weight == 0 and check not in asked and not _left_out(check, options)]
    asked += [check for check in own if check not in left_out]
    return Plan(bridged(catalog, asked), tuple(left_out))


def bridged(catalog: Catalog, checks: Iterable[AnyCheck]) -> tuple[AnyCheck, ...]:
    """`checks`, each with needs among them: for one that is not, what that one needs.

    A check that is left out says nothing, but what it stands on may be broken all the same.
    """
    asked = {check.id: check for check in checks}

    def among(ids: tuple[str, ...]) -> Iterator[str]:
        for name in ids:
            yield from (name,) if name in asked else among(catalog.checks[name].needs)

    return tuple(replace(check, needs=tuple(dict.fromkeys(among(check.needs)))) for check in asked.values())


def with_needs(catalog: Catalog, ids: tuple[str, ...]) -> frozenset[str]:
    """The ids and everything they need, directly or through others."""
    wanted: set[str] = set()
    todo = list(ids)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo += catalog.checks[name].needs
    return frozenset(wanted)


def _left_out(check: AnyCheck, options: Options) -> bool:
    return (options.quick and check.disturbs) or (check.deep and not options.deep)


def _in_course_order(catalog: Catalog) -> list[tuple[str, AnyCheck]]:
    taught = [name for lab in catalog.labs for name in lab.checks]
    rest = [name for name in catalog.checks if name not in taught]
    return [(name, catalog.checks[name]) for name in (*taught, *rest)]
