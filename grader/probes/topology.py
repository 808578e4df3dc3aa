"""Which process is the app: from sockets and processes; an endpoint that reports itself only confirms it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from grader.model import Reason
from grader.probes.base import Probe, in_role, nonce
from grader.probes.http import Entry, greeted, json_of, send, text_of
from grader.stacks.arrivals import far_ends
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import HOST, Address, From, Vantage, from_beside
from grader.stacks.roles import runs_python
from grader.stacks.values import Process, ServiceFacts, Socket

WHOAMI = "/bench/whoami"


@dataclass(frozen=True, slots=True)
class Whoami:
    """What the bench says of the process that answered; `seen` is False on a stack without a bench."""

    seen: bool
    status: int = 0
    nonce: str = ""
    pid: int = 0
    host: str = ""
    boot_id: str = ""
    remote_addr: str = ""
    scheme: str = ""
    host_header: str = ""
    script_root: str = ""
    url_external: str = ""
    multithread: bool = False
    multiprocess: bool = False
    error: str = ""


def whoami(
    stack: Stack,
    to: Address,
    *,
    via: Vantage = HOST,
    host: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    seconds: float = 10.0,
) -> Whoami:
    """Asks the bench who answers; a page that is not the bench's JSON, or another one's nonce, is not `seen`."""
    word = nonce()
    answered = send(stack, to, f"{WHOAMI}?nonce={word}", via=via, host=host, headers=headers, seconds=seconds)
    raw = json_of(answered)
    if answered.status != 200 or raw.get("nonce") != word or not isinstance(raw.get("pid"), int):
        return Whoami(False, status=answered.status, error=answered.error)
    texts = ("host", "boot_id", "remote_addr", "scheme", "host_header", "script_root", "url_external")
    return Whoami(
        True,
        answered.status,
        nonce=word,
        pid=raw["pid"],
        multithread=raw.get("multithread") is True,
        multiprocess=raw.get("multiprocess") is True,
        **{name: text_of(raw.get(name)) for name in texts},
    )


def needs_bench(what: str, key: str = "") -> NotApplicable:
    """Why a check is not judged without the bench; `key` of grader.toml names something that would do instead."""
    instead = f"; {key} in grader.toml can name one" if key else ""
    return NotApplicable(f"needs {what}, as the course's bench has (PINBOARD_BENCH=1){instead}")


def require_bench(stack: Stack, what: str) -> None:
    """NotApplicable on a stack without the bench; CouldNotLook when the site is in no state to say."""
    if not stack.ask(Named()):
        who = whoami(stack, stack.ask(Entry()), seconds=5)
        if who.status == 0 or who.status >= 500:
            raise CouldNotLook(Reason.UNREACHABLE, f"{WHOAMI} through the edge: {who.error or who.status}")
        if not who.seen:
            raise needs_bench(what)


@dataclass(frozen=True, slots=True)
class App:
    """The app's server in one instance: `master` is the topmost process that holds its listening socket.

    `tree` is the master and all below it; `workers` are those below it (or the master alone) that can answer.
    `listening` is where the site is served, `aside` what the same processes listen on for others: for Prometheus, say.
    """

    service: ServiceFacts
    master: Process
    tree: tuple[Process, ...]
    listening: tuple[Socket, ...]
    confirmed: bool  # the bench named a process of this tree

    @property
    def workers(self) -> tuple[Process, ...]:
        # A master that is PID 1 adopts orphans too: workers share its socket, or at least its name.
        holders = {pid for socket in self.listening for pid in socket.pids}
        under = tuple(process for process in self.tree if process.pid != self.master.pid)
        sharing = tuple(process for process in under if process.pid in holders)
        return sharing or tuple(p for p in under if p.name == self.master.name) or (self.master,)

    @property
    def via(self) -> Vantage:
        """Beside the app, so that no proxy can hide or repair what it does."""
        return Vantage(From.INSIDE, self.service.id)

    @property
    def alone(self) -> bool:
        """Whether nothing but the app (and an init) runs in its instance."""
        return not self.others

    others: tuple[Process, ...] = field(default=())
    tls: str = ""  # the server name to ask for, where the server speaks TLS itself
    aside: tuple[Socket, ...] = ()

    def addresses(self) -> tuple[Address, ...]:
        """Every address at which the server serves the site, as seen from inside its instance."""
        return tuple(replace(_address(socket, self.master.pid), tls=self.tls) for socket in self.listening)

    def other_addresses(self) -> tuple[Address, ...]:
        """Those of `aside`."""
        return tuple(_address(socket, self.master.pid) for socket in self.aside)


@dataclass(frozen=True)
class Apps(Probe[tuple[App, ...]]):
    """The app's servers, one for each running instance of the service that is the app."""

    seconds: ClassVar[float] = 3.0

    def ask(self, stack: Stack, /) -> tuple[App, ...]:
        named = stack.ask(Named())
        apps = tuple(_app(stack, service, named) for service in in_role(stack, "app"))
        return tuple(secured(stack, told_apart(stack, app)) for app in apps if app is not None) or _nobody(stack)


@dataclass(frozen=True)
class Named(Probe[tuple[Whoami, ...]]):
    """What the bench says in five answers through the edge; empty on a stack without a bench."""

    def ask(self, stack: Stack, /) -> tuple[Whoami, ...]:
        try:
            to = stack.ask(Entry())
        except CouldNotLook:
            return ()
        first = whoami(stack, to, seconds=5)
        return (first, *(whoami(stack, to, seconds=5) for _ in range(4))) if first.seen else ()


def app_of(stack: Stack) -> App:
    """The one app server, or the first of several replicas."""
    return stack.ask(Apps())[0]


def find_app(
    service: ServiceFacts, processes: tuple[Process, ...], listening: tuple[Socket, ...], pid: int
) -> App | None:
    """The app's server among the processes of an instance; `pid` is one the bench named there, or 0."""
    by_pid = {process.pid: process for process in processes}
    if pid in by_pid:
        family = set(ancestors(by_pid[pid], by_pid)) | {pid}
        mine = tuple(socket for socket in listening if family & set(socket.pids))
    else:
        python = {process.pid for process in processes if runs_python(process)}
        mine = tuple(socket for socket in listening if python & set(socket.pids))
        family = {holder for socket in mine for holder in socket.pids if holder in python}
    holders = [by_pid[holder] for socket in mine for holder in socket.pids if holder in by_pid and holder in family]
    if not holders:
        return None
    master = min(holders, key=lambda process: len(ancestors(process, by_pid)))
    tree = (master, *below(master, processes))
    inside = {process.pid for process in tree}
    return App(
        service=service,
        master=master,
        tree=tree,
        listening=tuple(socket for socket in mine if master.pid in socket.pids) or mine,
        confirmed=pid in inside,
        others=tuple(p for p in processes if p.pid not in inside and not _is_init(p, master, by_pid)),
    )


def ancestors(process: Process, by_pid: dict[int, Process]) -> tuple[int, ...]:
    """The pids above a process, nearest first, as far as the namespace shows them."""
    found: list[int] = []
    while process.ppid in by_pid and process.ppid not in found:
        process = by_pid[process.ppid]
        found.append(process.pid)
    return tuple(found)


def below(process: Process, processes: tuple[Process, ...]) -> tuple[Process, ...]:
    """All descendants of a process, by pid."""
    by_pid = {other.pid: other for other in processes}
    return tuple(other for other in processes if process.pid in ancestors(other, by_pid))


def _is_init(process: Process, master: Process, by_pid: dict[int, Process]) -> bool:
    """Whether a process only stands above the server: a shell, a launcher, tini."""
    return process.pid in ancestors(master, by_pid)


def _app(stack: Stack, service: ServiceFacts, named: tuple[Whoami, ...]) -> App | None:
    processes, sockets = stack.processes(service), stack.sockets(service)
    pid = next((who.pid for who in named if who.host and who.host in (service.hostname, service.id[:12])), 0)
    return find_app(service, processes, sockets.listening, pid)


def told_apart(stack: Stack, app: App) -> App:
    """`app`, with `aside` where some of its sockets lead elsewhere than to the site; as it was when nobody can tell."""
    if len(app.listening) < 2:
        return app
    if stack.ask(Named()):
        places = zip(app.listening, app.addresses(), strict=True)
        ours = tuple(socket for socket, to in places if whoami(stack, to, via=app.via, seconds=5).seen)
    else:
        asked = _asked_for(stack, app.service)
        ours = tuple(socket for socket in app.listening if socket.path or socket.port in asked)
    if not ours:
        return app
    return replace(app, listening=ours, aside=tuple(socket for socket in app.listening if socket not in ours))


def _asked_for(stack: Stack, service: ServiceFacts) -> frozenset[int]:
    """The ports of an instance to which an edge has connected a moment ago, else those that it publishes."""
    mine = {at.address for at in service.networks}
    ends = [end for edge in in_role(stack, "edge") if edge.id != service.id for end in far_ends(stack, edge)]
    asked = frozenset(port for _, address, port in ends if address in mine)
    return asked or frozenset(published.port for published in service.published)


def secured(stack: Stack, app: App) -> App:
    """`app`, with `tls` where its own server speaks TLS: a proxy that passes TLS on unread leaves that to the app."""
    try:
        if not stack.ask(Entry()).tls:
            return app
    except CouldNotLook:  # nobody is asked before there is a way in
        return app
    return replace(app, tls=greeted(stack, app.addresses()[0], via=app.via).to.tls)


def _nobody(stack: Stack) -> tuple[App, ...]:
    names = ", ".join(service.service for service in in_role(stack, "app"))
    raise CouldNotLook(Reason.UNREACHABLE, f"no process in {names} listens like a Python web server")


def _address(socket: Socket, pid: int) -> Address:
    if socket.path:
        return Address("", path=socket.path, pid=pid)
    return Address(from_beside(socket.address), socket.port)
