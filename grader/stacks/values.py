"""What is known of a stack's services: plain values, whatever runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"
    REMOVING = "removing"


@dataclass(frozen=True, slots=True)
class Published:
    """A port of a service (`port`, inside) that answers on `address:host_port` of the host."""

    address: str
    host_port: int
    port: int


@dataclass(frozen=True, slots=True)
class Attached:
    """A network that a service is on, and its address there ("" while it is stopped)."""

    network: str
    address: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Mount:
    kind: str  # bind, volume, tmpfs
    source: str
    target: str
    writable: bool


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """The command that says whether a service is well, and how often (seconds) and how long (seconds) it is asked.

    `argv` is what is run in the service; () when the health check was switched off.
    """

    argv: tuple[str, ...]
    interval: float
    timeout: float
    retries: int


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One running (or stopped) instance of a service, as its backend knows it. Values of the environment are dropped.

    `id` is permanent for the instance; `started` is seconds since the epoch, 0.0 when it never ran.
    `health` is "" without a health check, else starting, healthy or unhealthy.
    """

    id: str
    service: str
    name: str
    hostname: str
    state: State
    exit_code: int
    restarts: int
    oom_killed: bool
    started: float
    health: str
    restart_policy: str
    user: str
    argv: tuple[str, ...]
    image: str
    image_name: str
    stop_signal: str
    stop_grace: int
    network_mode: str
    published: tuple[Published, ...]
    networks: tuple[Attached, ...]
    mounts: tuple[Mount, ...]
    memory_limit: int  # bytes, 0 without a limit
    pids_limit: int  # 0 without a limit
    init: bool
    read_only: bool
    privileged: bool
    environment: tuple[str, ...]  # names only
    labels: tuple[tuple[str, str], ...]
    one_shot: bool  # a job: ended with 0 and is not restarted, or others wait for its completion
    error: str = ""  # what the engine said when it could not start it, such as a taken port
    pid_mode: str = ""  # "host" or another service's: then its PID 1 is not its own
    published_udp: tuple[Published, ...] = ()
    log_driver: str = ""  # where the engine keeps what it prints; "" when that is not known
    log_options: tuple[tuple[str, str], ...] = ()  # those that say how much it keeps
    health_check: HealthCheck | None = None  # None when nobody defined one
    health_said: str = ""  # what the health check printed when it last failed

    @property
    def running(self) -> bool:
        return self.state is State.RUNNING


@dataclass(frozen=True, slots=True)
class Process:
    """A process as seen from inside its PID namespace. `started` (clock ticks) tells a reused pid apart.

    `embeds_python` says that it has Python's library loaded, which a program of another name may have, too.
    """

    pid: int
    ppid: int
    state: str
    threads: int
    started: int
    uid: int
    name: str
    argv: tuple[str, ...]
    embeds_python: bool = False


@dataclass(frozen=True, slots=True)
class Socket:
    """A listening socket: `address` and `port`, or `path` of a unix socket; `pids` are the processes that hold it."""

    address: str
    port: int
    path: str
    pids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """An established TCP connection, seen from the side of `pids`."""

    address: str
    port: int
    peer: str
    pids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sockets:
    listening: tuple[Socket, ...]
    established: tuple[Connection, ...]


@dataclass(frozen=True, slots=True, repr=False)
class LogText:
    """What a service printed: standard output and standard error, each at most LOG_CAP bytes.

    `cut` says that a bound ended the reading; `refused` is "" or says why the engine has nothing to show.
    """

    out: bytes
    err: bytes
    cut: bool
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file of one layer of an image. `read` returns its bytes (at most 1 MiB); call it once, before the next file."""

    layer: int
    path: str
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image's own configuration: here the values of ENV count, because whoever has the image has them."""

    id: str
    size: int
    strings: tuple[str, ...]  # values of ENV and labels, the words of CMD and ENTRYPOINT, and the build history
