"""Whom the site's certificate has to come from: the authority that grader.toml names, or those of this machine."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from grader.probes.base import Probe, in_role
from grader.probes.http import client_on, parse, request
from grader.probes.tls.x509 import Certificate, read
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.dealings import Address

SIZE_CAP = 256 * 1024  # bytes of a file with certificates
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
PORTS = {"http": 80, "https": 443}
SECONDS = 5.0  # for the answer of a service


@dataclass(frozen=True, slots=True)
class Anchors:
    """The certificates that are trusted, as PEM; "" means this machine's own. `where` is for people.

    `trouble` says why what grader.toml names could not be had.
    """

    where: str
    pem: str
    certificates: tuple[Certificate, ...]
    trouble: str = ""


@dataclass(frozen=True)
class TrustAnchors(Probe[Anchors]):
    """Reads `ca` of grader.toml: a PEM file of the workspace, or a URL that a client inside the stack can fetch."""

    seconds: ClassVar[float] = 2.0

    def ask(self, stack: Stack, /) -> Anchors:
        told = stack.settings.ca
        if not told:
            return Anchors("the authorities that this machine trusts", "", ())
        try:
            text = _fetched(stack, told) if urlsplit(told).scheme in PORTS else _read_file(stack, told)
            blocks = pem_blocks(text)
            found = tuple(read(ssl.PEM_cert_to_DER_cert(block)) for block in blocks)
        except (OSError, ValueError) as trouble:
            return Anchors(told, "", (), f"{told}: {getattr(trouble, 'strerror', '') or trouble}")
        if not found:
            return Anchors(told, "", (), f"{told}: no certificate in it")
        unread = next((one.trouble for one in found if one.trouble), "")
        return Anchors(told, "\n".join(blocks), found, f"{told}: {unread}" if unread else "")


def pem_blocks(text: str) -> tuple[str, ...]:
    """The certificates in a PEM text, with whatever stands around them left out."""
    pieces = (piece.partition(END) for piece in text.split(BEGIN)[1:])
    return tuple(f"{BEGIN}{inside}{END}\n" for inside, end, _ in pieces if end)


def _read_file(stack: Stack, name: str) -> str:
    if stack.workspace is None:
        raise OSError("there is no workspace to read it from")
    with (stack.workspace / name).open("rb") as file:
        return file.read(SIZE_CAP).decode("ascii", "replace")


def _fetched(stack: Stack, url: str) -> str:
    """What a client on a network of the stack gets from `url`. Whoever answers there is believed: it is the stack's."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    tls = host if parts.scheme == "https" else ""
    to = Address(host, parts.port or PORTS[parts.scheme], tls=tls)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    seen = "no service of the stack is on a network"
    for network in networks(stack):
        try:
            got = stack.exchange(
                client_on(network), to, request(path, host=parts.netloc), seconds=SECONDS, cap=SIZE_CAP
            )
        except CouldNotLook as trouble:
            seen = str(trouble)
            continue
        status, _, body, error = parse(got.raw)
        if status == 200:
            return body.decode("ascii", "replace")
        seen = str(status) if status else got.error or error
    raise OSError(seen)


def networks(stack: Stack) -> tuple[str, ...]:
    """The networks of the running services, those of the edge first."""
    running = (*in_role(stack, "edge"), *(service for service in stack.services() if service.running))
    return tuple(dict.fromkeys(at.network for service in running for at in service.networks if at.address))
