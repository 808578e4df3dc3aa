"""grader.toml may widen discovery, and what it says wrongly is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.stacks.base import Settings
from grader.stacks.settings import SettingsError, load


def test_without_the_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "grader.toml").write_text(
        'hosts = ["shop.test"]\nentry = "127.0.0.1:8080"\nslow_path = "/report"\nstatic_path = "/s/app.css"\n'
        "loopback_ports = [9090]\nephemeral_sessions = true\n"
        'ca = "https://acme:15000/roots/0"\nrenew = "make renew"\nmetrics = "http://app:8000/metrics"\n'
        'prometheus = "http://prometheus:9090"\ndependency = "redis"\n'
    )

    assert load(tmp_path) == Settings(
        ("shop.test",),
        "127.0.0.1:8080",
        "/report",
        "/s/app.css",
        (9090,),
        True,
        "https://acme:15000/roots/0",
        "make renew",
        "http://app:8000/metrics",
        "http://prometheus:9090",
        "redis",
    )


@pytest.mark.parametrize("entry", ("127.0.0.1:8080", "[::1]:8080", "http://127.0.0.1:8080", "https://127.0.0.1:8443"))
def test_the_entry_is_an_address_with_or_without_a_scheme(tmp_path: Path, entry: str) -> None:
    (tmp_path / "grader.toml").write_text(f'entry = "{entry}"\n')
    assert load(tmp_path).entry == entry


@pytest.mark.parametrize(
    ("text", "says"),
    (
        ("host = 1", "line 1: no key 'host'; did you mean 'hosts'?"),
        ("# mine\n\nentry = 8080", "line 3: 'entry' must be a str, not 8080"),
        ('entry = "8080"', "'entry' must be an address and a port"),
        ('entry = "ftp://127.0.0.1:8080"', "'entry' must be an address and a port"),
        ('entry = "https://127.0.0.1"', "'entry' must be an address and a port"),
        ("hosts = []", "'hosts' must be a list of host names"),
        ("hosts = [1]", "'hosts' must be a list of host names"),
        ('metrics = "app:8000"', "'metrics' must be a URL such as"),
        ('loopback_ports = ["x"]', "'loopback_ports' must be a list of port numbers"),
        ("hosts = [", "not valid TOML"),
        ("#" * 70_000, "larger than 65536 bytes"),
    ),
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "grader.toml").write_text(text)

    with pytest.raises(SettingsError) as refused:
        load(tmp_path)

    assert says in str(refused.value)
    assert "grader.toml" in str(refused.value)
