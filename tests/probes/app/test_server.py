"""What is asked of the server that runs the app, and what is read from /proc."""

from __future__ import annotations

from typing import cast

import pytest

from grader.checks.limits import MOST, REFUSALS
from grader.probes.app.logins import AT_ONCE, AskEverywhere
from grader.probes.app.server import AbsurdHeads, Heartbeat, HeartbeatFiles, absurd, filesystem_of, slow_path
from grader.probes.topology import Apps, find_app
from grader.stacks.base import CouldNotLook, NotApplicable, Settings, Stack
from grader.stacks.values import Process, ServiceFacts, Socket
from tests.probes.service import SERVICE, process
from tests.probes.site import response, stack

MOUNTS = """\
1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/a
2 1 0:53 / /dev rw,nosuid - tmpfs tmpfs rw
3 2 0:54 / /dev/shm rw,nosuid,nodev - tmpfs shm rw,size=65536k
4 1 8:1 /data /data rw - ext4 /dev/sda1 rw
5 1 8:1 /x /a\\040b rw shared:1 - xfs /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    (
        ("/tmp", "overlay"),
        ("/dev/shm", "tmpfs"),
        ("/dev/shm/deeper", "tmpfs"),
        ("/data/here", "ext4"),
        ("/database", "overlay"),  # a name that only begins alike
        ("/a b/c", "xfs"),
    ),
)
def test_the_deepest_mount_holds_a_folder(folder: str, kind: str) -> None:
    assert filesystem_of(folder, MOUNTS) == kind


def test_a_later_mount_lies_over_an_earlier_one() -> None:
    assert filesystem_of("/dev/shm", MOUNTS + "6 3 8:1 /y /dev/shm rw - ext4 /dev/sda1 rw\n") == "ext4"


@pytest.mark.parametrize("text", ("", "nonsense", "1 0 0:50 / /", "1 0 - x"))
def test_mounts_that_cannot_be_read_name_no_file_system(text: str) -> None:
    assert filesystem_of("/tmp", text) == ""


def test_absurd_requests_are_absurd_and_still_whole_requests() -> None:
    (_, url, longer_url), (_, many, more), (_, header, longer_header) = absurd("localhost", MOST)

    assert len(url) > 65_536
    assert many.count(b"X-Probe-") == 500
    assert len(header) > 131_072
    assert all(len(large) >= MOST for large in (longer_url, more, longer_header))
    assert all(data.endswith(b"\r\n\r\n") for data in (url, longer_url, many, more, header, longer_header))


def test_what_is_refused_at_first_is_not_sent_larger() -> None:
    sizes: list[int] = []

    def answer(target: str, data: bytes) -> bytes:
        sizes.append(len(data))
        return response(431 if len(data) > 20_000 else 200)

    seen = AbsurdHeads(REFUSALS, MOST).ask(stack(answer))

    # The URL and the header are refused at once; 500 short headers come to 8 KiB and are tried again, larger.
    assert [tried.status for tried in seen.tried] == [431, 200, 431, 431]
    assert seen.after_status == 200
    assert len(sizes) == 5


def test_a_closed_connection_is_an_answer_of_its_own() -> None:
    seen = AbsurdHeads(REFUSALS, MOST).ask(stack(lambda target, data: b"" if len(data) > 5_000 else response(200)))

    assert [(tried.status, tried.seen) for tried in seen.tried] == [(0, "no answer")] * 3


def test_the_slow_endpoint_is_the_bench_s_or_the_learner_s_or_none() -> None:
    def answer(target: str, data: bytes) -> bytes:
        return response(200)

    own = Settings(slow_path="/report")

    assert slow_path(stack(answer, bench=True, settings=own), 1.0) == "/bench/slow?seconds=1"
    assert slow_path(stack(answer, settings=own), 1.0) == "/report"
    with pytest.raises(NotApplicable, match=r"grader\.toml"):
        slow_path(stack(answer), 1.0)


def app_with_keys(keys: int) -> tuple[list[str], Stack]:
    """An app whose workers take turns; only those that share the key of the first know the visitor."""
    asked: list[str] = []

    def answer(target: str, data: bytes) -> bytes:
        asked.append(target)
        worker = len(asked) % keys
        if target == "/login":
            return response(303, Set_Cookie="session=signed; HttpOnly")
        if target == "/me":
            return response(200, b'{"user": "ada"}') if worker == 0 else response(401, b'{"user": null}')
        return response(200, b'{"pid": %d}' % (worker + 10))

    return asked, stack(answer, bench=True)


def test_all_replies_of_workers_that_share_a_key_know_the_visitor() -> None:
    _, site = app_with_keys(1)

    seen = AskEverywhere(24, 60).ask(site)

    assert (seen.asked, seen.known, seen.stranger) == (64, 64, "")  # one process: asked to the end, in whole rounds
    assert seen.processes == 1


def test_replies_of_workers_with_keys_of_their_own_do_not() -> None:
    asked, site = app_with_keys(2)

    seen = AskEverywhere(24, 60).ask(site)

    assert seen.processes == 2
    assert seen.asked == 24
    assert seen.asked % AT_ONCE == 0
    assert 0 < seen.known < seen.asked
    assert seen.stranger == "401"
    assert all(target in ("/login", "/me") or target.startswith("/bench/whoami") for target in asked)


class Recycled:
    """An app whose first worker is replaced while somebody looks at it, `times` times; all keep a heartbeat."""

    def __init__(self, times: int) -> None:
        self._times, self._worker = times, 8

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        return (SERVICE,)

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        return (process(1, 0), process(self._worker))

    def ask(self, probe: object) -> object:
        assert isinstance(probe, Apps)
        app = find_app(SERVICE, (process(1, 0), process(8)), (Socket("0.0.0.0", 8000, "", (1, 8)),), 0)
        return (app,)

    def inside(self, service: ServiceFacts, op: str, *, pid: int, **args: object) -> object:
        if self._times:
            self._times, self._worker = self._times - 1, self._worker + 1
        if pid != self._worker:
            return []
        return [f"/dev/shm/wgunicorn-{pid} (deleted)"] if op == "fd_links" else MOUNTS


def test_a_worker_that_is_replaced_meanwhile_is_not_one_without_a_heartbeat() -> None:
    seen = HeartbeatFiles().ask(cast("Stack", Recycled(2)))

    assert seen.found == (Heartbeat(10, "/dev/shm", "tmpfs"),)


def test_workers_that_never_stay_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.probes.app.server.STAYS", 0.0)

    with pytest.raises(CouldNotLook, match="came and went"):
        HeartbeatFiles().ask(cast("Stack", Recycled(9)))
