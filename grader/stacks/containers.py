"""Containers that nothing but their names holds together, as a Stack: `containers://web,app,db`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import docker

from grader.model import Reason
from grader.stacks.base import CouldNotLook, Opening
from grader.stacks.compose import ComposeStack
from grader.stacks.engine import connect
from grader.stacks.roles import Hearsay
from grader.stacks.values import ServiceFacts


class ContainersStack(ComposeStack):
    """The containers of these names; whatever needs a Compose file does not apply to them."""

    def __init__(self, names: tuple[str, ...], opening: Opening, api: docker.APIClient) -> None:
        said = Hearsay(dict(opening.told), dict(opening.recalled), dict(opening.named))
        super().__init__("+".join(names), settings=opening.settings, state=opening.state, said=said, api=api)
        self.url = opening.url
        self._names = names

    def _facts(self, raw: Mapping[str, Any], jobs: frozenset[str]) -> ServiceFacts:
        facts = super()._facts(raw, jobs)
        return replace(facts, service=facts.name)  # in two projects, two services may have one name

    def _listed(self) -> list[str]:
        return list(self._names)


def open_stack(opening: Opening) -> ContainersStack:
    """The containers that a URL names. CouldNotLook names the one that is not there, and those that are."""
    api = connect()
    names = tuple(filter(None, opening.url.partition("://")[2].split(",")))
    known = {name.lstrip("/") for entry in api.containers(all=True) for name in entry["Names"]}
    missing = [name for name in names if name not in known]
    if missing or not names:
        there = ", ".join(sorted(known)) or "none"
        said = f"no container '{missing[0]}'" if missing else "no container was named"
        raise CouldNotLook(Reason.UNREACHABLE, f"{said} (there are: {there})", hint="docker ps --all")
    return ContainersStack(names, opening, api)
