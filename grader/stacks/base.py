"""What a probe may ask of a stack, whatever runs it. A backend is chosen by the scheme of its URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from grader.model import Probe, Reason, Role

E = TypeVar("E")

BODY_CAP = 2 * 1024 * 1024  # bytes of one response
LOG_CAP = 2 * 1024 * 1024  # bytes of one log
COMMAND_CAP = 64 * 1024  # bytes of a command's output
DECOY_STATUS = 418  # what a decoy answers: no app of the course does


class CouldNotLook(Exception):
    """The grader could not tell: becomes UNKNOWN with a reason from the closed list, never the learner's failure."""

    def __init__(self, reason: Reason, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.hint = hint


class NotApplicable(Exception):
    """The question has no meaning for this stack: becomes SKIP with this text."""


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

    @property
    def running(self) -> bool:
        return self.state is State.RUNNING


@dataclass(frozen=True, slots=True)
class Process:
    """A process as seen from inside its PID namespace. `started` (clock ticks) tells a reused pid apart."""

    pid: int
    ppid: int
    state: str
    threads: int
    started: int
    uid: int
    name: str
    argv: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class Vantage:
    """`place` is a service instance's id for INSIDE, a network for CLIENT; `number` tells clients apart."""

    kind: From = From.HOST
    place: str = ""
    number: int = 0


HOST = Vantage()


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
class Spoken:
    """How a service of the grader's own fared with another's logging: `error` is what kept it from starting, or ""."""

    error: str
    ended: bool  # it could write all it had to say
    seconds: float


Speak = Callable[[float], Spoken]


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


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take back a disturbance: written to the journal before it is done. `action` is one of UNDO_ACTIONS."""

    action: str
    service: str  # instance id
    name: str  # for people
    numbers: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


UNDO_ACTIONS = ("unpause", "continue", "start", "remove", "times")


@dataclass(frozen=True, slots=True)
class Settings:
    """The learner's own grader.toml: it may widen discovery, never waive a check."""

    hosts: tuple[str, ...] = ("localhost",)
    entry: str = ""  # "127.0.0.1:8080", "https://127.0.0.1:8443": where the site is, when several ports are published
    slow_path: str = ""  # an endpoint that takes a second, for stacks without the bench
    static_path: str = ""  # a static file, for stacks whose home page links none
    loopback_ports: tuple[int, ...] = ()  # ports published on 127.0.0.1 on purpose
    ephemeral_sessions: bool = False  # logins are not meant to survive a restart
    ca: str = ""  # whom the site's certificate is from: a PEM file of the workspace, or a URL inside the stack
    renew: str = ""  # the command that renews the certificate; it runs only after it was agreed to
    metrics: str = ""  # "http://app:8000/metrics": where the app's metrics are, inside the stack
    prometheus: str = ""  # "http://prometheus:9090": where Prometheus answers, inside the stack
    dependency: str = ""  # the service that the app cannot do without, when the grader does not see it


@dataclass(frozen=True, slots=True)
class Machine:
    """The engine of this machine; a plugin that is not there has the version ""."""

    engine: str
    compose: str
    buildx: str
    images: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a backend needs to open a stack. `told` is --role, `named` what lab.toml calls the roles."""

    url: str
    settings: Settings
    state: Path  # the folder for journal and history
    workspace: Path | None = None
    project: str = ""  # the name the stack usually has
    told: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    agreed: frozenset[str] = frozenset()  # the texts of those commands of grader.toml that may be run
    variables: tuple[tuple[str, str], ...] = ()  # what they need beside our own environment


class Stack(Protocol):
    """A running stack. Reads are bounded; text in answers is raw and must pass `grader.text.clean` before display."""

    url: str
    project: str
    settings: Settings
    workspace: Path | None

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        """All instances, running or not. Fetched once a run unless `fresh`."""
        ...

    def as_found(self) -> tuple[ServiceFacts, ...]:
        """All instances as this run first saw them, before anything was disturbed."""
        ...

    def found_anew(self) -> None:
        """Forgets, and takes the stack as it is now for what was found: it had not settled then, or was made anew."""
        ...

    def leftovers(self) -> tuple[str, ...]:
        """Names of the grader's own containers for this project, but for the sidecars that this run still uses."""
        ...

    def roles(self) -> tuple[Role, ...]: ...

    def ask(self, probe: Probe[E]) -> E:
        """The probe's evidence; equal probes are asked once until a disturbance makes the stack forget."""
        ...

    def forget(self) -> None:
        """Drops every remembered answer: what was known about processes and addresses is no longer true."""
        ...

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]: ...

    def sockets(self, service: ServiceFacts) -> Sockets: ...

    def inside(self, service: ServiceFacts, op: str, **args: object) -> object:
        """One of the sidecar's other operations (grader.stacks.agent.OPERATIONS) beside `service`."""
        ...

    def at(self, via: Vantage, op: str, *, within: float = 15.0, **args: object) -> object:
        """One of a sidecar's operations, from an INSIDE or CLIENT vantage; it may take `within` seconds."""
        ...

    def exchange(
        self,
        via: Vantage,
        to: Address,
        data: bytes,
        *,
        seconds: float = 10.0,
        cap: int = BODY_CAP,
        head_only: bool = False,
    ) -> Exchange:
        """Sends `data` on a new connection; returns what came back. Never raises for what the peer does.

        Over TLS no certificate is verified: a probe that wants to know more than what the site says asks for itself.
        """
        ...

    def client_address(self, via: Vantage) -> str:
        """The IP address that a request from a CLIENT vantage carries."""
        ...

    def signal(self, service: ServiceFacts, process: Process, number: int) -> bool:
        """Signals a process from beside it (never through the engine). False when it is gone already."""
        ...

    def crash(self, service: ServiceFacts) -> None:
        """SIGKILLs PID 1 of a service as a crash would, so that its restart policy still applies."""
        ...

    def run(self, service: ServiceFacts, argv: tuple[str, ...], *, seconds: float) -> Ran:
        """Runs a command in a service as the service's own user; kills it when `seconds` are over."""
        ...

    def rehearse(
        self, service: ServiceFacts, argv: tuple[str, ...], ports: tuple[int, ...], reply: bytes, *, seconds: float
    ) -> Rehearsed:
        """Runs a command in a throw-away copy of a service that has the network to itself, and one neighbour there.

        That is a server of the grader's own, which gives everybody who asks on one of `ports` the same `reply`.
        """
        ...

    def may_run(self, command: str) -> bool:
        """Whether somebody agreed to this command of grader.toml after it was shown to them."""
        ...

    def declared(self, command: str, *, seconds: float) -> Ran:
        """Runs a command of grader.toml on this machine, in the workspace; ends it when `seconds` are over.

        CouldNotLook when nobody agreed to it; NotApplicable when there is no workspace to run it in.
        """
        ...

    def stop(self, service: ServiceFacts, grace: int | None = None) -> Stopped: ...

    def start(self, service: ServiceFacts) -> None: ...

    def pause(self, service: ServiceFacts) -> None: ...

    def unpause(self, service: ServiceFacts) -> None: ...

    def wait_ready(self, service: ServiceFacts, seconds: float = 60.0) -> ServiceFacts:
        """Waits until the instance runs (and is healthy, where it can say so); returns its new facts."""
        ...

    def disturbing(self, undo: Undo) -> AbstractContextManager[None]:
        """Writes `undo` to the journal, and carries it out and strikes it when the block ends, however it ends."""
        ...

    def logs(self, service: ServiceFacts, since: float) -> bytes:
        """Standard output and error since `since` (seconds since the epoch), at most LOG_CAP bytes of each."""
        ...

    def log_text(self, service: ServiceFacts, since: float) -> LogText:
        """The same with both streams apart, and what there is to know about the reading."""
        ...

    def layer_size(self, service: ServiceFacts) -> int:
        """Bytes that a service has written to its own layer, outside of volumes and temporary file systems."""
        ...

    def image(self, service: ServiceFacts) -> ImageFacts: ...

    def image_files(self, service: ServiceFacts, wanted: Callable[[str, int], bool]) -> Iterator[ImageFile]:
        """The regular files of every layer whose path and size are `wanted`; deleted ones in earlier layers too."""
        ...

    def copy_of(
        self, service: ServiceFacts, environment: dict[str, str], scratch: str = ""
    ) -> AbstractContextManager[ServiceFacts]:
        """A throw-away copy of a service with other settings, on a network of its own, removed when the block ends.

        It reads the folders of the host that the service has mounted; in the place of the one at `scratch` it has an
        empty one that it may write to.
        """
        ...

    def decoy(self, network: str, address: str, port: int) -> AbstractContextManager[str]:
        """A grader-owned service that takes the free `address` on `network` and answers DECOY_STATUS on `port`.

        NotApplicable when the backend cannot give it that address.
        """
        ...

    def speaker_like(self, service: ServiceFacts, program: str) -> AbstractContextManager[Speak]:
        """A grader-owned service whose output the engine treats as that of `service`, removed when the block ends.

        What it yields starts the Python program, waits `seconds` at most until that ends, and says how it fared.
        """
        ...

    def restore(self) -> None:
        """Ends the run at once: refuses every further disturbance and undoes what is open in the journal."""
        ...

    def repair(self) -> tuple[Undo, ...]:
        """Carries out everything that is open in the journal, the newest first; returns what was undone."""
        ...

    def close(self) -> None:
        """Removes every sidecar of this run."""
        ...

    def compose(
        self, *args: str, seconds: float = 120.0, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Runs `docker compose` on this project; exit code and at most COMMAND_CAP characters of its output.

        `variables` are set beside those of the grader's own environment.
        """
        ...
