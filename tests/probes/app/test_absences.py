"""Given a stack whose app is taken away, when the probes do so, then they ask the right things and put all back."""

from __future__ import annotations

import pytest

from grader.probes.app import down, moved, outage
from grader.probes.app.down import Down
from grader.probes.app.frozen import Frozen, freezing
from grader.probes.app.moved import Moved
from grader.probes.app.outage import Reply, site_of, until_back
from grader.stacks.base import CouldNotLook, NotApplicable
from tests.probes.absences import Absent


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that make sense with real services, shortened for one in memory."""
    monkeypatch.setattr(outage, "POLL", 0.001)
    monkeypatch.setattr(outage, "STEADY", 0.005)
    monkeypatch.setattr(down, "PAUSE", 0.001)
    monkeypatch.setattr(down, "AWAY", 0.01)
    monkeypatch.setattr(down, "KEPT", 1000)


def test_a_frozen_window_asks_for_a_page_rubbish_and_files_and_thaws() -> None:
    there = Absent()
    seen = Frozen().ask(there.stack)
    assert (seen.waiting.status, seen.rubbish.status) == (504, 400)
    assert [(file.path, file.intact) for file in seen.files] == [("/static/app.css", True)]
    assert there.done == ["note unpause", "pause", "unpause"]
    assert seen.freeze == "docker compose pause app"
    assert seen.back >= 0
    assert not there.away


def test_files_that_only_the_app_can_send_are_missed_while_it_is_frozen() -> None:
    (file,) = Frozen().ask(Absent(static=False).stack).files
    assert not file.intact


def test_an_app_that_answers_although_it_is_frozen_is_not_all_of_the_app() -> None:
    there = Absent()
    there.on_page = lambda: setattr(there, "away", "")  # another copy that the grader did not find
    with pytest.raises(CouldNotLook, match="although it was frozen"):
        Frozen().ask(there.stack)


def test_beside_a_proxy_only_the_servers_processes_stop_the_master_first_and_go_on_in_the_opposite_order() -> None:
    there = Absent(shared=True)
    with freezing(there.stack, (there.app(),)) as (freeze, thaw):
        assert there.stopped_pids == {1, 7}
    assert there.done == [
        *("note continue 1", "signal 1", "note continue 7", "signal 7"),
        *("continue 7", "continue 1"),
    ]
    assert freeze == "docker compose exec app sh -c 'kill -STOP 1 7'"
    assert thaw == "docker compose exec app sh -c 'kill -CONT 1 7'"


def test_a_server_that_cannot_be_frozen_is_nobodys_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Absent(shared=True)
    monkeypatch.setattr(there, "signal", lambda service, process, number: True)  # as process 1 of a container does
    with pytest.raises(CouldNotLook, match="cannot be frozen"), freezing(there.stack, (there.app(),)):
        pass
    assert there.done[-2:] == ["continue 7", "continue 1"]


def test_the_stop_window_asks_before_and_after_the_app_is_gone_and_starts_it_again() -> None:
    there = Absent()
    seen = Down().ask(there.stack)
    before = [reply for reply in seen.replies if reply.at <= seen.gone]
    after = [reply for reply in seen.replies if reply.at > seen.gone]
    assert any(reply.app for reply in before)
    assert {reply.status for reply in after} == {502}
    assert there.done == ["note start", "stop within 10", "start"]
    assert seen.comeback.back >= 0
    assert seen.comeback.listening >= 0


def test_evidence_keeps_the_slowest_and_the_last_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(down, "KEPT", 20)
    many = [Reply(at / 10, 502, 6.0 if at == 3 else 0.0) for at in range(1000)]
    few = down.kept(many)
    assert len(few) <= 40
    assert few[-1] == many[-1]
    assert many[3] in few
    assert list(few) == sorted(few, key=lambda reply: reply.at)


def test_an_app_that_shares_its_instance_with_the_proxy_is_not_taken_away() -> None:
    for probe in (Down(), Moved()):
        there = Absent(shared=True)
        with pytest.raises(NotApplicable, match="app holds the proxy and the app"):
            probe.ask(there.stack)
        assert there.done == []


def test_the_app_comes_back_elsewhere_because_a_decoy_has_its_address() -> None:
    there = Absent()
    seen = Moved().ask(there.stack)
    assert (seen.old, seen.new) == (("172.18.0.2",), ("172.18.0.4",))
    assert seen.comeback.back >= 0
    assert seen.well
    noted = ["note start", "note start"]  # where it was, and that it runs
    assert there.done == [*noted, "stop within 10", "decoy on 172.18.0.2:8000", "start", "no decoy"]


def test_a_proxy_that_never_asks_again_gets_the_apps_old_address_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moved, "PATIENCE", 0.05)  # in vain: a busy machine needs no more
    there = Absent(follows=False)
    seen = Moved().ask(there.stack)
    assert seen.comeback.back < 0
    assert seen.comeback.strangers > 0
    assert there.done[-3:] == ["note start", "stop within 10", "start"]
    assert seen.well
    assert there.address == "172.18.0.2"


def test_an_app_with_an_address_of_its_own_does_not_move() -> None:
    there = Absent(fixed=True)
    seen = Moved().ask(there.stack)
    assert seen.fixed
    assert seen.old == seen.new
    assert there.done[-2:] == ["no decoy", "start"]


def test_a_site_that_is_broken_to_begin_with_is_left_alone() -> None:
    there = Absent()
    there.away = "stopped"
    with pytest.raises(CouldNotLook, match="does not work to begin with: 502"):
        Down().ask(there.stack)
    assert there.done == []


def test_the_site_is_back_when_it_has_answered_for_a_while() -> None:
    there = Absent()
    site = site_of(there.stack)
    asked = 0

    def flap() -> None:
        nonlocal asked
        asked += 1
        there.away = "frozen" if asked in (2, 3) else ""

    there.on_page = flap
    assert until_back(site, 1.0) >= 0
    assert asked > 4  # the first answer was good, and did not count
    there.on_page = lambda: setattr(there, "away", "frozen")
    assert until_back(site, 0.02) == -1.0
