"""Where this machine's programs keep whom they trust: what adds a root there, and what takes exactly it away again.

Linux: the folder that the distribution merges into the bundle of curl, Python and others, and the databases (NSS) of
Chromium and Firefox. macOS: the keychain of the user. A root's name is unique: it carries its fingerprint.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60  # for one command
Command = tuple[str, ...]

# The folder for a machine's own roots, and what merges it into the bundle: Debian and Ubuntu, Fedora and its kin, Arch.
BUNDLES: tuple[tuple[str, Command, Command], ...] = (
    ("usr/local/share/ca-certificates", ("update-ca-certificates",), ("update-ca-certificates", "--fresh")),
    ("etc/pki/ca-trust/source/anchors", ("update-ca-trust", "extract"), ("update-ca-trust", "extract")),
    ("etc/ca-certificates/trust-source/anchors", ("update-ca-trust",), ("update-ca-trust",)),
)
# Below the home folder. Firefox has one database for each profile; a snap keeps its own home.
CHROMIUM = (".pki/nssdb", "snap/chromium/current/.pki/nssdb")
FIREFOX = (".mozilla/firefox", ".config/mozilla/firefox", "snap/firefox/common/.mozilla/firefox")


@dataclass(frozen=True, slots=True)
class Store:
    """One place, for one root. `has` ends with 0 when it is there; `root` says that changes take root's rights."""

    readers: str  # whose store it is, for people
    place: str
    add: tuple[Command, ...]
    remove: tuple[Command, ...]
    has: Command
    root: bool = False

    @property
    def allowed(self) -> bool:
        return not self.root or os.geteuid() == 0


def stores(pem: Path, name: str, *, home: Path | None = None, top: Path = Path("/")) -> tuple[Store, ...]:
    """Every store of this machine that can take the root in the file `pem`."""
    if sys.platform == "darwin":
        return (_keychain(pem, home or Path.home()),)
    return (*_bundles(pem, name, top), *_databases(pem, name, home or Path.home()))


def missing_tool(home: Path | None = None) -> str:
    """Why no browser of this machine is among the stores; "" when one is, or when there is none."""
    there = list(_found(home or Path.home()))
    if there and not shutil.which("certutil"):
        return "certutil is not installed (Debian, Ubuntu: libnss3-tools; Fedora: nss-tools)"
    return ""


def run(commands: tuple[Command, ...]) -> str:
    """Runs them one after the other; returns "" or what the first that failed said."""
    for command in commands:
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as trouble:
            return f"{command[0]}: {trouble}"
        if done.returncode:
            return f"{command[0]}: {(done.stderr or done.stdout)[-400:].decode('utf-8', 'replace').strip()}"
    return ""


def present(store: Store) -> bool:
    """Whether the root is in the store now."""
    return not run((store.has,))


def _bundles(pem: Path, name: str, top: Path) -> Iterator[Store]:
    for folder, merge, merge_anew in BUNDLES:
        if (top / folder).is_dir() and _installed(merge[0]):
            target = str(top / folder / f"{name}.crt")
            yield Store(
                readers="curl, Python and most other programs",
                place=target,
                add=(("install", "-m", "644", str(pem), target), merge),
                remove=(("rm", "-f", target), merge_anew),
                has=("test", "-e", target),
                root=top == Path("/"),
            )
            return


def _installed(program: str) -> bool:
    """Also where only root's own PATH leads."""
    return bool(shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"))


def _databases(pem: Path, name: str, home: Path) -> Iterator[Store]:
    if not shutil.which("certutil"):
        return
    for readers, folder in _found(home):
        database = f"sql:{folder}"
        yield Store(
            readers=readers,
            place=database,
            # C: believed when it vouches for a web server. Nothing for mail, nothing for programs.
            add=(("certutil", "-A", "-d", database, "-n", name, "-t", "C,,", "-i", str(pem)),),
            remove=(("certutil", "-D", "-d", database, "-n", name),),
            has=("certutil", "-L", "-d", database, "-n", name),
        )


def _found(home: Path) -> Iterator[tuple[str, Path]]:
    for place in CHROMIUM:
        if (home / place / "cert9.db").is_file():
            yield "Chromium and Chrome", home / place
    for place in FIREFOX:
        for database in sorted((home / place).glob("*/cert9.db")):
            yield "Firefox", database.parent


def _keychain(pem: Path, home: Path) -> Store:
    chain = str(home / "Library/Keychains/login.keychain-db")
    der = ssl.PEM_cert_to_DER_cert(pem.read_text(encoding="ascii"))
    fingerprint = hashlib.sha1(der, usedforsecurity=False).hexdigest()  # the only name that `security` knows for one
    return Store(
        readers="Safari, Chrome and curl",
        place=chain,
        add=(("security", "add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-k", chain, str(pem)),),
        remove=(
            ("security", "remove-trusted-cert", str(pem)),
            ("security", "delete-certificate", "-Z", fingerprint, chain),
        ),
        has=("security", "verify-cert", "-c", str(pem), "-k", chain),
    )
