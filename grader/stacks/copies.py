"""Grader-owned services for a moment: a copy of the learner's with other settings, a decoy that takes an address."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any, Protocol

import docker
from docker.errors import APIError

from grader.model import Reason
from grader.stacks.base import DECOY_STATUS, CouldNotLook, NotApplicable
from grader.stacks.dealings import Speak, Spoken
from grader.stacks.facts import PROJECT, SERVICE
from grader.stacks.sidecar import IMAGE, labels, labels_of_copy

VOLUME_CAP = 64 * 1024 * 1024  # bytes of a volume that are copied
COPY_MEMORY = "256m"
COPY_PIDS = 128
DECOYS = 8  # services that may be started until one has the address: gaps below it are filled first
DECOY_MEMORY = "64m"
DECOY_PIDS = 64
DECOY_SERVER = """
import http.server as h, sys
class Decoy(h.BaseHTTPRequestHandler):
    def answer(self):
        self.send_response(int(sys.argv[2])); self.send_header('Content-Length', '0'); self.end_headers()
    do_GET = do_POST = do_HEAD = answer
    def log_message(self, *words): pass
h.ThreadingHTTPServer(('', int(sys.argv[1])), Decoy).serve_forever()
"""


class Ours(Protocol):
    """Makes a container of the grader's own for as long as a block runs (see Faults.container_of_ours)."""

    def __call__(
        self, what: str, image: str, command: list[str] | None, /, **options: Any
    ) -> AbstractContextManager[str]: ...


@contextmanager
def copy_of(
    api: docker.APIClient, container: str, environment: dict[str, str], ours: Ours, scratch: str = ""
) -> Iterator[str]:
    """Starts a copy of `container`: same image, command, user and files, other environment; yields its id.

    Bind mounts (secrets too) are mounted read-only and volumes are copied, so that the copy cannot change the
    original's data; a bind mount at `scratch` becomes an empty volume of its own. It is on the same networks without
    a name there: it finds its database, and nobody finds it.
    """
    raw = api.inspect_container(container)
    config, host = raw["Config"], raw["HostConfig"]
    if host.get("NetworkMode") == "host":
        raise NotApplicable("it lives on the host's own network, where a copy would want the same ports")
    volumes = [m for m in raw["Mounts"] if m["Type"] == "volume"]
    shown = [m for m in raw["Mounts"] if m["Type"] == "bind" and m["Destination"] != scratch]
    binds = [f"{m['Source']}:{m['Destination']}:ro" for m in shown]
    networks = sorted(raw["NetworkSettings"]["Networks"])
    changed = {text.partition("=")[0]: text.partition("=")[2] for text in config.get("Env") or []} | environment
    with ours(
        f"a copy of {raw['Name'].lstrip('/')}",
        raw["Image"],
        config.get("Cmd"),
        entrypoint=config.get("Entrypoint") or "",
        user=config.get("User") or "",
        working_dir=config.get("WorkingDir") or None,
        environment=changed,
        volumes=[m["Destination"] for m in volumes] + [m["Destination"] for m in raw["Mounts"] if m["Type"] == "bind"],
        labels=labels_of_copy((config.get("Labels") or {}).get(PROJECT, "")),
        healthcheck={"Test": ["NONE"]},
        host_config=api.create_host_config(
            binds=binds,
            network_mode=networks[0] if networks else "none",
            init=host.get("Init"),
            **bounds_like(host),
        ),
    ) as created:
        for mount in volumes:
            _copy_folder(api, container, created, mount["Destination"])
        try:
            for network in networks[1:]:
                api.connect_container_to_network(created, network)
            api.start(created)
        except APIError as trouble:
            raise CouldNotLook(Reason.UNREACHABLE, f"the copy did not start: {trouble.explanation}") from trouble
        yield created


def bounds_like(host: Mapping[str, Any]) -> dict[str, Any]:
    """What a copy may do and take: no more rights than the service has by its `HostConfig`, and our own limits."""
    return {
        "mem_limit": COPY_MEMORY,
        "pids_limit": COPY_PIDS,
        "cap_drop": host.get("CapDrop"),
        "cap_add": host.get("CapAdd"),
        "read_only": host.get("ReadonlyRootfs") or False,
        "tmpfs": host.get("Tmpfs"),
        "security_opt": host.get("SecurityOpt"),
    }


@contextmanager
def decoy(api: docker.APIClient, project: str, network: str, address: str, port: int, ours: Ours) -> Iterator[str]:
    """Takes `address` on `network` with a server on `port` that answers everything with DECOY_STATUS; yields `address`.

    The engine lets one choose an address only where the Compose file gives the network a subnet; elsewhere it hands
    out the lowest free one. So servers are started until one has `address` (DECOYS at most); the second of them asks
    for it by name. The others are removed. NotApplicable when none of them got it.
    """
    with ExitStack() as kept, ExitStack() as others:
        for number in range(DECOYS):
            one = ExitStack()
            got = one.enter_context(_decoy(api, project, network, port, address if number == 1 else "", ours))
            if got == address:
                kept.enter_context(one)
                break
            others.enter_context(one)
        else:
            raise NotApplicable(f"the engine gave the address {address} to none of {DECOYS} new services")
        others.close()
        yield address


@contextmanager
def _decoy(api: docker.APIClient, project: str, network: str, port: int, chosen: str, ours: Ours) -> Iterator[str]:
    """Starts one server; yields the address that it was given, "" when the engine refuses the `chosen` one."""
    # Any: the SDK's annotation names one endpoint where the function wants a network's name and its endpoint.
    endpoint: Any = {network: api.create_endpoint_config(ipv4_address=chosen)} if chosen else {}
    with ours(
        "a decoy",
        IMAGE,
        ["python3", "-I", "-c", DECOY_SERVER, str(port), str(DECOY_STATUS)],
        entrypoint="",
        labels=labels(project),
        host_config=api.create_host_config(
            network_mode=network, cap_drop=["ALL"], mem_limit=DECOY_MEMORY, pids_limit=DECOY_PIDS, read_only=True
        ),
        networking_config=api.create_networking_config(endpoint) if endpoint else None,
    ) as created:
        try:
            api.start(created)
        except APIError as trouble:
            if not chosen:
                raise NotApplicable(f"no decoy could join {network}: {trouble.explanation}") from trouble
        networks = api.inspect_container(created)["NetworkSettings"]["Networks"]
        yield str(networks.get(network, {}).get("IPAddress", ""))


@contextmanager
def speaker_like(api: docker.APIClient, project: str, container: str, program: str, ours: Ours) -> Iterator[Speak]:
    """A service, on no network, with the logging driver and options of `container`; yields what starts it.

    It is made before anything else is disturbed, and removed after that was undone: the engine does not remove a
    container while it waits for a collector to take its lines.
    """
    logging = api.inspect_container(container)["HostConfig"]["LogConfig"]
    with ours(
        "a service that speaks",
        IMAGE,
        ["python3", "-I", "-c", program],
        entrypoint="",
        # The service's name is in many a tag. Without the project's, it is no part of the learner's stack.
        labels=labels(project) | {SERVICE: "grader"},
        host_config=api.create_host_config(
            log_config=docker.types.LogConfig(type=logging["Type"], config=logging["Config"]),
            network_mode="none",
            cap_drop=["ALL"],
            mem_limit=DECOY_MEMORY,
            pids_limit=DECOY_PIDS,
            read_only=True,
        ),
    ) as created:
        yield partial(_speak, api, created)


def _speak(api: docker.APIClient, container: str, seconds: float) -> Spoken:
    begun = time.monotonic()
    try:
        api.start(container)
    except APIError as trouble:
        return Spoken(str(trouble.explanation), False, round(time.monotonic() - begun, 2))
    ended = False
    while not ended and time.monotonic() - begun < seconds:
        ended = not api.inspect_container(container)["State"]["Running"]
        time.sleep(0.05)
    return Spoken("", ended, round(time.monotonic() - begun, 2))


def _copy_folder(api: docker.APIClient, source: str, target: str, path: str) -> None:
    # What is in the folder, put into the folder: a service whose own files are read-only takes it nowhere else.
    url = f"{api.base_url}/v{api.api_version}/containers/{source}/archive"
    # Closed at once, which the SDK's own function leaves to chance: the engine does nothing else for the container
    # until then. And not kept in memory.
    with (
        tempfile.TemporaryFile() as data,
        api.get(url, params={"path": f"{path.rstrip('/')}/."}, stream=True) as answered,
    ):
        if not answered.ok:
            raise CouldNotLook(Reason.UNREACHABLE, f"the engine said: {answered.text[:200]}")
        for chunk in answered.iter_content(1024 * 1024):
            data.write(chunk)
            if data.tell() > VOLUME_CAP:
                raise NotApplicable(f"the volume at {path} is larger than {VOLUME_CAP // 2**20} MiB: it is not copied")
        data.seek(0)
        api.put_archive(target, path, data)
