"""How a stack is configured, as texts without secrets: what could explain that a check which passed does not any more.

Nothing is disturbed. One command is run in a service: `nginx -T`, which prints the configuration and touches nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from grader.model import Kept, Part
from grader.probes.base import Probe, in_role
from grader.probes.topology import find_app
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.redaction import Redactor
from grader.stacks.values import Mount, Process, ServiceFacts

COMPOSE_SECONDS = NGINX_SECONDS = 10.0  # both take a tenth of a second; a busy machine needs more
TEXT_CAP = 65_536  # characters of one text
TEXTS = 100  # texts of one stack
MOUNTED_CAP = 262_144  # bytes of a mounted file that are compared
NGINX_FILE = re.compile(r"(?m)^# configuration file (.+):$")
# Its warnings: they come on another way, and may end up anywhere.
NGINX_ASIDE = re.compile(r"(?:nginx: \[\w+\]|\d{4}/\d\d/\d\d [\d:]{8} \[\w+\] \d+#\d+:) [^\n]*\n")
NGINX_OPTION = re.compile(r"\s-([cp])\s+([^\s;]+)")
CONFIG_OPTION = re.compile(r"(?:-c|-C|-f|--config|--config-file|--ini)")
REMARK = re.compile(r"(?<=[;{}])\s+#.*$|\s\s# .*$")  # a comment at the end of a line of Nginx or Python
GUNICORN_FILE = "gunicorn.conf.py"  # what Gunicorn reads when nobody names a file
HIDDEN = ("environment", "content")  # keys of a Compose file whose values are none of ours
PACKAGE = re.compile(r"(.+)-([^-]+)\.dist-info")
ENTRY = "com.docker.compose.config-hash"
NAMELESS = re.compile(r"[0-9a-f]{64}")  # the name that the engine gives to a volume without one


@dataclass(frozen=True)
class Configuration(Probe[tuple[Kept, ...]]):
    """The stack's configuration as it is now. What cannot be read is left out."""

    key: bytes = field(repr=False)  # for the marks of what is masked
    seconds: ClassVar[float] = 5.0  # when the machine is busy; else a quarter of one

    def ask(self, stack: Stack, /) -> tuple[Kept, ...]:
        redactor = stack.redactor(self.key)
        with ThreadPoolExecutor(1) as beside:  # a program of its own, that takes half of the time
            resolved = beside.submit(lambda: tuple(_compose(stack, redactor)))
            rest = _as_it_runs(stack, redactor)
        unique = {(text.part, text.name): text for text in (*resolved.result(), *rest)}
        return tuple(unique.values())[:TEXTS]


def _as_it_runs(stack: Stack, redactor: Redactor) -> list[Kept]:
    texts = list(_containers(stack, redactor))
    edges: tuple[ServiceFacts, ...] = ()
    with suppress(CouldNotLook, NotApplicable):
        edges = in_role(stack, "edge")
        for service in edges:
            texts += _proxy(stack, service, redactor)
    for service in stack.services():  # behind a proxy that speaks TLS there may be another one
        if service.running and service.id not in {edge.id for edge in edges} and _starts_nginx(service):
            with suppress(CouldNotLook):
                texts += _nginx(stack, service, service.argv, redactor)
    with suppress(CouldNotLook, NotApplicable):
        for service in in_role(stack, "app"):
            # Not asked with Apps: that sends requests, and what is remembered of a stack that starts misleads.
            app = find_app(service, stack.processes(service), stack.sockets(service).listening, 0)
            texts += _server(stack, service, app.master, redactor) if app else ()
    return texts


# --- what Compose makes of the project's files ----------------------------------------------------------------------


def _compose(stack: Stack, redactor: Redactor) -> Iterator[Kept]:
    with suppress(CouldNotLook, NotApplicable, ValueError):
        code, text = stack.compose("config", "--format", "json", seconds=COMPOSE_SECONDS)
        if code == 0:  # warnings follow the document
            yield from compose_texts(json.JSONDecoder().raw_decode(text[text.index("{") :])[0], redactor)


def compose_texts(config: Mapping[str, Any], redactor: Redactor) -> Iterator[Kept]:
    """One text a service, and one for all the rest."""
    for name, service in config.get("services", {}).items():
        yield kept(Part.COMPOSE, name, f"{name}, as Compose resolves it", flat(service, redactor))
    rest = {name: value for name, value in config.items() if name not in ("name", "services")}
    yield kept(Part.COMPOSE, "", "the rest of the Compose file", flat(rest, redactor))


def flat(value: Any, redactor: Redactor, path: str = "") -> Iterator[str]:
    """A document as lines that need no neighbours to be understood: `healthcheck.interval: 5s`."""
    key = path.rpartition(".")[2]
    if isinstance(value, dict) and (key in HIDDEN or path == "build.args"):
        yield from (f"{path}.{redactor.variable(name, str(text))}" for name, text in sorted(value.items()))
    elif key in HIDDEN:
        yield f"{path}: {redactor.masked(str(value))}"
    elif isinstance(value, dict):
        for name in sorted(value):
            yield from flat(value[name], redactor, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield f"{path}: {redactor.words(value)}"
    elif isinstance(value, list):
        yield from (redactor.text(f"{path}: {_short(item)}") for item in value)
    elif value is not None:
        yield redactor.text(f"{path}: {str(value).lower() if isinstance(value, bool) else value}")


def _short(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return " ".join(f"{name}={value}" for name, value in sorted(item.items()) if value not in (None, {}, ""))


# --- what the engine says of the containers -------------------------------------------------------------------------


def _containers(stack: Stack, redactor: Redactor) -> Iterator[Kept]:
    seen: set[str] = set()
    for fact in stack.services():
        if fact.service not in seen:  # its replicas are made alike
            seen.add(fact.service)
            yield kept(Part.RUNNING, fact.service, f"{fact.service}, as it runs", running(fact, redactor))
            image = f"{redactor.text(fact.image_name)} {fact.image.removeprefix('sha256:')[:12]}"
            yield kept(Part.IMAGE, fact.service, f"{fact.service}, image", [image])


def running(fact: ServiceFacts, redactor: Redactor) -> Iterator[str]:
    """The settings of one container, a line each; those that are switched off are left out."""
    entry = dict(fact.labels).get(ENTRY, "")
    check, networks = fact.health_check, [attached.network for attached in fact.networks]
    settings = {
        "Compose entry": entry and redactor.masked(entry),  # a hash of all that it says, secrets too
        "command": redactor.words(fact.argv),
        "user": fact.user,
        "restart": fact.restart_policy,
        "memory": fact.memory_limit,
        "pids": fact.pids_limit,
        "init": fact.init,
        "read_only": fact.read_only,
        "privileged": fact.privileged,
        "stop": f"{fact.stop_signal}, then {fact.stop_grace} s",
        "network_mode": fact.network_mode if fact.network_mode not in networks else "",
        "log": " ".join((fact.log_driver, *(f"{name}={value}" for name, value in fact.log_options))),
        "healthcheck": check and f"{redactor.words(check.argv)}, every {check.interval:g} s, {check.timeout:g} s long",
    }
    yield from (f"{name}: {value}" for name, value in settings.items() if value)
    yield from (f"port: {p.address}:{p.host_port} leads to {p.port}" for p in fact.published)
    yield from (f"network: {name}" for name in networks)
    for mount in fact.mounts:
        source = "without a name" if NAMELESS.fullmatch(mount.source) else redactor.text(mount.source)
        access = "to write" if mount.writable else "to read"
        yield f"{mount.kind}: {source} at {mount.target}, {access}{_content(mount, redactor)}"
    yield from (f"environment.{line}" for line in redactor.environment(fact.id))


def _content(mount: Mount, redactor: Redactor) -> str:
    """The mark of what is in a file of this machine that a service may only read."""
    if mount.kind != "bind" or mount.writable:
        return ""
    try:
        if not Path(mount.source).is_file():
            return ""
        with Path(mount.source).open("rb") as file:
            return ", content " + redactor.masked(file.read(MOUNTED_CAP).hex())
    except OSError:
        return ""


# --- what the servers read ------------------------------------------------------------------------------------------


def _proxy(stack: Stack, service: ServiceFacts, redactor: Redactor) -> Iterator[Kept]:
    processes = stack.processes(service)
    nginx = next((process for process in processes if process.argv[:1] and _is_nginx(process)), None)
    if nginx is not None:
        yield from _nginx(stack, service, nginx.argv, redactor)
        return
    for process in processes:
        for path in config_files(process.argv):
            yield from _file(stack, service, process, path, Part.PROXY, redactor)


def _nginx(stack: Stack, service: ServiceFacts, argv: tuple[str, ...], redactor: Redactor) -> Iterator[Kept]:
    options = [word for name, value in NGINX_OPTION.findall(" ".join(argv)) for word in (f"-{name}", value)]
    ran = stack.run(service, ("nginx", *options, "-qT"), seconds=NGINX_SECONDS)
    if ran.code == 0:
        for path, text in nginx_files(ran.output).items():
            yield kept(Part.PROXY, service.service, f"{service.service}, {path}", _lines(text, redactor))


def _starts_nginx(service: ServiceFacts) -> bool:
    return any(posixpath.basename(word) == "nginx" for word in service.argv)


def _is_nginx(process: Process) -> bool:
    return process.argv[0].startswith("nginx: master") or (process.name == "nginx" and process.ppid == 0)


def nginx_files(output: str) -> dict[str, str]:
    """The files that `nginx -T` printed, by their paths."""
    _, *parts = NGINX_FILE.split(NGINX_ASIDE.sub("", output))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _server(stack: Stack, service: ServiceFacts, master: Process, redactor: Redactor) -> Iterator[Kept]:
    name = service.service
    yield kept(Part.SERVER, name, f"{name}, command line of its server", [redactor.words(master.argv)])
    usual = (GUNICORN_FILE,) if any("gunicorn" in word for word in master.argv) else ()
    for path in config_files(master.argv) or usual:
        yield from _file(stack, service, master, path, Part.SERVER, redactor)
    found = list(_packages(stack, service, master))
    if found:
        yield kept(Part.PACKAGES, name, f"{name}, Python packages", found)


def config_files(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The files that a command line names as configuration."""
    words = [part for word in argv for part in (word.split("=", 1) if word.startswith("--") else [word])]
    named = [words[at + 1] for at, word in enumerate(words[:-1]) if CONFIG_OPTION.fullmatch(word)]
    return tuple(dict.fromkeys(path.removeprefix("file:") for path in named))


def _file(
    stack: Stack, service: ServiceFacts, process: Process, path: str, part: Part, redactor: Redactor
) -> Iterator[Kept]:
    with suppress(CouldNotLook):
        whole = posixpath.normpath(posixpath.join(str(stack.inside(service, "cwd", pid=process.pid)), path))
        raw = stack.inside(service, "read_file", pid=process.pid, path=whole)
        with suppress(binascii.Error):
            text = base64.b64decode(str(raw)).decode("utf-8", "replace")
            yield kept(part, service.service, f"{service.service}, {whole}", _lines(text, redactor))


def _packages(stack: Stack, service: ServiceFacts, master: Process) -> Iterator[str]:
    """What is installed beside the program that runs, from the names of the folders that pip leaves."""
    programs = [word for word in master.argv[:2] if word.startswith("/") and "/bin/" in word]
    for prefix in dict.fromkeys(program.rpartition("/bin/")[0] for program in programs):
        with suppress(CouldNotLook):
            for python in _listed(stack, service, master, f"{prefix}/lib"):
                if python.startswith("python3."):
                    folder = f"{prefix}/lib/{python}/site-packages"
                    yield python
                    for name in _listed(stack, service, master, folder):
                        if found := PACKAGE.fullmatch(name):
                            yield f"{found[1]} {found[2]}"


def _listed(stack: Stack, service: ServiceFacts, process: Process, folder: str) -> list[str]:
    raw = stack.inside(service, "list_dir", pid=process.pid, path=folder)
    return [str(name) for name in raw] if isinstance(raw, list) else []


def _lines(text: str, redactor: Redactor) -> Iterable[str]:
    """The lines that say something: a comment explains no failure."""
    lines = redactor.text(text[:TEXT_CAP]).splitlines()
    return (REMARK.sub("", line).rstrip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def kept(part: Part, service: str, name: str, lines: Iterable[str]) -> Kept:
    return Kept(part, service, name, "\n".join(lines)[:TEXT_CAP])
