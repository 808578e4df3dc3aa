"""Reads grader.toml, the learner's own file: it may widen discovery, never waive a check."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from grader.stacks.base import Settings
from grader.text import line_of, nearest

FILE = "grader.toml"
SIZE_CAP = 64 * 1024  # bytes
ENTRY = re.compile(r"[^\s/]+:\d{1,5}")


class SettingsError(Exception):
    """The file cannot be used; the text names file, key, line and what to do."""


def load(workspace: Path) -> Settings:
    """The settings of a workspace; the defaults where it has no grader.toml."""
    path = workspace / FILE
    if not path.is_file():
        return Settings()
    raw = path.read_bytes()
    if len(raw) > SIZE_CAP:
        raise SettingsError(f"{path}: larger than {SIZE_CAP} bytes; keep only the keys that `grader docs` lists")
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as trouble:
        raise SettingsError(f"{path}: not valid TOML: {trouble}") from trouble
    kinds = {
        "hosts": list,
        "entry": str,
        "slow_path": str,
        "static_path": str,
        "loopback_ports": list,
        "ephemeral_sessions": bool,
    }
    for key, value in data.items():
        place = f"{path}, line {line_of(raw.decode('utf-8'), key)}"
        if key not in kinds:
            raise SettingsError(f"{place}: no key '{key}'{nearest(key, kinds)}")
        if not isinstance(value, kinds[key]):
            raise SettingsError(f"{place}: '{key}' must be a {kinds[key].__name__}, not {value!r}")
    hosts = data.get("hosts", ["localhost"])
    ports = data.get("loopback_ports", [])
    if not hosts or not all(isinstance(host, str) and host for host in hosts):
        raise SettingsError(f"{path}: 'hosts' must be a list of host names, such as [\"localhost\"]")
    if not all(isinstance(port, int) for port in ports):
        raise SettingsError(f"{path}: 'loopback_ports' must be a list of port numbers, such as [9090]")
    entry = data.get("entry", "")
    if entry and not ENTRY.fullmatch(entry):
        raise SettingsError(f"{path}: 'entry' must be an address and a port, such as \"127.0.0.1:8080\", not {entry!r}")
    return Settings(
        hosts=tuple(hosts),
        entry=entry,
        slow_path=data.get("slow_path", ""),
        static_path=data.get("static_path", ""),
        loopback_ports=tuple(ports),
        ephemeral_sessions=data.get("ephemeral_sessions", False),
    )
