"""What has become of a stack that this run has not disturbed yet: then whatever happened was somebody else's doing."""

from __future__ import annotations

from grader.stacks.values import ServiceFacts


def meanwhile(before: tuple[ServiceFacts, ...], now: tuple[ServiceFacts, ...]) -> tuple[str, ...]:
    """In words, which of the instances that ran are gone, stand still, have ended or were started again.

    One that the engine starts again by its restart policy is no news: it does that to itself.
    """
    new = {fact.id: fact for fact in now}
    found = []
    for was in before:
        is_now = new.get(was.id)
        if is_now is None:
            found.append(f"{was.name} was removed")
        elif was.running and not was.one_shot and was.restarts == is_now.restarts:
            if not is_now.running:
                found.append(f"{was.name} was running and is {is_now.state.value}")
            elif was.started != is_now.started:
                found.append(f"{was.name} was started again")
    return tuple(found)
