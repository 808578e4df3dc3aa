"""What a probe may ask of a stack, whatever runs it. A backend is chosen by the scheme of its URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from grader.model import Probe, Reason, Role
from grader.stacks.dealings import Address, Exchange, Ran, Rehearsed, Speak, Stopped, Undo, Vantage
from grader.stacks.redaction import Redactor
from grader.stacks.values import ImageFacts, ImageFile, LogText, Process, ServiceFacts, Sockets

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
    """What a backend needs to open a stack.

    `told` is --role, `recalled` what that said in earlier runs, `named` what lab.toml calls the roles.
    """

    url: str
    settings: Settings
    state: Path  # the folder for journal and history
    workspace: Path | None = None
    project: str = ""  # the name the stack usually has
    told: tuple[tuple[str, str], ...] = ()
    recalled: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    agreed: frozenset[str] = frozenset()  # the texts of those commands of grader.toml that may be run
    variables: tuple[tuple[str, str], ...] = ()  # what they need beside our own environment


class Stack(Protocol):
    """A running stack. Reads are bounded; text in answers is raw and must pass `grader.text.clean` before display."""

    url: str
    project: str
    settings: Settings
    workspace: Path | None
    disturbed: bool  # whether this run has changed anything about it so far

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

    def redactor(self, key: bytes) -> Redactor:
        """What takes secrets out of texts; it knows the values of the environment, and nobody else gets to see them."""
        ...

    def layer_size(self, service: ServiceFacts) -> int:
        """Bytes that a service has written to its own layer, outside of volumes and temporary file systems."""
        ...

    def memory(self, service: ServiceFacts) -> int:
        """Bytes of memory that a service holds now, all its processes together, without the cache of files."""
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
