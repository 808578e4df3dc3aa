"""What is in the app's image, layer by layer: a file that a later layer deletes is still there for whoever looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import ClassVar

from grader.probes.app.keys import Seal, key_among, live_seals
from grader.probes.base import Probe, in_role
from grader.stacks.base import CouldNotLook, NotApplicable, Stack

TEXT_LIMIT = 1024 * 1024  # bytes; a larger file is data
LINE_LIMIT = 2000  # characters; a longer line is data
KEY_LENGTHS = range(4, 201)  # characters of a string that may be a key; shorter ones are guessed anyway
SHOWN = 20  # findings in evidence

# Where the system and installed packages live: nobody keeps a secret of their own there, and packages bring test keys.
SYSTEM = (
    "bin/", "boot/", "dev/", "lib/", "lib32/", "lib64/", "libx32/", "proc/", "sbin/", "sys/", "usr/bin/", "usr/games/",
    "usr/include/", "usr/lib/", "usr/lib32/", "usr/lib64/", "usr/libexec/", "usr/libx32/", "usr/local/include/",
    "usr/local/lib/", "usr/local/share/", "usr/sbin/", "usr/share/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/",
    "etc/alternatives/", "etc/ca-certificates/", "etc/ssl/certs/",
)  # fmt: skip
VENDORED = frozenset({"site-packages", "dist-packages", "node_modules", ".cache"})
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"  # how a layer hides a file, or all of a folder (OCI image specification)

VCS = frozenset({".git", ".hg", ".svn"})
CREDENTIALS = frozenset({".aws", ".ssh", ".gnupg", ".kube"})
EXAMPLES = (".example", ".sample", ".template", ".dist", ".defaults")
SSH_KEY = re.compile(r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?")
DATABASES = (".sqlite", ".sqlite3", ".db")
PRIVATE_KEY = re.compile(
    rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\r?\n(?:[\w-]+: .*\r?\n|\r?\n)*[A-Za-z0-9+/=]{40}", re.MULTILINE
)
QUOTED = re.compile(r"\"([^\"\n]+)\"|'([^'\n]+)'")


class Kind(StrEnum):
    VCS = "version control data"
    SETTINGS = "an environment file"
    CREDENTIALS = "credentials"
    KEY = "a private key"
    DATABASE = "a database file"


class Lock(StrEnum):
    """What the strings of the image could be tried on."""

    SIGNED = "a cookie that Flask signed"
    OPAQUE = "a cookie without Flask's signature"
    NONE = "no login"


@dataclass(frozen=True, slots=True)
class Junk:
    path: str
    kind: Kind
    hidden: bool  # by a later layer: out of sight, still in the image


@dataclass(frozen=True, slots=True)
class Leak:
    """Where the image holds the key that signs sessions; "" is its own configuration: ENV, labels, build history."""

    path: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What the app's image holds: `size` in bytes, `files` of its own (not the system's), `tried` strings on `lock`."""

    service: str
    image: str
    size: int
    files: int
    junk: tuple[Junk, ...]
    lock: Lock
    tried: int
    leaks: tuple[Leak, ...]


@dataclass(frozen=True)
class LookInside(Probe[Contents]):
    """One pass over all layers of the app's image, for junk and for the session key together."""

    seconds: ClassVar[float] = 4.0

    def ask(self, stack: Stack, /) -> Contents:
        service = in_role(stack, "app")[0]
        facts = stack.image(service)
        lock, search = _lock(stack)
        search.try_on("", "\n".join(facts.strings))
        for file in stack.image_files(service, lambda path, size: not is_system(path)):
            path = file.path.removeprefix("./")
            search.name(path, file.size)
            if 0 < file.size <= TEXT_LIMIT:
                search.content(path, file.read())
        return Contents(
            service=service.service,
            image=service.image_name,
            size=facts.size,
            files=search.files,
            junk=tuple(Junk(path, kind, search.hides(path)) for path, kind in sorted(search.junk.items()))[:SHOWN],
            lock=lock,
            tried=len(search.tried),
            leaks=tuple(Leak(path, search.hides(path)) for path in search.holders)[:SHOWN],
        )


def _lock(stack: Stack) -> tuple[Lock, Search]:
    try:
        seals = live_seals(stack)
    except (NotApplicable, CouldNotLook):  # junk is junk all the same
        return Lock.NONE, Search(())
    return (Lock.SIGNED if seals else Lock.OPAQUE), Search(seals)


class Search:
    """What has been found so far in one image."""

    def __init__(self, seals: tuple[Seal, ...]) -> None:
        self._seals = seals
        self._key: str | None = None
        self._whiteouts: set[str] = set()
        self.files = 0
        self.tried: set[str] = set()
        self.junk: dict[str, Kind] = {}
        self.holders: list[str] = []

    def name(self, path: str, size: int) -> None:
        """Notes what the path of a file tells."""
        self.files += 1
        folder, _, base = path.rpartition("/")
        if base == OPAQUE:
            self._whiteouts.add(folder)
        elif base.startswith(WHITEOUT):
            self._whiteouts.add(f"{folder}/{base.removeprefix(WHITEOUT)}".lstrip("/"))
        elif size and (found := kind_of(path)):
            place, kind = found
            self.junk.setdefault(place, kind)

    def content(self, path: str, data: bytes) -> None:
        """Notes what the text of a file tells; anything that is no text tells nothing."""
        if b"\0" in data[:8192]:
            return
        if PRIVATE_KEY.search(data):
            self.junk.setdefault(path, Kind.KEY)
        self.try_on(path, data.decode("utf-8", "surrogateescape"))

    def try_on(self, path: str, text: str) -> None:
        """Tries the strings of a text as keys. Once the key is known, only its other hiding places are looked for."""
        if not self._seals:
            return
        if self._key is None:
            fresh = set(candidates(text)) - self.tried
            self.tried |= fresh
            self._key = key_among(fresh, self._seals)
        if self._key is not None and self._key in text:
            self.holders.append(path)

    def hides(self, path: str) -> bool:
        """Whether some layer deletes a file (or a folder above it)."""
        parents = {str(parent) for parent in PurePosixPath(path).parents}
        return path.rstrip("/") in self._whiteouts or bool(parents & self._whiteouts)


def is_system(path: str) -> bool:
    plain = path.removeprefix("./")
    return plain.startswith(SYSTEM) or not VENDORED.isdisjoint(plain.split("/"))


def kind_of(path: str) -> tuple[str, Kind] | None:
    """What a path says about its file, and the place to name: a whole folder where the folder is the find."""
    *folders, base = path.split("/")
    for number, folder in enumerate(folders, start=1):
        if folder in VCS | CREDENTIALS:
            return "/".join(folders[:number]) + "/", Kind.VCS if folder in VCS else Kind.CREDENTIALS
    if base.startswith(".env") and not base.endswith(EXAMPLES):
        return path, Kind.SETTINGS
    if SSH_KEY.fullmatch(base):
        return path, Kind.KEY
    if base.endswith(DATABASES) and not path.startswith(("var/", "etc/", "usr/")):
        return path, Kind.DATABASE
    return None


def candidates(text: str) -> Iterator[str]:
    """Strings of a text that may be a key: whole lines, words, what is quoted, and what is assigned."""
    for line in text.splitlines():
        if len(line) > LINE_LIMIT:
            continue
        whole = line.strip()
        parts = [whole, *whole.split(), *(one or two for one, two in QUOTED.findall(line))]
        for part in parts:
            for piece in (part, part.partition("=")[2], part.partition(":")[2]):
                bare = piece.strip().strip("\"'").rstrip(",;")
                for candidate in (bare, bare.strip("\"'")):
                    if len(candidate) in KEY_LENGTHS:
                        yield candidate
