"""Reads grader.toml, the learner's own file: it may widen discovery, never waive a check."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from grader.stacks.base import Settings
from grader.text import line_of, nearest

FILE = "grader.toml"
SIZE_CAP = 64 * 1024  # bytes
ENTRY = re.compile(r"(https?://)?[^\s/]+:\d{1,5}")
URL = re.compile(r"https?://[^\s/]+(/\S*)?")
# Every key and its TOML type: the fields of Settings, where a tuple is a list.
KINDS = {f.name: list if isinstance(f.default, tuple) else type(f.default) for f in fields(Settings)}


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
    for key, value in data.items():
        place = f"{path}, line {line_of(raw.decode('utf-8'), key)}"
        if key not in KINDS:
            raise SettingsError(f"{place}: no key '{key}'{nearest(key, KINDS)}")
        if not isinstance(value, KINDS[key]):
            raise SettingsError(f"{place}: '{key}' must be a {KINDS[key].__name__}, not {value!r}")
    hosts = data.get("hosts", ["localhost"])
    ports = data.get("loopback_ports", [])
    if not hosts or not all(isinstance(host, str) and host for host in hosts):
        raise SettingsError(f"{path}: 'hosts' must be a list of host names, such as [\"localhost\"]")
    if not all(isinstance(port, int) for port in ports):
        raise SettingsError(f"{path}: 'loopback_ports' must be a list of port numbers, such as [9090]")
    entry = data.get("entry", "")
    if entry and not ENTRY.fullmatch(entry):
        such_as = '"127.0.0.1:8080", "https://127.0.0.1:8443" or "http://SERVICE:8000"'
        raise SettingsError(f"{path}: 'entry' must be an address and a port, such as {such_as}, not {entry!r}")
    for key in ("metrics", "prometheus"):
        if data.get(key) and not URL.fullmatch(data[key]):
            raise SettingsError(f"{path}: '{key}' must be a URL such as \"http://app:8000/metrics\", not {data[key]!r}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Settings(**values)
