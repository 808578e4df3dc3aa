"""Where the private key of the site's certificate lies, and who gets to see it.

A key that is found is read here, to see whether it is the site's; neither it nor any part of it enters evidence.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from grader.model import Reason
from grader.probes.app.image import VENDORED, Kind, LookInside, is_system
from grader.probes.base import Probe, in_role
from grader.probes.http import Entry, parse, request, site
from grader.probes.tls.certificate import ServedCertificate
from grader.probes.tls.x509 import public_of
from grader.probes.topology import Apps
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import HOST
from grader.stacks.values import ServiceFacts

KEY_CAP = 16_384  # bytes of a file that may be a key
BEGIN, END = b"-----BEGIN ", b"PRIVATE KEY-----"
OTHERS_READ = 0o004
SECRETS = "/run/secrets/"  # where Compose mounts a secret for one service
KEY_ENDINGS = (".pem", ".key", ".crt")  # by which a key is known among the system's files: a web root may be there
PATHS = 8  # of a key's possible addresses on the site


@dataclass(frozen=True, slots=True)
class Lies:
    """A file with the site's private key, in a running service. `app` says that the service is the app.

    `public` is the path at which the site hands it out, "" when it does not.
    """

    service: str
    path: str
    mode: int
    app: bool
    public: str

    @property
    def readable(self) -> bool:
        """Whether every user in the container may read it. A Compose secret is there for one service only."""
        return bool(self.mode & OTHERS_READ) and not self.path.startswith(SECRETS)


@dataclass(frozen=True, slots=True)
class Packed:
    """A file with the site's private key in a layer of an image; `hidden` that the running service does not show it."""

    service: str
    image: str
    path: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """`searched` names the services whose files were looked through, `cut` those among them that have more files than
    that; `terminates` says that the app itself speaks TLS, and so needs the key."""

    site: str
    searched: tuple[str, ...]
    lies: tuple[Lies, ...]
    packed: tuple[Packed, ...]
    terminates: bool
    cut: tuple[str, ...] = ()


@dataclass(frozen=True)
class FindKey(Probe[KeyPlaces]):
    """Looks for the key in the running services' files and in the images of edge and app."""

    seconds: ClassVar[float] = 8.0

    def ask(self, stack: Stack, /) -> KeyPlaces:
        served = stack.ask(ServedCertificate())
        public = served.leaf.public
        if not public:
            raise CouldNotLook(Reason.UNREACHABLE, f"the site's certificate cannot be read: {served.leaf.trouble}")
        running = [service for service in stack.services() if service.running and service.state == "running"]
        apps = in_role(stack, "app")
        with ThreadPoolExecutor(4) as crowd:
            in_files = crowd.map(lambda service: _lies(stack, service, public, service in apps), running)
            images = {service.image: service for service in (*in_role(stack, "edge"), *_with_keys(stack, apps))}
            in_images = crowd.map(lambda service: _packed(stack, service, public), images.values())
            looks = tuple(in_files)
            lies = tuple(lie for found, _ in looks for lie in found)
            packed = tuple(pack for found in in_images for pack in found)
        shown = {(lie.service, lie.path) for lie in lies}
        packed = tuple(replace(pack, hidden=(pack.service, f"/{pack.path}") not in shown) for pack in packed)
        names = tuple(dict.fromkeys(service.service for service in running))
        cut = tuple(fact.service for fact, (_, whole) in zip(running, looks, strict=True) if not whole)
        return KeyPlaces(site(stack, stack.ask(Entry())), names, lies, packed, _terminates(stack), cut)


def _lies(stack: Stack, service: ServiceFacts, public: str, app: bool) -> tuple[tuple[Lies, ...], bool]:
    """The key's files in a service, and whether all of its files were looked at."""
    found = cast("dict[str, Any]", stack.inside(service, "find_keys", pid=1))
    mine = [one for one in found["keys"] if is_key(base64.b64decode(one["content"]), public)]
    lies = tuple(
        Lies(service.service, str(one["path"]), int(one["mode"]), app, _handed_out(stack, str(one["path"]), public))
        for one in mine
    )
    return lies, bool(found["whole"])


def is_key(content: bytes, public: str) -> bool:
    """Whether one of the PEM blocks in a file is the private key that belongs to `public`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    for block in key_blocks(content):
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a passphrase
            if public_of(load_pem_private_key(block, password=None).public_key()) == public:
                return True
    return False


def key_blocks(content: bytes) -> Iterator[bytes]:
    """The private keys in a PEM file, whatever else it holds."""
    for piece in content.split(BEGIN)[1:]:
        kind, mark, rest = piece.partition(END)
        body, end, _ = rest.partition(b"-----END ")
        if mark and end and b"\n" not in kind:
            yield BEGIN + kind + END + body + end + kind + END + b"\n"


def _handed_out(stack: Stack, path: str, public: str) -> str:
    """The path under which the site hands the key out; "" when it does not."""
    for target in addresses_of(path):
        got = stack.exchange(HOST, stack.ask(Entry()), request(target, host=stack.settings.hosts[0]), seconds=3.0)
        status, _, body, _ = parse(got.raw)
        if status == 200 and is_key(body[:KEY_CAP], public):
            return target
    return ""


def addresses_of(path: str) -> tuple[str, ...]:
    """Where a file might be on the site: its path, each part of it from the end, and that below /static."""
    parts = path.strip("/").split("/")
    tails = ["/" + "/".join(parts[start:]) for start in range(len(parts))]
    return tuple(dict.fromkeys((*tails[-PATHS:], f"/static{tails[-1]}")))


def _with_keys(stack: Stack, apps: tuple[ServiceFacts, ...]) -> tuple[ServiceFacts, ...]:
    """The app, if its image holds private keys at all: secrets.secret-not-in-image has looked through it already."""
    return apps if any(junk.kind is Kind.KEY for junk in stack.ask(LookInside()).junk) else ()


def _packed(stack: Stack, service: ServiceFacts, public: str) -> tuple[Packed, ...]:
    files = stack.image_files(service, may_be_key)
    found = [file.path.removeprefix("./") for file in files if is_key(file.read(), public)]
    return tuple(Packed(service.service, service.image_name, path, False) for path in dict.fromkeys(found))


def may_be_key(path: str, size: int) -> bool:
    """Whether a file of an image is looked into."""
    if not 0 < size <= KEY_CAP or VENDORED & set(path.split("/")):
        return False
    return not is_system(path) or path.endswith(KEY_ENDINGS)


def _terminates(stack: Stack) -> bool:
    """Whether the app's own server speaks TLS: then nobody else can hold the key for it."""
    try:
        return any(app.tls for app in stack.ask(Apps()))
    except CouldNotLook:
        return False
