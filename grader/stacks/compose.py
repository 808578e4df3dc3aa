"""A Docker Compose project as a Stack: the engine is spoken to here and nowhere above."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import docker
from docker.errors import DockerException

from grader.model import Probe, Reason, Role
from grader.stacks import declared, exchange, sidecar
from grader.stacks.base import BODY_CAP, CouldNotLook, NotApplicable, Opening, Settings
from grader.stacks.commands import rehearse, run
from grader.stacks.compose_command import ComposeCommand
from grader.stacks.copies import copy_of, decoy, speaker_like
from grader.stacks.dealings import Address, Exchange, From, Ran, Rehearsed, Speak, Vantage
from grader.stacks.engine import connect, gone
from grader.stacks.facts import CONFIG_FILES, PROJECT, WORKING_DIR, environment, is_spent, jobs, service_facts
from grader.stacks.faults import Faults
from grader.stacks.images import image_facts, image_files
from grader.stacks.journal import Journal
from grader.stacks.logs import layer_size, log_text
from grader.stacks.memo import Memo
from grader.stacks.projects import find_project
from grader.stacks.redaction import Redactor, env_file, secrets_in
from grader.stacks.roles import Hearsay, Undecided, find_roles
from grader.stacks.sidecar import CALL
from grader.stacks.sidecars import Sidecars
from grader.stacks.usage import memory
from grader.stacks.values import Connection, ImageFacts, ImageFile, LogText, Process, ServiceFacts, Socket, Sockets

E = TypeVar("E")
STARTING = 10.0  # seconds after its start in which a service may not have found its role yet …
LOOK_AGAIN = 0.25  # … and the pause between two looks


class ComposeStack(Faults):
    """The containers that carry one Compose project's label. Implements grader.stacks.base.Stack."""

    def __init__(
        self,
        project: str,
        *,
        settings: Settings,
        state: Path,
        workspace: Path | None = None,
        said: Hearsay | None = None,
        agreed: frozenset[str] = frozenset(),
        variables: Mapping[str, str] | None = None,
        api: docker.APIClient | None = None,
    ) -> None:
        self.url = f"compose://{project}"
        self.project = project
        self.settings = settings
        self.workspace = workspace
        self._said = said or Hearsay()
        self._agreed = agreed
        # A command of the learner's has to find the very stack that is looked at, whatever its folder is called.
        self._variables = {"COMPOSE_PROJECT_NAME": project, **(variables or {})}
        super().__init__(api or connect(), Journal(state / "journal.jsonl"))
        self._memo = Memo()
        self._as_found: tuple[ServiceFacts, ...] | None = None
        self._roles: tuple[Role, ...] | None = None
        self._sidecars = Sidecars()
        self._compose = ComposeCommand()
        self._images: dict[str, Mapping[str, Any]] = {}

    # --- what is there ----------------------------------------------------------------------------------------------

    def services(self, *, fresh: bool = False) -> tuple[ServiceFacts, ...]:
        if fresh:
            return self._snapshot()
        return self._memo.once("services", self._snapshot)

    def _snapshot(self) -> tuple[ServiceFacts, ...]:
        try:
            raws = []
            for name in self._listed():
                try:
                    raws.append(self._api.inspect_container(name))
                except docker.errors.NotFound:  # went away between the list and the look
                    continue
        except DockerException as trouble:
            raise gone(trouble) from trouble
        waited_for = jobs(raws)
        parts = [raw for raw in raws if not is_spent(raw)]
        facts = [self._facts(raw, waited_for) for raw in parts]
        found = tuple(sorted(facts, key=lambda fact: (fact.service, fact.name)))
        if self._as_found is None:
            self._as_found = found
        return found

    def _facts(self, raw: Mapping[str, Any], jobs: frozenset[str]) -> ServiceFacts:
        return service_facts(raw, self._image_config(raw["Image"]), jobs)

    def _listed(self) -> list[str]:
        """Ids (or names) of the stack's containers, running or not."""
        listed = self._api.containers(all=True, filters={"label": f"{PROJECT}={self.project}"})
        return [str(entry["Id"]) for entry in listed]

    def as_found(self) -> tuple[ServiceFacts, ...]:
        known = self.services()
        return known if self._as_found is None else self._as_found

    def found_anew(self) -> None:
        self._as_found = self._roles = None
        self.forget()

    def leftovers(self) -> tuple[str, ...]:
        labels = [f"{name}={value}" for name, value in sidecar.labels(self.project).items()]
        mine = self._sidecars.ids
        listed = self._api.containers(all=True, filters={"label": labels})
        # A container of the stack itself is the learner's, whatever it calls itself: none of ours has that label.
        ours = [entry for entry in listed if entry["Id"] not in mine and not (entry.get("Labels") or {}).get(PROJECT)]
        return tuple(sorted(entry["Names"][0].lstrip("/") for entry in ours))

    def _image_config(self, image: str) -> Mapping[str, Any]:
        if image not in self._images:
            try:
                self._images[image] = self._api.inspect_image(image)
            except docker.errors.NotFound:  # the image was removed under a container that still runs
                self._images[image] = {}
        return self._images[image]

    def roles(self) -> tuple[Role, ...]:
        def find() -> tuple[Role, ...]:
            while True:
                try:
                    found = find_roles(self, self.services(), self._said)
                    if all(role.services for role in found) or not self._young():
                        return found
                except Undecided:  # one that does not listen yet may be the answer
                    if not self._young():
                        raise
                time.sleep(LOOK_AGAIN)

        # Once for the whole run: what a service is does not change while a probe has stopped its neighbour.
        if self._roles is None or not all(role.services for role in self._roles):
            self._roles = self._memo.once("roles", find)
        return self._roles

    def _young(self) -> bool:
        """Whether a service has only just been started: without a health check nobody waits until it listens."""
        return any(fact.running and time.time() - fact.started < STARTING for fact in self.services(fresh=True))

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        raws = self.inside(service, "processes")
        return tuple(Process(**{**raw, "argv": tuple(raw["argv"])}) for raw in raws)

    def sockets(self, service: ServiceFacts) -> Sockets:
        raw = self.inside(service, "sockets")
        return Sockets(
            tuple(Socket(**{**fact, "pids": tuple(fact["pids"])}) for fact in raw["listening"]),
            tuple(
                Connection(fact["address"], fact["port"], fact["peer"], tuple(fact["pids"]))
                for fact in raw["established"]
            ),
        )

    def at(self, via: Vantage, op: str, *, within: float = CALL, **args: object) -> Any:
        return self._vantage(via).call(op, within, **args)

    def ask(self, probe: Probe[E]) -> E:
        return self._memo.once(cast("Hashable", probe), lambda: probe.ask(self))

    def forget(self) -> None:
        self._memo.clear()

    # --- requests ---------------------------------------------------------------------------------------------------

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
        if via.kind is From.HOST:
            return Exchange(**exchange.exchange(to.host, to.port, data, seconds, cap, head_only, to.tls))
        # A unix socket is reached through the root directory of a process that sees it.
        host = f"/proc/{to.pid}/root{to.path}" if to.path else to.host
        reply = self._vantage(via).call(
            "exchange",
            seconds + 5,
            address=host,
            port=to.port,
            data=base64.b64encode(data).decode(),
            seconds=seconds,
            cap=cap,
            head_only=head_only,
            tls=to.tls,
        )
        return Exchange(**{**reply, "raw": base64.b64decode(reply["raw"])})

    def client_address(self, via: Vantage) -> str:
        return self._vantage(via).address(via.place)

    def _vantage(self, via: Vantage) -> sidecar.Sidecar:
        if via.kind is From.INSIDE:
            name = self._name(via.place)
            return self._sidecars.get(via.place, lambda: sidecar.beside(self._api, self.project, via.place, name))
        image = sidecar.LOAD_IMAGE if via.kind is From.LOAD else sidecar.IMAGE
        return self._sidecars.get(via, lambda: sidecar.client(self._api, self.project, via.place, image))

    def _name(self, identity: str) -> str:
        return next((fact.service for fact in self.services() if fact.id == identity), identity[:12])

    def close(self) -> None:
        """Removes every sidecar of this run."""
        self._sidecars.close()
        self._api.close()

    # --- files, logs, copies ----------------------------------------------------------------------------------------

    def logs(self, service: ServiceFacts, since: float) -> bytes:
        text = self.log_text(service, since)
        return text.out + text.err

    def log_text(self, service: ServiceFacts, since: float) -> LogText:
        return log_text(self._api, service.id, since)

    def redactor(self, key: bytes) -> Redactor:
        found = {}
        for fact in self.services():
            with suppress(docker.errors.NotFound):  # it went away since it was looked at, and its log with it
                found[fact.id] = environment(self._api.inspect_container(fact.id))
        folders = {dict(fact.labels).get(WORKING_DIR, "") for fact in self.services()} - {""}
        further = [secrets_in(env_file(Path(folder) / ".env")) for folder in folders]
        return Redactor(key, found, frozenset().union(secrets_in(os.environ), *further))

    def layer_size(self, service: ServiceFacts) -> int:
        return layer_size(self._api, service.id)

    def memory(self, service: ServiceFacts) -> int:
        return memory(self._api, service.id)

    def image(self, service: ServiceFacts) -> ImageFacts:
        return image_facts(self._api, service.image)

    def image_files(self, service: ServiceFacts, wanted: Callable[[str, int], bool]) -> Iterator[ImageFile]:
        return image_files(self._api, service.image, wanted)

    @contextmanager
    def copy_of(self, service: ServiceFacts, environment: dict[str, str], scratch: str = "") -> Iterator[ServiceFacts]:
        with copy_of(self._api, service.id, environment, self.container_of_ours, scratch) as identity:
            yield service_facts(self._api.inspect_container(identity), {}, frozenset())

    def run(self, service: ServiceFacts, argv: tuple[str, ...], *, seconds: float) -> Ran:
        return run(self._api, service.id, argv, seconds, lambda pid: self.kill_from_outside(service, pid))

    def rehearse(
        self, service: ServiceFacts, argv: tuple[str, ...], ports: tuple[int, ...], reply: bytes, *, seconds: float
    ) -> Rehearsed:
        return rehearse(self._api, self.project, service, argv, ports, reply, seconds, self.container_of_ours)

    def decoy(self, network: str, address: str, port: int) -> AbstractContextManager[str]:
        return decoy(self._api, self.project, network, address, port, self.container_of_ours)

    def may_run(self, command: str) -> bool:
        return command in self._agreed

    def declared(self, command: str, *, seconds: float) -> Ran:
        if not self.may_run(command):
            raise CouldNotLook(Reason.NO_PERMISSION, f"nobody agreed to run: {command}")
        if self.workspace is None:
            raise NotApplicable("a command of grader.toml needs the workspace to run in")
        self.disturbed = True
        try:
            return declared.run(command, self.workspace, self._variables, seconds)
        finally:
            # What the learner's own command changes is the learner's, and what it does to a health check shows later.
            self._as_found = tuple(replace(fact, health="") for fact in self.services(fresh=True))

    def speaker_like(self, service: ServiceFacts, program: str) -> AbstractContextManager[Speak]:
        return speaker_like(self._api, self.project, service.id, program, self.container_of_ours)

    def compose(
        self, *args: str, seconds: float = 120.0, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        with self.making_anew(args, variables or {}) if args[:1] == ("up",) else nullcontext():
            return self.command(*args, seconds=seconds, variables=variables)

    def command(
        self, *args: str, seconds: float = 120.0, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        labels = next((dict(fact.labels) for fact in self.services() if CONFIG_FILES in dict(fact.labels)), {})
        self.disturbed = self.disturbed or args[:1] != ("config",)
        return self._compose.run(self.project, labels, args, seconds, variables or {})

    def end_command(self) -> None:
        self._compose.end()


def open_stack(opening: Opening) -> ComposeStack:
    """`compose://PROJECT`, `compose:///folder/it/was/started/from`, or the workspace's own with `compose://FILE`."""
    api = connect()
    word = opening.url.partition("://")[2]
    project = find_project(api, word, opening.workspace, opening.project)
    return ComposeStack(
        project,
        settings=opening.settings,
        state=opening.state,
        workspace=opening.workspace,
        said=Hearsay(dict(opening.told), dict(opening.recalled), dict(opening.named)),
        agreed=opening.agreed,
        variables=dict(opening.variables),
        api=api,
    )
