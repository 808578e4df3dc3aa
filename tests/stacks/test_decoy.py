"""Given an engine that hands out the lowest free address, when a decoy is wanted, then one takes it or none does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import docker
import pytest
from docker.errors import APIError

from grader.stacks.base import NotApplicable
from grader.stacks.copies import DECOYS, decoy


class Engine:
    """Creates, starts and removes containers on one network. `chooses` says that an address may be asked for."""

    def __init__(self, free: tuple[str, ...], *, chooses: bool = False) -> None:
        self.free, self.chooses = list(free), chooses
        self.wanted: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.made = 0

    def create_endpoint_config(self, ipv4_address: str) -> str:
        return ipv4_address

    def create_networking_config(self, endpoints: dict[str, str]) -> str:
        return endpoints["lab"]

    def create_host_config(self, **options: object) -> dict[str, object]:
        return options

    def create_container(self, image: str, command: list[str] | None, **options: Any) -> dict[str, str]:
        self.made += 1
        self.wanted[options["name"]] = options["networking_config"] or ""
        return {"Id": f"c{self.made}"}

    def start(self, container: str) -> None:
        chosen = self.wanted[container]
        if chosen and (not self.chooses or chosen not in self.free):
            raise APIError("user specified IP address is supported only with user configured subnets")
        if not self.free:
            raise APIError("no available addresses")
        address = chosen or self.free[0]
        self.free.remove(address)
        self.addresses[container] = address

    def inspect_container(self, container: str) -> dict[str, Any]:
        networks = {"lab": {"IPAddress": self.addresses[container]}} if container in self.addresses else {}
        return {"NetworkSettings": {"Networks": networks}}

    @contextmanager
    def ours(self, what: str, image: str, command: list[str] | None, /, **options: Any) -> Iterator[str]:
        name = f"decoy {self.made + 1}"
        self.create_container(image, command, name=name, **options)
        try:
            yield name
        finally:
            address = self.addresses.pop(name, None)
            if address:
                self.free = sorted([*self.free, address])


def take(engine: Engine, address: str) -> Any:
    return decoy(cast("docker.APIClient", engine), "lab3", "lab", address, 8000, engine.ours)


@pytest.mark.parametrize(
    ("free", "chooses", "made"),
    (
        (("10.0.0.2", "10.0.0.5"), False, 1),
        (("10.0.0.1", "10.0.0.2", "10.0.0.5"), False, 3),  # a gap below, a refusal, and then the address
        (("10.0.0.1", "10.0.0.2"), True, 2),  # a network with a subnet of its own: it can be asked for
    ),
)
def test_a_decoy_takes_the_address_and_leaves_the_others_free(free: tuple[str, ...], chooses: bool, made: int) -> None:
    engine = Engine(free, chooses=chooses)
    with take(engine, "10.0.0.2") as got:
        assert got == "10.0.0.2"
        assert set(engine.addresses.values()) == {"10.0.0.2"}
        assert engine.made == made
    assert engine.addresses == {}
    assert engine.free == sorted(free)


def test_no_decoy_stays_when_none_gets_the_address() -> None:
    engine = Engine(tuple(f"10.0.0.{number}" for number in range(20, 40)))
    with pytest.raises(NotApplicable, match=r"10\.0\.0\.2 to none of"), take(engine, "10.0.0.2"):
        pass
    assert engine.made == DECOYS
    assert engine.addresses == {}


def test_a_network_without_a_free_address_takes_no_decoy() -> None:
    engine = Engine(())
    with pytest.raises(NotApplicable, match="could join lab"), take(engine, "10.0.0.2"):
        pass
    assert engine.addresses == {}
