"""Dealings with a stack: where a request goes and comes from, and how requests, commands and disturbances went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect: host and port, or the path of a unix socket (then `pid` is a process that sees that path).

    `tls` is the server name to ask for over TLS (SNI), "" for a plain connection.
    """

    host: str
    port: int = 0
    path: str = ""
    pid: int = 0
    tls: str = ""


class From(StrEnum):
    """Where a request is sent from."""

    HOST = "host"  # this machine, as a user would
    INSIDE = "inside"  # the network namespace of a service
    CLIENT = "client"  # a client of its own address on a network of the stack
    LOAD = "load"  # the same, with a load generator


@dataclass(frozen=True, slots=True)
class Vantage:
    """`place` is a service instance's id for INSIDE, a network for CLIENT and LOAD; `number` tells clients apart."""

    kind: From = From.HOST
    place: str = ""
    number: int = 0


HOST = Vantage()


def loopback(bound: str) -> str:
    """The address at which this machine reaches a port that is bound to `bound`."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(bound, bound)


def from_beside(bound: str) -> str:
    """The address at which a container reaches a server of its own that is bound to `bound`.

    A server on all IPv6 addresses takes IPv4, too (ipv6(7), IPV6_V6ONLY), and many a container has no IPv6 at all.
    """
    return {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(bound, bound)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back on one connection. `error` is "" or says what went wrong; `cut` says that a bound was reached.

    `tls` is the version that was agreed on, such as "TLSv1.3"; "" on a plain connection or after a failed handshake.
    """

    raw: bytes
    error: str
    cut: bool
    closed: bool
    first: float  # seconds until the first byte
    total: float  # seconds, with the time to connect
    tls: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a stop went: exit code 137 means that the engine had to kill the service when the grace was over."""

    exit_code: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its exit code, None when it was still running at its limit. `output` is COMMAND_CAP at most.

    A program that is not there has the code 126 or 127, as in a shell.
    """

    code: int | None
    output: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How a command ended beside a server of the grader's own, and the first lines of what it asked that server."""

    ran: Ran
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a service of the grader's own fared with another's logging: `error` is what kept it from starting, or ""."""

    error: str
    ended: bool  # it could write all it had to say
    seconds: float


Speak = Callable[[float], Spoken]


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take back a disturbance: written to the journal before it is done. `action` is one of UNDO_ACTIONS.

    The number of "start" is that of a stop which was under way: the time, in seconds since the epoch, at which it must
    be over. Its words are networks, each with the address there that a repair gives back. The words of "up" are the
    command's own, as many as its number says, and then its variables.
    """

    action: str
    service: str  # instance id; the name of a container of ours, or of the project
    name: str  # for people
    numbers: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


UNDO_ACTIONS = ("unpause", "continue", "start", "remove", "times", "up")
