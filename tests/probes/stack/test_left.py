"""What a run leaves behind is compared with what it found; a restart that was undone leaves no trace that counts."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from grader.probes.stack.left import LeftBehind, changes
from grader.stacks.base import Stack
from grader.stacks.meanwhile import meanwhile
from grader.stacks.values import Attached, Mount, Process, Published, ServiceFacts, State
from tests.probes.service import SERVICE, process


def test_a_restart_is_no_change() -> None:
    restarted = replace(
        SERVICE,
        started=2000.0,
        restarts=1,
        published=(Published("127.0.0.1", 32999, 8000),),
        networks=(Attached("lab_default", "172.18.0.9", "172.18.0.1"),),
    )

    assert changes((SERVICE,), (restarted,)) == ()


HEALTHY = replace(SERVICE, health="healthy")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    (
        ((SERVICE,), (replace(SERVICE, state=State.PAUSED),), "lab-app-1: state was running, is paused"),
        ((SERVICE,), (replace(SERVICE, state=State.EXITED),), "lab-app-1: state was running, is exited"),
        ((SERVICE,), (), "lab-app-1 is gone"),
        ((SERVICE,), (replace(SERVICE, id="beef", name="lab-app-2"), SERVICE), "lab-app-2 is new"),
        ((SERVICE,), (replace(SERVICE, restart_policy="no"),), "lab-app-1: restart policy was unless-stopped, is no"),
        ((SERVICE,), (replace(SERVICE, networks=()),), "lab-app-1: networks was lab_default, is none"),
        (
            (SERVICE,),
            (replace(SERVICE, mounts=(Mount("volume", "data", "/data", True),)),),
            "lab-app-1: mounts was none, is data:/data",
        ),
        ((HEALTHY,), (replace(HEALTHY, health="unhealthy"),), "lab-app-1: health was healthy, is unhealthy"),
        ((HEALTHY,), (replace(HEALTHY, health="starting"),), "lab-app-1: health was healthy, is starting"),
    ),
)
def test_what_differs_is_said_in_words(
    before: tuple[ServiceFacts, ...], now: tuple[ServiceFacts, ...], said: str
) -> None:
    assert changes(before, now) == (said,)


def test_what_was_ill_before_need_not_be_healthy_afterwards() -> None:
    ill = replace(SERVICE, health="unhealthy")

    assert changes((ill,), (HEALTHY,)) == ()


class Graded:
    """A stack after a run: as it was found, as it is, and what of the grader's own is still there."""

    def __init__(
        self, now: ServiceFacts, *processes: Process, own: tuple[str, ...] = (), disturbed: bool = False
    ) -> None:
        self._now, self._processes, self._own, self.disturbed = now, processes, own, disturbed

    def as_found(self) -> tuple[ServiceFacts, ...]:
        return (SERVICE,)

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        assert fresh  # what was remembered from the start would never differ
        return (self._now,)

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        return self._processes

    def leftovers(self) -> tuple[str, ...]:
        return self._own


def test_a_process_that_stands_still_is_found() -> None:
    left = LeftBehind().ask(cast("Stack", Graded(SERVICE, process(1, 0), process(8, state="T"))))

    assert (left.changed, left.leftovers) == ((), ())
    assert left.stopped == ("lab-app-1: wsgi (8)",)


def test_containers_of_the_grader_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.probes.stack.left.SETTLE", 0.0)  # what it waits for never comes

    left = LeftBehind().ask(cast("Stack", Graded(SERVICE, process(1, 0), own=("decoy",))))

    assert left.leftovers == ("decoy",)


@pytest.mark.parametrize("disturbed", (False, True))
def test_what_changed_is_somebody_elses_doing_unless_the_grader_disturbed(
    disturbed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.probes.stack.left.SETTLE", 0.0)
    stopped = replace(SERVICE, state=State.EXITED)

    left = LeftBehind().ask(cast("Stack", Graded(stopped, disturbed=disturbed)))

    assert left.changed == (("lab-app-1: state was running, is exited",) if disturbed else ())
    assert left.others == (() if disturbed else ("lab-app-1 was running and is exited",))


@pytest.mark.parametrize(
    ("now", "said"),
    (
        ((), ("lab-app-1 was removed",)),
        ((replace(SERVICE, id="beef"),), ("lab-app-1 was removed",)),
        ((replace(SERVICE, state=State.PAUSED),), ("lab-app-1 was running and is paused",)),
        ((replace(SERVICE, started=2000.0),), ("lab-app-1 was started again",)),
        ((replace(SERVICE, started=2000.0, restarts=1),), ()),  # by its restart policy
        ((replace(SERVICE, health="unhealthy"),), ()),
    ),
)
def test_only_what_nobody_but_a_person_does_is_told_of_the_meantime(
    now: tuple[ServiceFacts, ...], said: tuple[str, ...]
) -> None:
    assert meanwhile((SERVICE,), now) == said
