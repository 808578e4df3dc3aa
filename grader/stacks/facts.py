"""What `docker inspect` says, as ServiceFacts: the one place that knows the engine's field names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from grader.stacks.values import Attached, HealthCheck, Mount, Published, ServiceFacts, State

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"
DEPENDS_ON = "com.docker.compose.depends_on"
WORKING_DIR = "com.docker.compose.project.working_dir"
CONFIG_FILES = "com.docker.compose.project.config_files"
DEFAULT_GRACE = 10  # seconds, the engine's own
HEALTH_SECONDS = 30.0  # the engine's own interval and timeout of a health check …
HEALTH_RETRIES = 3  # … and after how many failures in a row a service is unhealthy
SHELL = ["/bin/sh", "-c"]
LOG_OPTIONS = ("max-file", "max-size")  # the others may hold a collector's password


def service_facts(raw: Mapping[str, Any], image: Mapping[str, Any], jobs: frozenset[str]) -> ServiceFacts:
    """The facts of one container. `jobs` are the services that others wait for to complete."""
    config, host, state = raw["Config"], raw["HostConfig"], raw["State"]
    labels = config.get("Labels") or {}
    service = labels.get(SERVICE, raw["Name"].lstrip("/"))
    policy = (host.get("RestartPolicy") or {}).get("Name") or "no"
    ended_well = state["Status"] == State.EXITED and state["ExitCode"] == 0 and policy in ("no", "on-failure")
    return ServiceFacts(
        id=raw["Id"],
        service=service,
        name=raw["Name"].lstrip("/"),
        hostname=config.get("Hostname", ""),
        state=State(state["Status"]),
        exit_code=state["ExitCode"],
        restarts=raw.get("RestartCount", 0),
        oom_killed=bool(state.get("OOMKilled")),
        started=epoch(state.get("StartedAt", "")),
        health=(state.get("Health") or {}).get("Status", "").replace("none", ""),
        restart_policy=policy,
        user=config.get("User") or "",
        argv=(*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])),
        image=raw["Image"],
        image_name=config.get("Image", ""),
        stop_signal=config.get("StopSignal") or (image.get("Config") or {}).get("StopSignal") or "SIGTERM",
        stop_grace=config.get("StopTimeout") or DEFAULT_GRACE,
        network_mode=host.get("NetworkMode", ""),
        published=_published(raw, "tcp"),
        networks=_networks(raw),
        mounts=tuple(
            Mount(m["Type"], m.get("Name") or m.get("Source", ""), m["Destination"], bool(m.get("RW", True)))
            for m in raw.get("Mounts") or []
        ),
        memory_limit=host.get("Memory") or 0,
        pids_limit=max(host.get("PidsLimit") or 0, 0),
        init=bool(host.get("Init")),
        read_only=bool(host.get("ReadonlyRootfs")),
        privileged=bool(host.get("Privileged")),
        environment=tuple(sorted(text.partition("=")[0] for text in config.get("Env") or [])),
        labels=tuple(sorted(labels.items())),
        one_shot=service in jobs or (ended_well and labels.get(ONE_OFF) != "True"),
        error=state.get("Error") or "",
        pid_mode=host.get("PidMode") or "",
        published_udp=_published(raw, "udp"),
        log_driver=(host.get("LogConfig") or {}).get("Type") or "",
        log_options=_log_options((host.get("LogConfig") or {}).get("Config") or {}),
        health_check=_health_check(config),
        health_said=_health_said(state.get("Health") or {}),
    )


def environment(raw: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a container, with their values: only a Redactor may have them."""
    parts = (text.partition("=") for text in raw["Config"].get("Env") or [])
    return {name: value for name, _, value in parts}


def is_spent(raw: Mapping[str, Any]) -> bool:
    """Whether a container is all that is left of a `docker compose run` that has ended: no part of the stack."""
    one_off = (raw["Config"].get("Labels") or {}).get(ONE_OFF) == "True"
    return one_off and raw["State"]["Status"] in (State.EXITED, State.DEAD)


def jobs(containers: list[Mapping[str, Any]]) -> frozenset[str]:
    """Services that another one waits for with `service_completed_successfully`."""
    found = set()
    for raw in containers:
        for item in ((raw["Config"].get("Labels") or {}).get(DEPENDS_ON) or "").split(","):
            name, _, rest = item.partition(":")
            if rest.startswith("service_completed_successfully"):
                found.add(name)
    return frozenset(found)


def epoch(text: str) -> float:
    """The engine's time stamp (RFC 3339 with nanoseconds) as seconds since the epoch; 0.0 for "never"."""
    if not text or text.startswith("0001-"):
        return 0.0
    seconds, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(seconds + "+00:00").timestamp() + float(f"0.{fraction or 0}")


def _health_check(config: Mapping[str, Any]) -> HealthCheck | None:
    """What the image or the Compose file defines. ["NONE"] switches off what the image defines."""
    raw = config.get("Healthcheck") or {}
    kind, *words = raw.get("Test") or [""]
    if not kind:
        return None
    shell = config.get("Shell") or SHELL
    return HealthCheck(
        argv={"CMD": tuple(words), "CMD-SHELL": (*shell, *words)}.get(kind, ()),
        interval=(raw.get("Interval") or 0) / 1e9 or HEALTH_SECONDS,
        timeout=(raw.get("Timeout") or 0) / 1e9 or HEALTH_SECONDS,
        retries=raw.get("Retries") or HEALTH_RETRIES,
    )


def _health_said(health: Mapping[str, Any]) -> str:
    """What a health check printed, the last time that it failed: the engine keeps its last five runs."""
    failed = [run for run in health.get("Log") or [] if run.get("ExitCode")]
    return str(failed[-1].get("Output") or "").strip() if failed else ""


def _log_options(config: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, config[name]) for name in LOG_OPTIONS if name in config)


def _published(raw: Mapping[str, Any], protocol: str) -> tuple[Published, ...]:
    ports = (raw["NetworkSettings"].get("Ports") or {}).items()
    found = [
        Published(binding["HostIp"], int(binding["HostPort"]), int(inside.partition("/")[0]))
        for inside, bindings in sorted(ports)
        if inside.endswith(f"/{protocol}")
        for binding in bindings or []
    ]
    # A port that is open to every machine is bound twice, for IPv4 and IPv6: one promise, and one thing to look at.
    return tuple(port for port in found if port.address != "::" or replace(port, address="0.0.0.0") not in found)


def _networks(raw: Mapping[str, Any]) -> tuple[Attached, ...]:
    networks = raw["NetworkSettings"].get("Networks") or {}
    return tuple(
        Attached(name, facts.get("IPAddress") or facts.get("GlobalIPv6Address") or "", facts.get("Gateway") or "")
        for name, facts in sorted(networks.items())
    )
