"""`grader trust`: every store gets the root, an outdated one goes, and undoing leaves the machine as it was."""

from __future__ import annotations

import functools
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import trust
from grader.catalog import CourseError, load
from grader.checking import Target
from grader.probes.tls.anchors import Anchors, pem_blocks
from grader.probes.tls.x509 import read
from grader.stacks import trust_stores
from grader.stacks.base import CouldNotLook
from tests.probes.listening import certificate

ROOTS = "usr/local/share/ca-certificates"
# Says what it was called with. Like the real one, it knows the names that it was given (-A) and not taken (-D).
CERTUTIL = """#!/bin/sh
echo "certutil $*" >>"$CALLED"
case "$1" in
  -A) touch "$KNOWN/$5" ;;
  -D) rm "$KNOWN/$5" ;;
  -L) test -e "$KNOWN/$5" ;;
esac
"""


def some_root() -> Anchors:
    """A root that no other is equal to."""
    (pem,) = pem_blocks(certificate.__wrapped__().decode())
    return Anchors("https://acme:15000/roots/0", pem, (read(ssl.PEM_cert_to_DER_cert(pem)),))


def name_of(root: Anchors) -> str:
    return f"pinboard-lab-{root.certificates[0].sha256[:16]}"


@dataclass
class Host:
    """A machine whose folders are below `top`, with programs that only note that they were called."""

    top: Path
    target: Target

    @property
    def bundle(self) -> list[str]:
        return sorted(path.stem for path in (self.top / ROOTS).iterdir())

    @property
    def called(self) -> str:
        return (self.top / "called").read_text()

    @property
    def databases(self) -> list[str]:
        return sorted(path.name for path in (self.top / "known").iterdir())

    def browse(self) -> None:
        """Somebody has used Chromium here, and `certutil` is installed."""
        (self.top / "home/.pki/nssdb").mkdir(parents=True)
        (self.top / "home/.pki/nssdb/cert9.db").touch()
        self.program("certutil", CERTUTIL)

    def program(self, name: str, text: str) -> None:
        (self.top / "bin" / name).write_text(text)
        (self.top / "bin" / name).chmod(0o755)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    for folder in (ROOTS, "bin", "home", "known", "workspace"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CALLED", str(tmp_path / "called"))
    monkeypatch.setenv("KNOWN", str(tmp_path / "known"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(trust_stores, "stores", functools.partial(trust_stores.stores, top=tmp_path))
    made = Host(tmp_path, Target(load().lab("lab1"), tmp_path / "workspace", "compose://nowhere"))
    made.program("update-ca-certificates", '#!/bin/sh\necho "update-ca-certificates $*" >>"$CALLED"\n')
    return made


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Anchors:
    return lab_has(some_root(), monkeypatch)


def lab_has(root: Anchors, monkeypatch: pytest.MonkeyPatch) -> Anchors:
    """The lab's stack answers with this root."""

    class Lab:
        def ask(self, probe: object) -> Anchors:
            return root

        def close(self) -> None:
            """Nothing was opened."""

    monkeypatch.setattr(trust, "open_target", lambda target: Lab())
    return root


def test_every_store_of_the_machine_gets_the_root(host: Host, root: Anchors) -> None:
    host.browse()

    said = trust.trusted(host.target)

    assert host.bundle == host.databases == [name_of(root)]
    assert (host.top / ROOTS / f"{name_of(root)}.crt").read_text() == root.pem
    assert "-t C,, " in host.called, "trusted for web servers, and for nothing else"
    assert root.certificates[0].sha256 in said
    assert "It is now believed by Chromium and Chrome" in said
    assert "grader trust lab1-flask-run --undo" in said
    assert "Whoever has this authority's key" in said


def test_undoing_takes_out_what_was_added_and_nothing_else(host: Host, root: Anchors) -> None:
    host.browse()
    (host.top / ROOTS / "company.crt").touch()
    trust.trusted(host.target)

    said = trust.withdrawn(host.target)

    assert host.bundle == ["company"]
    assert host.databases == []
    assert "update-ca-certificates --fresh" in host.called
    assert "The lab's root is no longer believed by curl" in said
    assert "is no longer believed by Chromium" in said
    assert trust.withdrawn(host.target).startswith("Nothing to undo")


def test_a_new_root_takes_the_place_of_the_earlier_one(
    host: Host, root: Anchors, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust.trusted(host.target)
    newer = lab_has(some_root(), monkeypatch)

    said = trust.trusted(host.target)

    assert host.bundle == [name_of(newer)]
    assert "An earlier root is no longer believed by curl" in said


def test_asking_twice_is_asking_once(host: Host, root: Anchors) -> None:
    trust.trusted(host.target)

    assert "no longer" not in trust.trusted(host.target)
    assert host.bundle == [name_of(root)]


def test_without_roots_rights_the_commands_are_shown_and_nothing_is_done(
    host: Host, root: Anchors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(trust_stores, "stores", only_as_root(host.top))

    said = trust.trusted(host.target)

    assert f"sudo install -m 644 {host.top}" in said
    assert "sudo update-ca-certificates\n" in said
    assert host.bundle == []


def test_what_was_added_by_hand_is_taken_out_by_hand(
    host: Host, root: Anchors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(trust_stores, "stores", only_as_root(host.top))
    trust.trusted(host.target)
    added = host.top / ROOTS / f"{name_of(root)}.crt"
    added.touch()

    assert f"sudo rm -f {added}" in trust.withdrawn(host.target)
    assert f"sudo rm -f {added}" in trust.withdrawn(host.target), "still there: still to do"
    added.unlink()
    assert trust.withdrawn(host.target) == "No store has it any more.\n"


def only_as_root(top: Path) -> object:
    """The stores, as they are where the learner is not root."""
    usual = trust_stores.stores

    def stores(pem: Path, name: str) -> tuple[trust_stores.Store, ...]:
        found = usual(pem, name)
        return tuple(
            trust_stores.Store(store.readers, store.place, store.add, store.remove, store.has, root=True)
            for store in found
        )

    return stores


def test_a_command_that_fails_is_shown_with_what_it_said(host: Host, root: Anchors) -> None:
    host.program("update-ca-certificates", "#!/bin/sh\necho the disk is full >&2\nexit 1\n")

    said = trust.trusted(host.target)

    assert "not done for curl" in said
    assert "the disk is full" in said


def test_a_browser_without_certutil_is_named(host: Host, root: Anchors, monkeypatch: pytest.MonkeyPatch) -> None:
    host.browse()
    (host.top / "bin/certutil").unlink()
    monkeypatch.setenv("PATH", str(host.top / "bin"))

    assert "certutil is not installed (Debian, Ubuntu: libnss3-tools" in trust.trusted(host.target)


def test_each_profile_of_firefox_is_a_store_of_its_own(host: Host, root: Anchors) -> None:
    host.program("certutil", CERTUTIL)
    for profile in ("a.default", "b.work"):
        folder = host.top / "home/.mozilla/firefox" / profile
        folder.mkdir(parents=True)
        (folder / "cert9.db").touch()

    said = trust.trusted(host.target)

    assert said.count("is now believed by Firefox") == 2


def test_the_root_alone_is_printed_for_curl(host: Host, root: Anchors) -> None:
    assert trust.shown(host.target) == root.pem
    assert host.bundle == []


def test_a_lab_without_an_authority_says_which_key_is_missing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    lab_has(Anchors("the authorities that this machine trusts", "", ()), monkeypatch)

    with pytest.raises(CourseError, match="names no certificate authority"):
        trust.trusted(host.target)


def test_an_authority_that_does_not_answer_is_no_root(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    lab_has(Anchors("https://acme:15000/roots/0", "", (), "connection refused"), monkeypatch)

    with pytest.raises(CouldNotLook, match="connection refused"):
        trust.trusted(host.target)


def test_macos_keeps_it_in_the_keychain_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    pem = tmp_path / "root.pem"
    pem.write_text(some_root().pem)

    (keychain,) = trust_stores.stores(pem, "pinboard-lab-x", home=tmp_path)

    assert not keychain.root
    assert keychain.add[0][:4] == ("security", "add-trusted-cert", "-r", "trustRoot")
    assert keychain.place == str(tmp_path / "Library/Keychains/login.keychain-db")
    assert [command[1] for command in keychain.remove] == ["remove-trusted-cert", "delete-certificate"]
