"""Given a site and the command that renews its certificate, when it runs under load, then all losses are seen."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from grader.checks.certificates import cert_renewal_live
from grader.model import Outcome, Reason
from grader.probes.tls import renewal
from grader.probes.tls.renewal import Renew, Renewal
from grader.probes.topology import Named
from grader.stacks.base import Stack
from grader.stacks.dealings import Ran
from tests.probes.tls.test_certificate import between, leaf, root
from tests.probes.zoo import Issued, context_of, door, shown


class Site:
    """A TLS site that can take another certificate while it runs, as a server does at a reload."""

    def __init__(self, first: Issued) -> None:
        self.context = context_of(first)
        self._current = self.context
        self.context.sni_callback = self._choose

    def _choose(self, sock: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        sock.context = self._current

    def load(self, issued: Issued, **options: Any) -> None:
        self._current = context_of(issued, **options)


@contextmanager
def stack_of(site: Site, folder: Path, command: Any, *, agreed: bool = True) -> Iterator[Stack]:
    """A stack with that site; `command` is what its renewal does, and returns what came of it."""
    (folder / "root.pem").write_text(root().pem)
    with shown(site.context) as to:
        found = door(to, workspace=folder, ca="root.pem", renew="renew")
        loose = cast("Any", found)
        usual = loose.ask
        loose.ask = lambda probe: () if isinstance(probe, Named) else usual(probe)
        loose.may_run = lambda text: agreed and text == "renew"
        loose.declared = lambda text, seconds: command()
        yield found


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LEAST": 20, "LEAD": 0.05, "TAIL": 0.1, "SERVED": 0.5, "LOOK": 0.02}.items():
        monkeypatch.setattr(renewal, name, value)


def renewed(site: Site, folder: Path, command: Any) -> Renewal:
    with stack_of(site, folder, command) as stack:
        return Renew().ask(stack)


def test_a_good_renewal_is_served_and_costs_nothing(tmp_path: Path) -> None:
    site = Site(leaf())

    def command() -> Ran:
        site.load(leaf())
        return Ran(0, "renewed", 0.1)

    seen = renewed(site, tmp_path, command)
    assert cert_renewal_live.judge(seen).outcome is Outcome.PASS
    assert len({seen.before, *(turn.serial for turn in seen.turns)}) == 3
    assert seen.load is not None
    assert seen.load.sent >= renewal.LEAST
    assert seen.load.failed == 0


def test_a_certificate_that_is_not_loaded_is_seen(tmp_path: Path) -> None:
    verdict = cert_renewal_live.judge(renewed(Site(leaf()), tmp_path, lambda: Ran(0, "renewed", 0.1)))
    assert verdict.outcome is Outcome.FAIL
    assert "still got the old certificate" in verdict.because


def test_a_command_that_fails_is_not_run_again(tmp_path: Path) -> None:
    calls = []

    def command() -> Ran:
        calls.append(1)
        return Ran(1, "trouble\nno route to the ACME server\n", 0.1)

    verdict = cert_renewal_live.judge(renewed(Site(leaf()), tmp_path, command))
    assert "ended with 1; it said: no route to the ACME server" in verdict.because
    assert len(calls) == 1


def test_a_new_certificate_without_its_chain_is_seen(tmp_path: Path) -> None:
    site = Site(leaf())

    def command() -> Ran:
        site.load(leaf(), above=())
        return Ran(0, "", 0.1)

    assert "does not verify" in cert_renewal_live.judge(renewed(site, tmp_path, command)).because


def test_a_key_of_no_use_the_second_time_is_seen(tmp_path: Path) -> None:
    site, calls = Site(leaf()), []

    def command() -> Ran:
        calls.append(1)
        site.load(leaf()) if len(calls) == 1 else site.load(leaf("other.example"), above=(between().certificate,))
        return Ran(0 if len(calls) == 1 else 9, "permission denied", 0.1)

    verdict = cert_renewal_live.judge(renewed(site, tmp_path, command))
    assert "the second time, the command ended with 9" in verdict.because


def test_without_agreement_nothing_is_run(tmp_path: Path) -> None:
    def command() -> Ran:
        raise AssertionError("it was run")

    with stack_of(Site(leaf()), tmp_path, command, agreed=False) as stack:
        verdict = cert_renewal_live.judge(Renew().ask(stack))
    assert (verdict.outcome, verdict.reason) == (Outcome.SKIP, Reason.LEFT_OUT)
