"""What was begun is over before it is undone, and nothing new is begun once a run was ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest

from grader.model import Reason
from grader.stacks import faults
from grader.stacks.base import CouldNotLook
from grader.stacks.dealings import Undo, Vantage
from grader.stacks.faults import Faults
from grader.stacks.journal import Journal
from grader.stacks.values import ServiceFacts, State
from tests.probes.service import SERVICE, process


class Engine:
    """One container, `app`; `states` are what it is at each look, the last one from then on."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.address = "10.0.0.2"
        self.done: list[str] = []

    def inspect_container(self, container: str) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        networks = {"lab": {"IPAddress": self.address}}
        return {"State": {"Status": state, "ExitCode": 0}, "NetworkSettings": {"Networks": networks}}

    def restart(self, container: str) -> None:
        self.done.append(f"restart {container}")

    def start(self, container: str) -> None:
        self.done.append(f"start {container}")
        self.states = ["running"]

    def stop(self, container: str, timeout: int) -> None:
        self.done.append(f"stop {container}")
        self.states = ["exited"]

    def remove_container(self, container: str, *, force: bool, v: bool) -> None:
        self.done.append(f"remove {container}")


class Small(Faults):
    """A stack without services to wait for."""

    project = "lab"

    def __init__(self, engine: Engine, folder: Path) -> None:
        super().__init__(cast("docker.APIClient", engine), Journal(folder / "journal.jsonl"))
        self.ours: tuple[str, ...] = ()
        self.commands: list[tuple[str, ...]] = []
        self.codes = [0]
        self.over = threading.Event()

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return ()

    def as_found(self) -> tuple[ServiceFacts, ...]:
        return ()

    def at(self, via: Vantage, op: str, *, within: float = 0.0, **args: object) -> Any:
        raise AssertionError("nothing is asked of a sidecar here")

    def command(self, *args: str, seconds: float = 0.0, variables: Mapping[str, str] | None = None) -> tuple[int, str]:
        self.commands.append((*args, *(f"{name}={value}" for name, value in (variables or {}).items())))
        return self.codes.pop(0) if len(self.codes) > 1 else self.codes[0], "said"

    def end_command(self) -> None:
        self.over.set()

    def leftovers(self) -> tuple[str, ...]:
        return self.ours


def service() -> ServiceFacts:
    return cast("ServiceFacts", type("Service", (), {"id": "app", "service": "app", "stop_grace": 10}))


class Signalled(Small):
    """Its sidecar is gone before it answers; `states` are what the service is at each look afterwards."""

    def __init__(self, engine: Engine, folder: Path, *states: ServiceFacts) -> None:
        super().__init__(engine, folder)
        self.states = states

    def at(self, via: Vantage, op: str, *, within: float = 0.0, **args: object) -> Any:
        raise CouldNotLook(Reason.UNREACHABLE, "the sidecar is gone")

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        now, self.states = self.states[:1], self.states[1:] or self.states
        return now


@pytest.mark.parametrize("after", (replace(SERVICE, state=State.EXITED), replace(SERVICE, started=SERVICE.started + 1)))
def test_a_signal_that_ends_the_service_and_the_sidecar_with_it_was_sent(after: ServiceFacts, tmp_path: Path) -> None:
    stack = Signalled(Engine("running"), tmp_path, SERVICE, after)

    assert stack.signal(SERVICE, process(1, 0), signal.SIGHUP)


def test_a_sidecar_that_is_lost_beside_a_service_that_goes_on_has_sent_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "ENDS", 0.2)

    with pytest.raises(CouldNotLook, match="the sidecar is gone"):
        Signalled(Engine("running"), tmp_path, SERVICE).signal(SERVICE, process(1, 0), signal.SIGHUP)


def test_a_stop_that_the_engine_still_carries_out_is_over_before_the_service_is_started(tmp_path: Path) -> None:
    engine = Engine("running", "running", "exited")
    stack = Small(engine, tmp_path)
    stack.journal.add(Undo("start", "app", "app"))
    stack.journal.add(Undo("start", "app", "app", (2**40,)))  # killed in the middle of the stop

    stack.repair()

    assert engine.done == ["start app"]
    assert stack.journal.open_entries() == ()


def test_a_stop_is_in_the_journal_for_as_long_as_it_takes(tmp_path: Path) -> None:
    engine, seen = Engine("running"), list[Undo]()
    stack = Small(engine, tmp_path)
    stop = engine.stop

    def stopping(container: str, timeout: int) -> None:
        seen.extend(stack.journal.open_entries())
        stop(container, timeout)

    engine.stop = stopping  # type: ignore[method-assign]
    stack.stop(service())

    assert [undo.action for undo in seen] == ["start"]
    assert stack.journal.open_entries() == ()


def test_a_service_that_runs_is_not_waited_for_without_a_stop(tmp_path: Path) -> None:
    engine = Engine("running")
    stack = Small(engine, tmp_path)
    stack.journal.add(Undo("start", "app", "app"))

    stack.repair()

    assert engine.done == []


def test_nothing_is_begun_and_nothing_is_noted_once_a_run_was_ended(tmp_path: Path) -> None:
    stack = Small(Engine("running"), tmp_path)
    stack.restore()

    with pytest.raises(CouldNotLook, match="was ended"), stack.disturbing(Undo("start", "app", "app")):
        raise AssertionError("it was begun")
    with pytest.raises(CouldNotLook, match="was ended"):
        stack.inside(service(), "set_times", pid=1, path="/app/a.py", atime=0, mtime=0)
    assert stack.journal.open_entries() == ()


def test_what_a_killed_run_left_of_its_own_is_removed_though_the_journal_is_empty(tmp_path: Path) -> None:
    engine = Engine("running")
    stack = Small(engine, tmp_path)
    stack.ours = ("grader-0123",)

    assert stack.repair() == ()
    assert engine.done == ["remove grader-0123"]


def test_a_container_that_the_engine_still_makes_when_a_run_ends_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The removal waits for it: one made after that would stay for ever."""
    engine, making, ended = Engine("running"), threading.Event(), threading.Event()
    stack = Small(engine, tmp_path)
    seen: list[str] = []

    def create(image: str, command: object, *, name: str) -> None:
        assert [undo.service for undo in stack.journal.open_entries()] == [
            name
        ]  # a grader that is killed leaves a note
        making.set()
        assert not ended.wait(0.2), "the run ended in the middle of it"
        engine.done.append(f"create {name}")

    monkeypatch.setattr(engine, "create_container", create, raising=False)

    def probe() -> None:
        with stack.container_of_ours("a copy", "image", None) as name:
            seen.append(name)
            assert ended.wait(10)

    thread = threading.Thread(target=probe)
    thread.start()
    assert making.wait(10)
    stack.restore()
    ended.set()
    thread.join(10)

    assert engine.done[:2] == [f"create {seen[0]}", f"remove {seen[0]}"]
    with pytest.raises(CouldNotLook, match="was ended"), stack.container_of_ours("a copy", "image", None):
        raise AssertionError("it was made")


def test_containers_that_were_being_made_anew_are_made_anew_by_the_same_command(tmp_path: Path) -> None:
    stack = Small(Engine("running"), tmp_path)
    stack.codes = [1, 0]  # what was cut off is still in the middle of a step

    with pytest.raises(CouldNotLook, match="was ended"), stack.making_anew(("up", "-d"), {"PORT": "81"}):
        stack._ended = True  # Ctrl-C, in the middle
    stack.repair()

    assert stack.commands == [("up", "-d", "PORT=81")] * 2
    assert stack.journal.open_entries() == ()


def test_a_command_that_makes_anew_is_told_to_end_before_it_is_waited_for(tmp_path: Path) -> None:
    stack = Small(Engine("running"), tmp_path)
    begun = threading.Event()

    def probe() -> None:
        with suppress(CouldNotLook), stack.making_anew(("up",), {}):
            begun.set()
            assert stack.over.wait(10)

    thread = threading.Thread(target=probe)
    thread.start()
    assert begun.wait(10)
    stack.restore()
    thread.join(10)

    assert stack.commands == [("up",)]
    assert stack.journal.open_entries() == ()


def test_an_undo_by_command_that_does_not_end_well_stays_in_the_journal(tmp_path: Path) -> None:
    stack = Small(Engine("running"), tmp_path)
    stack.codes = [1]
    undo = Undo("up", "lab", "the stack", (1,), ("up",))
    stack.journal.add(undo)

    with pytest.raises(CouldNotLook, match="said"):
        stack.repair()
    assert stack.journal.open_entries() == (undo,)


def test_what_cannot_be_put_back_is_named_and_keeps_nothing_else_from_it(tmp_path: Path) -> None:
    engine = Engine("exited")
    stack = Small(engine, tmp_path)
    stuck, decoy = Undo("start", "app", "app"), Undo("remove", "decoy", "a decoy")

    def start(container: str) -> None:
        raise docker.errors.APIError("500", explanation="bind: address already in use")

    engine.start = start  # type: ignore[method-assign]
    stack.journal.add(decoy)
    stack.journal.add(stuck)  # the newest, so it is put back first

    with pytest.raises(CouldNotLook, match=r"app could not be put back .*address already in use") as said:
        stack.repair()
    assert "grader repair" in said.value.hint
    assert engine.done == ["remove decoy"]
    assert stack.journal.open_entries() == (stuck,)


@pytest.mark.parametrize(("was", "done"), (("10.0.0.2", []), ("10.0.0.9", ["restart app"])))
def test_a_repair_gives_a_service_its_address_back_and_the_end_of_a_probe_does_not(
    was: str, done: list[str], tmp_path: Path
) -> None:
    engine = Engine("running")
    stack = Small(engine, tmp_path)
    home = Undo("start", "app", "app", words=(f"lab {was}",))

    with stack.disturbing(home):  # the probe looks after that itself, and asks the site first
        pass
    assert engine.done == []
    stack.journal.add(home)
    stack.repair()

    assert engine.done == done


def test_an_address_that_one_service_does_not_get_back_keeps_no_other_from_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine("running")
    stack = Small(engine, tmp_path)

    def restart(container: str) -> None:
        if container == "stuck":
            raise docker.errors.APIError("500", explanation="bind: address already in use")
        engine.done.append(f"restart {container}")

    monkeypatch.setattr(engine, "restart", restart)
    for name in ("app", "stuck"):  # the newest is put back first
        stack.journal.add(Undo("start", name, name, words=("lab 10.0.0.9",)))

    with pytest.raises(CouldNotLook, match=r"stuck could not be put back .*address already in use"):
        stack.repair()
    assert engine.done == ["restart app"]


def test_a_repair_that_is_killed_while_a_service_starts_again_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine("running")
    stack = Small(engine, tmp_path)
    home = Undo("start", "app", "app", words=("lab 10.0.0.9",))
    stack.journal.add(home)

    def killed(container: str) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(engine, "restart", killed)
        with pytest.raises(SystemExit):
            stack.repair()
    assert stack.journal.open_entries() == (home,)

    stack.repair()
    assert engine.done == ["restart app"]
    assert stack.journal.open_entries() == ()


@pytest.mark.parametrize(
    ("says", "asked"), (("OCI runtime pause failed: unable to freeze: unknown", 2), ("Container app is not running", 1))
)
def test_a_service_that_could_not_be_frozen_is_frozen_at_the_next_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, asked: int
) -> None:
    monkeypatch.setattr("grader.stacks.faults.THAWED", 0.0)
    engine, answers = Engine("running"), [says]

    def pause(container: str) -> None:
        engine.done.append(f"pause {container}")
        if answers:
            raise docker.errors.APIError("500", explanation=answers.pop())

    monkeypatch.setattr(engine, "pause", pause, raising=False)
    app = cast("ServiceFacts", SimpleNamespace(id="app"))

    with suppress(CouldNotLook):
        Small(engine, tmp_path).pause(app)
    assert engine.done == ["pause app"] * asked
