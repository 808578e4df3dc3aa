"""The app comes back with another address, because somebody else has taken its old one meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar

from grader.probes.app.outage import GRACE, Comeback, Site, come_back, site_of, stands_alone, until_back
from grader.probes.base import Probe, in_role
from grader.probes.topology import App, Apps
from grader.stacks.base import CouldNotLook, NotApplicable, Stack
from grader.stacks.dealings import Undo
from grader.stacks.values import ServiceFacts

PATIENCE = 16.0  # seconds to follow after the app listens: a second more than the rule allows
STREAK = 6  # answers in a row: every worker of a proxy may remember an address of its own
BACK = 30.0  # seconds to get well after the decoy has gone


@dataclass(frozen=True, slots=True)
class AppMoved:
    """Where the app was and is now, and how the site followed.

    `fixed` says that the app insists on its old address (one written in the Compose file), so that it cannot move.
    `well` says that the site worked when everything was put back; a proxy that never asks again gets the app's old
    address back for that.
    """

    site: str
    page: str
    services: str
    network: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    fixed: bool
    comeback: Comeback
    well: bool


@dataclass(frozen=True)
class Moved(Probe[AppMoved]):
    """Stops the app, lets decoys take its addresses, and starts it again."""

    disturbs: ClassVar[bool] = True
    alone: ClassVar[bool] = True
    seconds: ClassVar[float] = 15.0

    def ask(self, stack: Stack, /) -> AppMoved:
        apps, site = stack.ask(Apps()), site_of(stack)
        stands_alone(stack, apps, "there is no address to follow")
        places = shared_addresses(stack, apps)
        names = " ".join(dict.fromkeys(app.service.service for app in apps))
        with ExitStack() as home:
            for app in apps:
                home.enter_context(stack.disturbing(home_of(app.service)))
            return self._moved(stack, apps, site, places, names)

    def _moved(
        self, stack: Stack, apps: tuple[App, ...], site: Site, places: tuple[tuple[str, str, int], ...], names: str
    ) -> AppMoved:
        moved: AppMoved | None = None
        try:
            with _stopped(stack, apps), ExitStack() as decoys:
                for network, address, port in places:
                    decoys.enter_context(stack.decoy(network, address, port))
                fixed = not _started(stack, apps)
                if fixed:
                    decoys.close()
                    _started(stack, apps)
                comeback = come_back(site, apps, patience=PATIENCE, streak=STREAK)
                old, new = tuple(place[1] for place in places), _addresses(stack, apps, places)
                moved = AppMoved(site.url, site.page, names, places[0][0], old, new, fixed, comeback, well=False)
        finally:
            well = until_back(site, BACK if moved is None or moved.comeback.back >= 0 else 0.0) >= 0
            if not well:
                with _stopped(stack, apps):  # its old address is free again, and the lowest free one
                    pass
                well = until_back(site, BACK) >= 0
        return replace(moved, well=well)


def home_of(service: ServiceFacts) -> Undo:
    """Where an instance was: a proxy that never asks again finds it nowhere else, should the run be killed."""
    return Undo("start", service.id, service.name, words=tuple(f"{at.network} {at.address}" for at in service.networks))


def shared_addresses(stack: Stack, apps: tuple[App, ...]) -> tuple[tuple[str, str, int], ...]:
    """Network, address and port at which the proxy can reach each app. NotApplicable when there is none."""
    reachable = {at.network for edge in in_role(stack, "edge") for at in edge.networks}
    found = []
    for app in apps:
        port = next((socket.port for socket in app.listening if socket.port), 0)
        mine = [at for at in app.service.networks if at.network in reachable and at.address]
        found += [(at.network, at.address, port) for at in mine]
    if not found or not all(port for _, _, port in found):
        raise NotApplicable("the proxy reaches the app without a network address: there is none to follow")
    return tuple(found)


def _addresses(stack: Stack, apps: tuple[App, ...], places: tuple[tuple[str, str, int], ...]) -> tuple[str, ...]:
    ids, networks = {app.service.id for app in apps}, {network for network, _, _ in places}
    now = [service for service in stack.services(fresh=True) if service.id in ids]
    return tuple(at.address for service in now for at in service.networks if at.network in networks)


@contextmanager
def _stopped(stack: Stack, apps: tuple[App, ...]) -> Iterator[None]:
    with ExitStack() as undo:
        for app in apps:
            undo.enter_context(stack.disturbing(Undo("start", app.service.id, app.service.name)))
            stack.stop(app.service, min(GRACE, app.service.stop_grace))
        yield


def _started(stack: Stack, apps: tuple[App, ...]) -> bool:
    """Starts every app; False when the engine refuses one, because its own address is taken."""
    try:
        for app in apps:
            stack.start(app.service)
    except CouldNotLook:
        return False
    return True
