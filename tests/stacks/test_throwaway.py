"""Where a throwaway stack is published: on ports that nobody takes from it in between."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from grader.stacks import throwaway
from grader.stacks.base import CouldNotLook
from grader.stacks.throwaway import Throwaway, free_port


@pytest.mark.parametrize("kind", (socket.SOCK_STREAM, socket.SOCK_DGRAM))
def test_a_port_that_somebody_has_over_tcp_or_udp_is_not_free(
    kind: socket.SocketKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr(throwaway, "PORTS", range(taken.getsockname()[1], taken.getsockname()[1] + 1))

        with pytest.raises(CouldNotLook, match="no free port"):
            free_port()


def test_no_two_stacks_are_given_the_same_port(tmp_path: Path) -> None:
    stacks = [Throwaway(tmp_path, f"s{number}") for number in range(50)]

    ports = [port for one in stacks for port in one.ports.values()]

    assert len(ports) == len(set(ports)) == 50 * 7


def test_a_port_is_not_one_that_the_kernel_gives_to_outgoing_connections() -> None:
    range_file = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not range_file.exists():
        pytest.skip("only Linux says so in a file")

    assert free_port() < int(range_file.read_text(encoding="ascii").split()[0])
