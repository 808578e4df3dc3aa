"""Which service does what: told by --role, by a label, or seen in what it publishes, runs, and gets to do.

Names mean nothing here. Where several services could be meant, requests decide: those that are sent to a published
port wake up the app behind it, and nobody else (grader.stacks.arrivals). Where that leaves it open, one question does.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from grader.model import Reason, Role
from grader.stacks.arrivals import Arrivals, doors, told_entry
from grader.stacks.base import CouldNotLook, Stack
from grader.stacks.values import Process, ServiceFacts, Socket

LOOKS = 4  # services that are looked into at a time: the first look into each starts a sidecar
LABEL = "grader.role"
ROLES = ("edge", "app")  # those that every stack has; the others are found by who asks for them
NO_APP = ("supervisord",)  # Python programs that look after others and answer no requests
PROXIES = (
    *("nginx", "openresty", "angie", "haproxy", "caddy", "traefik", "envoy", "apache2", "httpd", "lighttpd", "h2o"),
    *("varnishd", "hitch", "nghttpx"),
)
PYTHON_SERVERS = (
    "python",
    "gunicorn",
    "uwsgi",
    "waitress-serve",
    "flask",
    "hypercorn",
    "granian",
    "uvicorn",
    "mod_wsgi-express",
    "pypy",
)


class Undecided(CouldNotLook):
    """Several services could have a role, and nothing that they do decides. `candidates`: the name, and why."""

    def __init__(self, role: str, candidates: Mapping[str, str]) -> None:
        super().__init__(
            Reason.UNREACHABLE,
            f"which service is the {role}? " + "; ".join(f"{name} {why}" for name, why in sorted(candidates.items())),
            hint=f"say it with --role {role}=NAME, which is remembered, or with the label {LABEL}: {role}",
        )
        self.role = role
        self.candidates = dict(sorted(candidates.items()))


def runs_python(process: Process) -> bool:
    """Whether a process looks like one that runs a Python web application, by its name or by what it has loaded."""
    words = [os.path.basename(word) for word in process.argv[:3]]
    if any(word.startswith(NO_APP) for word in [*words, process.name]):
        return False
    named = any(word.startswith(PYTHON_SERVERS) for word in (process.name, *words[:1]))
    return named or process.embeds_python


@dataclass(frozen=True, slots=True)
class Hearsay:
    """What others say of roles: `told` by --role, `recalled` from earlier runs, `named` in lab.toml."""

    told: Mapping[str, str] = field(default_factory=dict)
    recalled: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)


def find_roles(stack: Stack, services: tuple[ServiceFacts, ...], said: Hearsay) -> tuple[Role, ...]:
    """The roles `edge` and `app`.

    What lab.toml calls them decides only between several candidates. Raises Undecided with one question where nothing
    decides, and CouldNotLook for a name of --role that no service has.
    """
    running = tuple(service for service in services if service.running and not service.one_shot)
    edge, app = (_said(role, running, said) for role in ROLES)
    edge = edge or _entered(running, told_entry(stack.settings)[1])
    ways = {} if edge else _publishers(running, stack)
    servers = {} if app else _python_servers(running, stack)
    edge = edge or _only("edge", ways, said.named)
    app = app or _only("app", servers, said.named)
    if edge and app:
        return edge, app
    arrivals = Arrivals(running, stack)
    edge = edge or _front(ways, servers, app, arrivals)
    return edge, app or _behind(edge, servers, running, arrivals)


def _said(role: str, running: tuple[ServiceFacts, ...], said: Hearsay) -> Role | None:
    """The role as --role or a label gives it; what was said earlier counts as long as there are such services."""
    names = {service.service for service in running}
    if role in said.told:
        wanted = tuple(said.told[role].split(","))
        missing = [name for name in wanted if name not in names]
        if missing:
            known = ", ".join(sorted(names)) or "none"
            raise CouldNotLook(
                Reason.UNREACHABLE,
                f"--role {role}={said.told[role]}: no service {missing[0]} is running (running: {known})",
            )
        return Role(role, wanted, "you said so with --role")
    labelled = {s.service for s in running if role in re.split(r"[\s,]+", dict(s.labels).get(LABEL, ""))}
    if labelled:
        return Role(role, tuple(sorted(labelled)), f"its label {LABEL} says so")
    earlier = tuple(said.recalled.get(role, "").split(","))
    return Role(role, earlier, "you said so earlier") if names.issuperset(earlier) else None


def _entered(running: tuple[ServiceFacts, ...], name: str) -> Role | None:
    """The edge where `entry` names a service: one that a proxy outside of the stack leads to, without any port."""
    found = any(service.service == name for service in running)
    return Role("edge", (name,), "the entry that you named is there") if found else None


def _only(role: str, candidates: Mapping[str, str], named: Mapping[str, str]) -> Role | None:
    """The role where one service alone could have it, or where the lab names one of those that could."""
    if not candidates:
        return Role(role, (), "no service " + ("publishes a port" if role == "edge" else "runs a Python server"))
    if len(candidates) == 1:
        (service, why), *_ = candidates.items()
        return Role(role, (service,), why)
    if named.get(role) in candidates:
        return Role(role, (named[role],), f"{candidates[named[role]]}; the lab calls it so")
    return None


def _publishers(running: tuple[ServiceFacts, ...], stack: Stack) -> dict[str, str]:
    found: dict[str, str] = {}
    for service in running:
        ports = sorted({f"{port.address}:{port.host_port}" for port in doors(stack, service)})
        if ports:
            found.setdefault(service.service, f"publishes {', '.join(ports)}")
    return found


def _python_servers(running: tuple[ServiceFacts, ...], stack: Stack) -> dict[str, str]:
    def look(service: ServiceFacts) -> tuple[tuple[Process, ...], tuple[Socket, ...]]:
        return stack.processes(service), stack.sockets(service).listening

    with ThreadPoolExecutor(LOOKS) as crowd:
        looks = tuple(crowd.map(look, running))
    found: dict[str, str] = {}
    for service, (processes, listening) in zip(running, looks, strict=True):
        python = {process.pid: process for process in processes if runs_python(process)}
        for socket in listening:
            holders = [python[pid] for pid in socket.pids if pid in python]
            if holders and service.service not in found:
                where = socket.path or f"port {socket.port}"
                found[service.service] = f"{holders[0].name} listens on {where}"
    return found


def _front(ways: Mapping[str, str], servers: Mapping[str, str], app: Role | None, arrivals: Arrivals) -> Role:
    """The edge: the publisher through which requests come to the app, and of several the one that is first.

    `servers` are the services that may be the app. A port of the app's own beside a proxy that leads to it is a side
    door; whatever else publishes a port (a console of the database, a monitor) leads to no app.
    """
    spoken = {name: why for name, why in ways.items() if arrivals.speaks(name)}
    if len(spoken) == 1:
        (name, why), *_ = spoken.items()
        return Role("edge", (name,), f"{why}, and alone speaks HTTP there")
    meant = set(app.services if app else servers)
    leads = {name: tuple(found for found in arrivals.reached(name) if found in meant) for name in spoken}
    proxies = [name for name in spoken if set(leads[name]) - {name}]
    aimless = [name for name in spoken if not leads[name] and arrivals.runs(name, PROXIES)]
    if not proxies and aimless:  # they may lead there all the same, on a path that nobody has asked for yet
        if app is None:
            raise Undecided("app", servers)
        fronts, goals = aimless, {app.services}
    else:
        fronts = arrivals.first(proxies or [name for name in spoken if leads[name]])
        goals = {leads[name] for name in fronts}
    if not fronts or len(goals) > 1 or (fronts == aimless and len(fronts) > 1):
        told = {name: f"{spoken[name]} and leads to {', '.join(leads[name])}" for name in fronts}
        raise Undecided("edge", told or spoken or ways)
    where = ", ".join(spoken[name] for name in fronts)
    if fronts == aimless:
        return Role("edge", tuple(fronts), f"{where}, and alone runs a proxy there")
    if set(fronts) <= meant:
        return Role("edge", tuple(fronts), f"{where}; it is the app itself")
    return Role("edge", tuple(fronts), f"{where}, and requests to it arrive in {', '.join(goals.pop())}")


def _behind(edge: Role, servers: Mapping[str, str], running: tuple[ServiceFacts, ...], arrivals: Arrivals) -> Role:
    """The app: the Python server in which the edge's requests arrive. Equal ones under several names are replicas."""
    reached = [name for door in edge.services for name in arrivals.reached(door) if name in servers]
    found = arrivals.first(dict.fromkeys(reached))
    if not found or not (len(found) == 1 or _alike(found, running)):
        raise Undecided("app", {name: servers[name] for name in found} or servers)
    why = servers[found[0]] if len(found) == 1 else f"{len(found)} services of one image"
    return Role("app", tuple(found), f"{why}, and what is sent to {', '.join(edge.services)} arrives there")


def _alike(names: Iterable[str], running: tuple[ServiceFacts, ...]) -> bool:
    """Whether services run one image with one command: replicas, whatever they are called."""
    return len({(service.image, service.argv) for service in running if service.service in set(names)}) == 1
